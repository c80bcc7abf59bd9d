//! Records packed by their schema, and the CRC of frames.

pub mod crc16;
pub mod pack;
