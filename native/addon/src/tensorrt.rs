//! `native/tensorrt.ts`: TensorRT through its shim, where both are found.

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Float32Array, Uint8Array};
use napi::Result;
use napi_derive::napi;
use perigee_gpu::tensorrt::{Engine, TensorRt};
use perigee_gpu::GpuError;

use crate::cuda::Cuda;
use crate::gpu::{refused, Work};

#[napi(object)]
pub struct TensorRtIo {
    pub name: String,
    pub input: bool,
    pub float32: bool,
    pub shape: Vec<i64>,
}

/// Loads the shim, and through it TensorRT. `library` is another libnvinfer's path.
#[napi]
pub fn tensor_rt_open(shim: String, library: Option<String>) -> Result<TensorRtShim> {
    TensorRt::open(&shim, library.as_deref())
        .map(|opened| TensorRtShim {
            opened: Some(Arc::new(opened)),
        })
        .map_err(refused)
}

#[napi]
pub struct TensorRtShim {
    opened: Option<Arc<TensorRt>>,
}

impl TensorRtShim {
    fn open(&self) -> Result<Arc<TensorRt>> {
        let closed = || refused(GpuError::Failed("TensorRT was closed".to_string()));
        self.opened.clone().ok_or_else(closed)
    }
}

#[napi]
impl TensorRtShim {
    #[napi(getter)]
    pub fn version(&self) -> Result<i32> {
        Ok(self.open()?.version)
    }

    #[napi(getter)]
    pub fn headers(&self) -> Result<i32> {
        Ok(self.open()?.headers)
    }

    #[napi(getter)]
    pub fn builds(&self) -> Result<bool> {
        Ok(self.open()?.builds)
    }

    #[napi]
    pub fn build(
        &self,
        cuda: &Cuda,
        onnx_file: String,
        max_batch: i32,
    ) -> Result<AsyncTask<Work<Uint8Array>>> {
        let (opened, gpu) = (self.open()?, cuda.gpu()?);
        Ok(AsyncTask::new(Work::new(move || {
            opened
                .build(&gpu, &onnx_file, max_batch)
                .map(Uint8Array::from)
        })))
    }

    #[napi]
    pub fn engine(&self, cuda: &Cuda, plan: &[u8]) -> Result<TensorRtEngine> {
        Engine::open(self.open()?, cuda.gpu()?, plan)
            .map(|engine| TensorRtEngine {
                engine: Some(Arc::new(engine)),
            })
            .map_err(refused)
    }

    /// What engines still need of it stays until they are closed.
    #[napi]
    pub fn close(&mut self) {
        self.opened = None;
    }
}

#[napi]
pub struct TensorRtEngine {
    engine: Option<Arc<Engine>>,
}

impl TensorRtEngine {
    fn open(&self) -> Result<Arc<Engine>> {
        self.engine
            .clone()
            .ok_or_else(|| refused(GpuError::Failed("the engine was closed".to_string())))
    }
}

#[napi]
impl TensorRtEngine {
    #[napi(getter)]
    pub fn io(&self) -> Result<Vec<TensorRtIo>> {
        let each = |io: &perigee_gpu::tensorrt::Io| TensorRtIo {
            name: io.name.clone(),
            input: io.input,
            float32: io.float32,
            shape: io.shape.clone(),
        };
        Ok(self.open()?.io.iter().map(each).collect())
    }

    /// The outputs, in the order in which `io` names them.
    #[napi]
    pub fn run(
        &self,
        count: u32,
        input: Float32Array,
    ) -> Result<AsyncTask<Work<Vec<Float32Array>>>> {
        let engine = self.open()?;
        Ok(AsyncTask::new(Work::new(move || {
            let outputs = engine.run(count as usize, &input)?;
            Ok(outputs.into_iter().map(Float32Array::from).collect())
        })))
    }

    #[napi]
    pub fn close(&mut self) {
        self.engine = None;
    }
}
