"""A federation of satellites as an ordinary Flower app."""
