//! What every binding asks of its arguments, so that no caller can make a kernel read or write where it may not. The
//! TypeScript contract has asked before and answers in coded errors.

use napi::{Error, Result, Status};

pub fn ensure(holds: bool, what: &str) -> Result<()> {
    if holds {
        return Ok(());
    }
    Err(Error::new(Status::InvalidArg, what.to_owned()))
}

/// That an output shares no byte with an input.
pub fn ensure_apart<A, B>(input: &[A], output: &[B]) -> Result<()> {
    let (a, b) = (input.as_ptr_range(), output.as_ptr_range());
    let apart = a.end as usize <= b.start as usize || b.end as usize <= a.start as usize;
    ensure(
        apart || input.is_empty() || output.is_empty(),
        "input and output share memory",
    )
}

/// The elements of an output.
macro_rules! written {
    ($slice:ident) => {
        // Safety: JavaScript's thread waits for this call, and who lends a kernel a buffer that other threads see
        // owns it meanwhile.
        unsafe { $slice.as_mut() }
    };
}
pub(crate) use written;
