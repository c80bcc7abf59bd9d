//! The first device of this machine, with the kernels loaded.

use std::ffi::{c_void, CString};
use std::sync::Mutex;

use crate::driver::{self, attribute, Api, Device, Handle};
use crate::memory::Pinned;
use crate::{GpuError, Result};

/// What `perigee doctor` says, and what an engine plan is built for.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    pub name: String,
    /// "8.7"
    pub capability: String,
    pub memory_bytes: u64,
    /// 12060 for CUDA 12.6
    pub driver_version: i32,
    /// The device works in the host's memory (Jetson): nothing is copied to it.
    pub integrated: bool,
    pub multiprocessors: i32,
    /// Bus width × clock × 2, in GB/s; 0 where the driver no longer says.
    pub peak_gb_per_s: f64,
}

/// An open device. One caller at a time works with it (`turn`); calls may come from any thread.
pub struct Gpu {
    pub(crate) api: Api,
    device: Device,
    context: Handle,
    module: Handle,
    pub(crate) stream: Handle,
    pub info: Info,
    /// "fatbin" or "ptx": what the module was loaded from.
    pub code: &'static str,
    pub(crate) pinned: Mutex<Vec<Pinned>>,
    turn: Mutex<()>,
}

// SAFETY: the driver API may be called from any thread once the context is current there, which `turn` sees to;
// the handles are never changed after `open`.
unsafe impl Send for Gpu {}
unsafe impl Sync for Gpu {}

/// What the machine has, without opening it. `library` is another driver's path, for tests.
pub fn info(library: Option<&str>) -> Result<Info> {
    let api = driver::load(library)?;
    let device = first_device(&api)?;
    describe(&api, device)
}

fn first_device(api: &Api) -> Result<Device> {
    let (mut count, mut device) = (0, 0);
    // SAFETY: both write one integer.
    api.check("cuDeviceGetCount", unsafe {
        (api.device_count)(&mut count)
    })?;
    if count == 0 {
        return Err(GpuError::Absent(
            "the CUDA driver sees no device".to_string(),
        ));
    }
    api.check("cuDeviceGet", unsafe { (api.device_get)(&mut device, 0) })?;
    Ok(device)
}

fn describe(api: &Api, device: Device) -> Result<Info> {
    let mut name = [0u8; 256];
    // SAFETY: the driver writes at most the length that it is given, ended by a zero.
    api.check("cuDeviceGetName", unsafe {
        (api.device_name)(name.as_mut_ptr().cast(), 255, device)
    })?;
    let end = name.iter().position(|&byte| byte == 0).unwrap_or(0);
    let (mut memory_bytes, mut driver_version) = (0usize, 0);
    api.check("cuDeviceTotalMem", unsafe {
        (api.device_memory)(&mut memory_bytes, device)
    })?;
    api.check("cuDriverGetVersion", unsafe {
        (api.driver_version)(&mut driver_version)
    })?;
    let of = |which: i32| -> Result<i32> {
        let mut value = 0;
        api.check("cuDeviceGetAttribute", unsafe {
            (api.device_attribute)(&mut value, which, device)
        })?;
        Ok(value)
    };
    // Newer drivers may no longer tell clock and bus: a yardstick less, no failure.
    let clock_khz = of(attribute::MEMORY_CLOCK_KHZ).unwrap_or(0);
    let bus_bits = of(attribute::MEMORY_BUS_BITS).unwrap_or(0);
    Ok(Info {
        name: String::from_utf8_lossy(&name[..end]).into_owned(),
        capability: format!(
            "{}.{}",
            of(attribute::CAPABILITY_MAJOR)?,
            of(attribute::CAPABILITY_MINOR)?
        ),
        memory_bytes: memory_bytes as u64,
        driver_version,
        integrated: of(attribute::INTEGRATED)? != 0 && of(attribute::CAN_MAP_HOST_MEMORY)? != 0,
        multiprocessors: of(attribute::MULTIPROCESSORS)?,
        peak_gb_per_s: f64::from(clock_khz) * 1e3 * 2.0 * f64::from(bus_bits) / 8.0 / 1e9,
    })
}

impl Gpu {
    /// Opens the first device with the kernels of `fatbin`, or of `ptx` where the fatbin holds no code for it.
    pub fn open(fatbin: &[u8], ptx: Option<&[u8]>, library: Option<&str>) -> Result<Gpu> {
        let api = driver::load(library)?;
        let device = first_device(&api)?;
        let info = describe(&api, device)?;
        let mut context = std::ptr::null_mut();
        // SAFETY: retained here, released when `gpu` is dropped.
        api.check("cuDevicePrimaryCtxRetain", unsafe {
            (api.context_retain)(&mut context, device)
        })?;
        let mut gpu = Gpu {
            api,
            device,
            context,
            module: std::ptr::null_mut(),
            stream: std::ptr::null_mut(),
            info,
            code: "fatbin",
            pinned: Mutex::new(Vec::new()),
            turn: Mutex::new(()),
        };
        gpu.enter()?;
        gpu.load_module(fatbin, ptx)?;
        let mut stream = std::ptr::null_mut();
        // SAFETY: flag 1, non-blocking: it waits for no other stream.
        gpu.api.check("cuStreamCreate", unsafe {
            (gpu.api.stream_create)(&mut stream, 1)
        })?;
        gpu.stream = stream;
        Ok(gpu)
    }

    fn load_module(&mut self, fatbin: &[u8], ptx: Option<&[u8]>) -> Result<()> {
        let mut module = std::ptr::null_mut();
        // SAFETY: the driver reads the image's own lengths; `fatbin` is what CMake made.
        let status = unsafe { (self.api.module_load)(&mut module, fatbin.as_ptr().cast()) };
        let loaded = self.api.check("cuModuleLoadData", status);
        // No code for this device, or a form that this driver is too old for: it may compile the PTX itself.
        if let (Err(why), Some(ptx)) = (&loaded, ptx) {
            // PTX is text: the driver reads up to a zero.
            let text = CString::new(ptx)
                .map_err(|_| GpuError::Argument("the PTX holds a zero byte".to_string()))?;
            let status = unsafe { (self.api.module_load)(&mut module, text.as_ptr().cast()) };
            self.api
                .check("PTX", status)
                .map_err(|error| GpuError::Failed(format!("{why}; {error}")))?;
            self.code = "ptx";
        } else {
            loaded?;
        }
        self.module = module;
        Ok(())
    }

    /// Makes the device this thread's.
    fn enter(&self) -> Result<()> {
        // SAFETY: the context is ours until drop.
        self.api.check("cuCtxSetCurrent", unsafe {
            (self.api.context_set)(self.context)
        })
    }

    /// Does `work` while nobody else uses the device.
    pub fn turn<T>(&self, work: impl FnOnce(&Gpu) -> Result<T>) -> Result<T> {
        // A poisoned lock guards nothing that could be half done: each turn frees what it took.
        let _turn = self
            .turn
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        self.enter()?;
        let done = work(self);
        let idle = self.synchronize();
        done.and_then(|value| idle.map(|()| value))
    }

    pub fn synchronize(&self) -> Result<()> {
        // SAFETY: our stream.
        self.api.check("cuStreamSynchronize", unsafe {
            (self.api.stream_synchronize)(self.stream)
        })
    }

    /// Puts a kernel into the stream. Its `arguments` point at values of the types that the kernel declares.
    ///
    /// # Safety
    /// The arguments are as many and of the types that `kernel` has, and what they point at on the device is
    /// large enough and stays until the stream is synchronized.
    pub(crate) unsafe fn launch(
        &self,
        kernel: &str,
        grid: [u32; 3],
        threads: u32,
        arguments: &mut [*mut c_void],
    ) -> Result<()> {
        let name = CString::new(kernel).map_err(|_| GpuError::Argument(kernel.to_string()))?;
        let mut function = std::ptr::null_mut();
        self.api.check(
            kernel,
            (self.api.module_function)(&mut function, self.module, name.as_ptr()),
        )?;
        let [x, y, z] = grid;
        let status = (self.api.launch)(
            function,
            x,
            y,
            z,
            threads,
            1,
            1,
            0,
            self.stream,
            arguments.as_mut_ptr(),
            std::ptr::null_mut(),
        );
        self.api.check(kernel, status)
    }

    /// Milliseconds that `work`, put into the stream, takes on the device.
    pub fn timed(&self, work: impl FnOnce() -> Result<()>) -> Result<f32> {
        let (start, stop) = (Event::new(self)?, Event::new(self)?);
        start.record()?;
        work()?;
        stop.record()?;
        // SAFETY: both events are ours and recorded.
        self.api.check("cuEventSynchronize", unsafe {
            (self.api.event_synchronize)(stop.handle)
        })?;
        let mut ms = 0.0;
        self.api.check("cuEventElapsedTime", unsafe {
            (self.api.event_elapsed)(&mut ms, start.handle, stop.handle)
        })?;
        Ok(ms)
    }
}

impl Drop for Gpu {
    fn drop(&mut self) {
        if self.enter().is_err() {
            return;
        }
        // SAFETY: ours, made in `open`; what failed there is null. Errors of closing change nothing.
        unsafe {
            if !self.stream.is_null() {
                (self.api.stream_synchronize)(self.stream);
                (self.api.stream_destroy)(self.stream);
            }
            self.unpin_all();
            if !self.module.is_null() {
                (self.api.module_unload)(self.module);
            }
            (self.api.context_set)(std::ptr::null_mut());
            (self.api.context_release)(self.device);
        }
    }
}

struct Event<'a> {
    gpu: &'a Gpu,
    handle: Handle,
}

impl<'a> Event<'a> {
    fn new(gpu: &'a Gpu) -> Result<Self> {
        let mut handle = std::ptr::null_mut();
        // SAFETY: destroyed when dropped.
        gpu.api.check("cuEventCreate", unsafe {
            (gpu.api.event_create)(&mut handle, 0)
        })?;
        Ok(Self { gpu, handle })
    }

    fn record(&self) -> Result<()> {
        // SAFETY: our event in our stream.
        self.gpu.api.check("cuEventRecord", unsafe {
            (self.gpu.api.event_record)(self.handle, self.gpu.stream)
        })
    }
}

impl Drop for Event<'_> {
    fn drop(&mut self) {
        // SAFETY: made in `new`.
        unsafe { (self.gpu.api.event_destroy)(self.handle) };
    }
}
