//! TensorRT through the shim of `native/tensorrt`, both found at run time.

use std::ffi::{c_char, c_void, CStr, CString};
use std::sync::{Arc, Mutex};

use libloading::Library;

use crate::memory::Allocation;
use crate::{words, Gpu, GpuError, Result};

/// Of `native/tensorrt/shim.h`.
const ABI: i32 = 1;
const MAX_RANK: usize = 8;
const WHY_BYTES: usize = 256;

type Runtime = *mut c_void;
type EngineHandle = *mut c_void;
type Take = unsafe extern "C" fn(*mut c_void, *const c_void, usize);

#[repr(C)]
struct RawIo {
    name: [c_char; 128],
    is_input: i32,
    is_float32: i32,
    rank: i32,
    shape: [i64; MAX_RANK],
}

/// One input or output of a plan; a free side is -1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Io {
    pub name: String,
    pub input: bool,
    pub float32: bool,
    pub shape: Vec<i64>,
}

macro_rules! shim_api {
    ($($field:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        struct Api {
            $($field: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
            _library: Library,
        }

        impl Api {
            fn find(library: Library) -> std::result::Result<Self, String> {
                $(
                    let symbol = concat!("perigee_trt_", stringify!($field));
                    // SAFETY: the signature is the one of shim.h for this symbol.
                    let $field = *unsafe {
                        library.get::<unsafe extern "C" fn($($argument),*) $(-> $result)?>(symbol.as_bytes())
                    }
                    .map_err(|_| format!("the shim has no {symbol}"))?;
                )*
                Ok(Self { $($field,)* _library: library })
            }
        }
    };
}

shim_api! {
    abi: fn() -> i32;
    headers: fn() -> i32;
    builds: fn() -> i32;
    open: fn(*const c_char, *mut c_char, usize) -> Runtime;
    version: fn(Runtime) -> i32;
    close: fn(Runtime);
    engine_open: fn(Runtime, *const c_void, usize, *mut c_char, usize) -> EngineHandle;
    engine_close: fn(EngineHandle);
    engine_io_count: fn(EngineHandle) -> i32;
    engine_io: fn(EngineHandle, i32, *mut RawIo) -> i32;
    engine_bind: fn(EngineHandle, *const c_char, u64, *const i64, i32, *mut c_char, usize) -> i32;
    engine_enqueue: fn(EngineHandle, *mut c_void, *mut c_char, usize) -> i32;
    build: fn(Runtime, *const c_char, i32, Take, *mut c_void, *mut c_char, usize) -> i32;
}

/// The shim with the TensorRT library that it opened.
pub struct TensorRt {
    api: Api,
    runtime: Runtime,
    /// Of the library: major × 10000 + minor × 100 + patch.
    pub version: i32,
    /// Of the headers that the shim was compiled with.
    pub headers: i32,
    /// It can build plans from ONNX files.
    pub builds: bool,
    /// TensorRT's runtime and builder are used by one thread at a time.
    turn: Mutex<()>,
}

// SAFETY: the runtime is only touched under `turn`, or read.
unsafe impl Send for TensorRt {}
unsafe impl Sync for TensorRt {}

/// A line that the shim writes where it refuses.
struct Why([c_char; WHY_BYTES]);

impl Why {
    fn new() -> Self {
        Why([0; WHY_BYTES])
    }

    fn text(&self) -> String {
        // SAFETY: the shim writes at most WHY_BYTES, ended by a zero (snprintf).
        let text = unsafe { CStr::from_ptr(self.0.as_ptr()) }
            .to_string_lossy()
            .into_owned();
        if text.is_empty() {
            "no reason given".to_string()
        } else {
            text
        }
    }
}

fn c_string(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| GpuError::Argument(format!("{text:?} holds a zero byte")))
}

impl TensorRt {
    /// Loads the shim at `shim`, and through it TensorRT (from `library`, or where the system has it).
    pub fn open(shim: &str, library: Option<&str>) -> Result<TensorRt> {
        // SAFETY: loading the shim runs no code of its own.
        let loaded =
            unsafe { Library::new(shim) }.map_err(|error| GpuError::Absent(words(error)))?;
        let api = Api::find(loaded).map_err(GpuError::Absent)?;
        // SAFETY: takes and gives plain integers.
        let abi = unsafe { (api.abi)() };
        if abi != ABI {
            return Err(GpuError::Absent(format!(
                "the shim was built for ABI {abi}, this is {ABI}"
            )));
        }
        let library = library.map(c_string).transpose()?;
        let name = library
            .as_ref()
            .map_or(std::ptr::null(), |name| name.as_ptr());
        let mut why = Why::new();
        // SAFETY: as shim.h says; the runtime is closed when this is dropped.
        let runtime = unsafe { (api.open)(name, why.0.as_mut_ptr(), WHY_BYTES) };
        if runtime.is_null() {
            return Err(GpuError::Absent(why.text()));
        }
        let (version, headers, builds) =
            unsafe { ((api.version)(runtime), (api.headers)(), (api.builds)() != 0) };
        Ok(TensorRt {
            api,
            runtime,
            version,
            headers,
            builds,
            turn: Mutex::new(()),
        })
    }

    /// Builds a plan from an ONNX file, for the device `gpu` and batches of 1..`max_batch`. Takes minutes.
    pub fn build(&self, gpu: &Gpu, onnx_file: &str, max_batch: i32) -> Result<Vec<u8>> {
        unsafe extern "C" fn take(plan: *mut c_void, bytes: *const c_void, length: usize) {
            // SAFETY: `plan` is the Vec below, `bytes` are the shim's for the time of this call.
            unsafe {
                (*plan.cast::<Vec<u8>>())
                    .extend_from_slice(std::slice::from_raw_parts(bytes.cast(), length))
            };
        }
        let file = c_string(onnx_file)?;
        let (mut plan, mut why) = (Vec::new(), Why::new());
        gpu.turn(|_| {
            let _turn = self
                .turn
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            let to: *mut Vec<u8> = &mut plan;
            // SAFETY: as shim.h says; `take` is called before it returns.
            let status = unsafe {
                (self.api.build)(
                    self.runtime,
                    file.as_ptr(),
                    max_batch,
                    take,
                    to.cast(),
                    why.0.as_mut_ptr(),
                    WHY_BYTES,
                )
            };
            if status == 0 {
                Ok(())
            } else {
                Err(GpuError::Failed(why.text()))
            }
        })?;
        Ok(plan)
    }
}

impl Drop for TensorRt {
    fn drop(&mut self) {
        // SAFETY: opened in `open`; engines hold an Arc of this, so none is left.
        unsafe { (self.api.close)(self.runtime) };
    }
}

/// A plan that is ready to run.
pub struct Engine {
    owner: Arc<TensorRt>,
    gpu: Arc<Gpu>,
    handle: EngineHandle,
    pub io: Vec<Io>,
}

// SAFETY: the handle is only used within a turn of the GPU.
unsafe impl Send for Engine {}
unsafe impl Sync for Engine {}

impl Engine {
    pub fn open(owner: Arc<TensorRt>, gpu: Arc<Gpu>, plan: &[u8]) -> Result<Engine> {
        let (handle, io) = gpu.turn(|_| {
            let mut why = Why::new();
            // SAFETY: as shim.h says; closed when the engine is dropped, or here.
            let handle = unsafe {
                (owner.api.engine_open)(
                    owner.runtime,
                    plan.as_ptr().cast(),
                    plan.len(),
                    why.0.as_mut_ptr(),
                    WHY_BYTES,
                )
            };
            if handle.is_null() {
                return Err(GpuError::Failed(why.text()));
            }
            match describe(&owner.api, handle) {
                Ok(io) => Ok((handle, io)),
                Err(error) => {
                    unsafe { (owner.api.engine_close)(handle) };
                    Err(error)
                }
            }
        })?;
        Ok(Engine {
            owner,
            gpu,
            handle,
            io,
        })
    }

    /// Runs `count` items: the first side of every input and output. `input` is the only input's values; each output of
    /// the plan is filled in the plan's order.
    pub fn run(&self, count: usize, input: &[f32]) -> Result<Vec<Vec<f32>>> {
        let mut results: Vec<Vec<f32>> = Vec::new();
        self.gpu.turn(|gpu| {
            let mut bound: Vec<(&Io, Allocation<'_>)> = Vec::new();
            for io in &self.io {
                let shape = sized(io, count)?;
                let values = shape.iter().product::<i64>() as usize;
                let memory = gpu.allocate(values * 4)?;
                if io.input {
                    if values != input.len() {
                        return Err(GpuError::Argument(format!(
                            "{}: {} values, {values} needed",
                            io.name,
                            input.len()
                        )));
                    }
                    memory.write(crate::kernels::read_bytes(input))?;
                }
                self.bind(io, memory.address, &shape)?;
                bound.push((io, memory));
            }
            let mut why = Why::new();
            // SAFETY: all tensors are bound to memory that stays until the stream is synchronized below.
            let status = unsafe {
                (self.owner.api.engine_enqueue)(
                    self.handle,
                    gpu.stream,
                    why.0.as_mut_ptr(),
                    WHY_BYTES,
                )
            };
            if status != 0 {
                return Err(GpuError::Failed(why.text()));
            }
            for (_, memory) in bound.iter().filter(|(io, _)| !io.input) {
                let mut values = vec![0f32; memory.bytes / 4];
                memory.read(crate::kernels::bytes_of(&mut values))?;
                results.push(values);
            }
            Ok(())
        })?;
        Ok(results)
    }

    fn bind(&self, io: &Io, address: u64, shape: &[i64]) -> Result<()> {
        let name = c_string(&io.name)?;
        let rank = if io.input { shape.len() as i32 } else { 0 };
        let mut why = Why::new();
        // SAFETY: as shim.h says; `shape` has `rank` sides.
        let status = unsafe {
            (self.owner.api.engine_bind)(
                self.handle,
                name.as_ptr(),
                address,
                shape.as_ptr(),
                rank,
                why.0.as_mut_ptr(),
                WHY_BYTES,
            )
        };
        if status == 0 {
            Ok(())
        } else {
            Err(GpuError::Failed(format!("{}: {}", io.name, why.text())))
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Closing frees device memory: it wants the context. A failure to enter leaves nothing to be done.
        let _ = self.gpu.turn(|_| {
            // SAFETY: opened in `open`.
            unsafe { (self.owner.api.engine_close)(self.handle) };
            Ok(())
        });
    }
}

fn describe(api: &Api, handle: EngineHandle) -> Result<Vec<Io>> {
    // SAFETY: as shim.h says; `raw` is written whole when 0 is returned.
    let count = unsafe { (api.engine_io_count)(handle) };
    (0..count)
        .map(|index| {
            let mut raw = RawIo {
                name: [0; 128],
                is_input: 0,
                is_float32: 0,
                rank: 0,
                shape: [0; MAX_RANK],
            };
            let status = unsafe { (api.engine_io)(handle, index, &mut raw) };
            let rank = usize::try_from(raw.rank).unwrap_or(usize::MAX);
            if status != 0 || rank > MAX_RANK {
                return Err(GpuError::Failed(format!(
                    "tensor {index} of the plan can't be described"
                )));
            }
            raw.name[127] = 0;
            let name = unsafe { CStr::from_ptr(raw.name.as_ptr()) }
                .to_string_lossy()
                .into_owned();
            Ok(Io {
                name,
                input: raw.is_input != 0,
                float32: raw.is_float32 != 0,
                shape: raw.shape[..rank].to_vec(),
            })
        })
        .collect()
}

/// The shape of a run of `count` items: its free first side is the count.
fn sized(io: &Io, count: usize) -> Result<Vec<i64>> {
    let mut shape = io.shape.clone();
    if let Some(first) = shape.first_mut() {
        if *first < 0 {
            *first = count as i64;
        }
    }
    let whole =
        io.float32 && shape.first() == Some(&(count as i64)) && shape.iter().all(|&side| side > 0);
    if whole {
        Ok(shape)
    } else {
        Err(GpuError::Argument(format!(
            "{} {:?} takes no {count} float32 items",
            io.name, io.shape
        )))
    }
}
