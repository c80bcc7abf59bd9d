//! Work on libuv's pool, off JavaScript's thread.

use napi::bindgen_prelude::{Result, ToNapiValue, TypeName};
use napi::{Env, Task};

/// What it holds lives as long as the task, and is let go on JavaScript's thread.
pub struct OnPool<T>(pub Box<dyn FnMut() -> Result<T> + Send>);

impl<T: Send + 'static + ToNapiValue + TypeName> Task for OnPool<T> {
    type Output = T;
    type JsValue = T;

    fn compute(&mut self) -> Result<T> {
        (self.0)()
    }

    fn resolve(&mut self, _: Env, output: T) -> Result<T> {
        Ok(output)
    }
}
