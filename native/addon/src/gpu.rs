//! What the bindings of CUDA and TensorRT share: work off the main thread, errors as JavaScript's.

use napi::bindgen_prelude::{ToNapiValue, TypeName};
use napi::{Env, Error, Result, Status, Task};
use perigee_gpu::GpuError;

pub fn refused(error: GpuError) -> Error {
    let status = match error {
        GpuError::Argument(_) => Status::InvalidArg,
        GpuError::Absent(_) | GpuError::Failed(_) => Status::GenericFailure,
    };
    Error::new(status, error.to_string())
}

/// One piece of work on libuv's pool; what it borrows from JavaScript it owns references to.
pub struct Work<T>(Option<Box<dyn FnOnce() -> perigee_gpu::Result<T> + Send>>);

impl<T> Work<T> {
    pub fn new(work: impl FnOnce() -> perigee_gpu::Result<T> + Send + 'static) -> Self {
        Work(Some(Box::new(work)))
    }
}

impl<T: Send + ToNapiValue + TypeName + 'static> Task for Work<T> {
    type Output = T;
    type JsValue = T;

    fn compute(&mut self) -> Result<T> {
        let work = self
            .0
            .take()
            .ok_or_else(|| Error::from_reason("done already"))?;
        work().map_err(refused)
    }

    fn resolve(&mut self, _: Env, output: T) -> Result<T> {
        Ok(output)
    }
}
