//! `native/cuda`: the CUDA device and its kernels.

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Float32Array, Int8Array, Uint32Array, Uint8Array};
use napi::Result;
use napi_derive::napi;
use perigee_gpu::preprocess::{self, Axis, Crop, Picture, Target};
use perigee_gpu::{device, kernels, Gpu, GpuError, Info};
use perigee_kernels::image::resample::Taps;

use crate::gpu::{refused, Work};

#[napi(object)]
pub struct CudaInfo {
    pub name: String,
    pub capability: String,
    pub memory_bytes: f64,
    pub driver_version: i32,
    pub integrated: bool,
    pub multiprocessors: i32,
    pub peak_gb_per_s: f64,
}

impl From<&Info> for CudaInfo {
    fn from(info: &Info) -> Self {
        CudaInfo {
            name: info.name.clone(),
            capability: info.capability.clone(),
            memory_bytes: info.memory_bytes as f64,
            driver_version: info.driver_version,
            integrated: info.integrated,
            multiprocessors: info.multiprocessors,
            peak_gb_per_s: info.peak_gb_per_s,
        }
    }
}

#[napi(object)]
pub struct CudaQuantised {
    pub bytes: Int8Array,
    pub scales: Float32Array,
}

#[napi(object)]
pub struct CudaExamined {
    pub flags: Uint8Array,
    pub crcs: Uint32Array,
}

#[napi(object)]
pub struct CudaSpeeds {
    pub scrub: f64,
    pub crc: f64,
    pub read: f64,
    pub copy: f64,
}

/// The first device, or why there is none. `library` is another driver's path, for tests.
#[napi]
pub fn cuda_info(library: Option<String>) -> Result<CudaInfo> {
    device::info(library.as_deref())
        .map(|info| (&info).into())
        .map_err(refused)
}

#[napi]
pub fn cuda_open(fatbin: &[u8], ptx: Option<Uint8Array>, library: Option<String>) -> Result<Cuda> {
    let gpu = Gpu::open(fatbin, ptx.as_deref(), library.as_deref()).map_err(refused)?;
    Ok(Cuda {
        gpu: Some(Arc::new(gpu)),
    })
}

#[napi]
pub struct Cuda {
    gpu: Option<Arc<Gpu>>,
}

impl Cuda {
    pub(crate) fn gpu(&self) -> Result<Arc<Gpu>> {
        self.gpu
            .clone()
            .ok_or_else(|| refused(GpuError::Failed("the device was closed".to_string())))
    }
}

#[napi]
impl Cuda {
    #[napi(getter)]
    pub fn info(&self) -> Result<CudaInfo> {
        Ok((&self.gpu()?.info).into())
    }

    /// "fatbin" or "ptx".
    #[napi(getter)]
    pub fn code(&self) -> Result<&'static str> {
        Ok(self.gpu()?.code)
    }

    /// Keeps the memory allocated until the device is closed.
    #[napi]
    pub fn pin(&self, bytes: Uint8Array) -> Result<()> {
        self.gpu()?.turn(|gpu| gpu.pin(bytes)).map_err(refused)
    }

    #[napi]
    pub fn examine(
        &self,
        pages: Uint8Array,
        check: Uint8Array,
    ) -> Result<AsyncTask<Work<CudaExamined>>> {
        let gpu = self.gpu()?;
        Ok(AsyncTask::new(Work::new(move || {
            let mut flags = vec![0; pages.len() / kernels::BLOCK_BYTES];
            let mut crcs = vec![0; pages.len() / kernels::PAGE_BYTES];
            kernels::examine(&gpu, &pages, &check, &mut flags, &mut crcs)?;
            Ok(CudaExamined {
                flags: flags.into(),
                crcs: crcs.into(),
            })
        })))
    }

    #[napi]
    pub fn quantise(&self, values: Float32Array) -> Result<AsyncTask<Work<CudaQuantised>>> {
        let gpu = self.gpu()?;
        Ok(AsyncTask::new(Work::new(move || {
            let mut bytes = vec![0; values.len()];
            let mut scales = vec![0.0; values.len().div_ceil(kernels::QUANTISED_BLOCK)];
            kernels::quantise(&gpu, &values, &mut bytes, &mut scales)?;
            Ok(CudaQuantised {
                bytes: bytes.into(),
                scales: scales.into(),
            })
        })))
    }

    #[napi]
    pub fn dequantise(
        &self,
        bytes: Int8Array,
        scales: Float32Array,
    ) -> Result<AsyncTask<Work<Float32Array>>> {
        let gpu = self.gpu()?;
        Ok(AsyncTask::new(Work::new(move || {
            let mut values = vec![0.0; bytes.len()];
            kernels::dequantise(&gpu, &bytes, &scales, &mut values)?;
            Ok(values.into())
        })))
    }

    /// Writes `out`, and gives it back when it is filled. Crops are left, top, width, height of each.
    #[napi]
    #[allow(clippy::too_many_arguments)]
    pub fn preprocess(
        &self,
        data: Uint8Array,
        width: u32,
        height: u32,
        channels: u32,
        crops: Uint32Array,
        out_width: u32,
        out_height: u32,
        mean: Float32Array,
        std: Float32Array,
        mut out: Float32Array,
    ) -> Result<AsyncTask<Work<Float32Array>>> {
        let gpu = self.gpu()?;
        Ok(AsyncTask::new(Work::new(move || {
            let crops: Vec<Crop> = crops
                .chunks_exact(4)
                .map(|c| Crop {
                    left: c[0],
                    top: c[1],
                    width: c[2],
                    height: c[3],
                })
                .collect();
            let (width, height, channels) = (width as usize, height as usize, channels as usize);
            let picture = Picture {
                data: &data,
                width,
                height,
                channels,
            };
            let (width, height) = (out_width as usize, out_height as usize);
            let target = Target {
                width,
                height,
                mean: &mean,
                std: &std,
            };
            // SAFETY: `native/cuda/index.ts` made it for this call and gives it to nobody else before the answer.
            let to = unsafe { out.as_mut() };
            preprocess::preprocess(&gpu, picture, &crops, &target, taps, to)?;
            Ok(out)
        })))
    }

    /// GB/s over `bytes` that lie on the device.
    #[napi]
    pub fn speeds(&self, bytes: f64, rounds: u32) -> Result<AsyncTask<Work<CudaSpeeds>>> {
        let gpu = self.gpu()?;
        Ok(AsyncTask::new(Work::new(move || {
            let kernels::Speeds {
                scrub,
                crc,
                read,
                copy,
            } = kernels::speeds(&gpu, bytes as usize, rounds as usize, 0xa5)?;
            Ok(CudaSpeeds {
                scrub,
                crc,
                read,
                copy,
            })
        })))
    }

    /// What is under way ends first; the last of it lets the memory go that was pinned.
    #[napi]
    pub fn close(&mut self) -> Result<AsyncTask<Work<()>>> {
        let gpu = self.gpu.take();
        Ok(AsyncTask::new(Work::new(move || {
            gpu.map_or(Ok(()), |gpu| gpu.turn(|_| Ok(())))
        })))
    }
}

/// The processor's kernel takes the same.
fn taps(input: usize, output: usize) -> Axis {
    let Taps {
        count,
        starts,
        weights,
    } = Taps::new(input, output);
    Axis {
        count,
        starts: starts.into_iter().map(|start| start as u32).collect(),
        weights,
    }
}
