//! What goes around a network: its boxes thinned out, its hidden states made small.

pub mod nms;
pub mod quantise;
