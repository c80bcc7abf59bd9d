"""The client's side is flown: the gateway answers for each satellite. Flower's loader wants one all the same."""

from flwr.app import Context, Message
from flwr.clientapp import ClientApp

app = ClientApp()


@app.train()
def train(message: Message, context: Context) -> Message:
    """Never called: no Python runs on a satellite."""
    raise RuntimeError(f"node {context.node_id} is no satellite: start `perigee federation gateway` instead")
