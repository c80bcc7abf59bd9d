//! The CUDA driver API, as much of it as the kernels need, looked up in `libcuda` when asked for.

use std::ffi::{c_char, c_int, c_uint, c_void, CStr};

use libloading::Library;

use crate::{words, GpuError, Result};

pub type Status = c_int;
pub type Device = c_int;
/// An address in the device's memory.
pub type Address = u64;
/// Contexts, modules, functions, streams and events are all pointers to the driver's own.
pub type Handle = *mut c_void;

/// Device attributes (`CUdevice_attribute`).
pub mod attribute {
    pub const INTEGRATED: i32 = 18;
    pub const CAN_MAP_HOST_MEMORY: i32 = 19;
    pub const MEMORY_CLOCK_KHZ: i32 = 36;
    pub const MEMORY_BUS_BITS: i32 = 37;
    pub const MULTIPROCESSORS: i32 = 16;
    pub const CAPABILITY_MAJOR: i32 = 75;
    pub const CAPABILITY_MINOR: i32 = 76;
}

/// `CU_MEMHOSTREGISTER_DEVICEMAP`: the device may read and write the host's pages where they are.
pub const REGISTER_DEVICE_MAP: c_uint = 2;

macro_rules! driver_api {
    ($($field:ident = $symbol:literal ($($argument:ty),*);)*) => {
        pub struct Api {
            $(pub $field: unsafe extern "C" fn($($argument),*) -> Status,)*
            // Last: the functions above live in it.
            _library: Library,
        }

        impl Api {
            /// Finds every function in `library`, or says which one an old driver lacks.
            fn find(library: Library) -> std::result::Result<Self, String> {
                $(
                    // SAFETY: the signature is the one of cuda.h for this symbol.
                    let $field = *unsafe {
                        library.get::<unsafe extern "C" fn($($argument),*) -> Status>($symbol.as_bytes())
                    }
                    .map_err(|_| format!("the driver has no {}", $symbol))?;
                )*
                Ok(Self { $($field,)* _library: library })
            }
        }
    };
}

driver_api! {
    init = "cuInit"(c_uint);
    driver_version = "cuDriverGetVersion"(*mut c_int);
    device_count = "cuDeviceGetCount"(*mut c_int);
    device_get = "cuDeviceGet"(*mut Device, c_int);
    device_name = "cuDeviceGetName"(*mut c_char, c_int, Device);
    device_attribute = "cuDeviceGetAttribute"(*mut c_int, c_int, Device);
    device_memory = "cuDeviceTotalMem_v2"(*mut usize, Device);
    context_retain = "cuDevicePrimaryCtxRetain"(*mut Handle, Device);
    context_release = "cuDevicePrimaryCtxRelease_v2"(Device);
    context_set = "cuCtxSetCurrent"(Handle);
    module_load = "cuModuleLoadData"(*mut Handle, *const c_void);
    module_unload = "cuModuleUnload"(Handle);
    module_function = "cuModuleGetFunction"(*mut Handle, Handle, *const c_char);
    allocate = "cuMemAlloc_v2"(*mut Address, usize);
    free = "cuMemFree_v2"(Address);
    to_device = "cuMemcpyHtoDAsync_v2"(Address, *const c_void, usize, Handle);
    to_host = "cuMemcpyDtoHAsync_v2"(*mut c_void, Address, usize, Handle);
    on_device = "cuMemcpyDtoDAsync_v2"(Address, Address, usize, Handle);
    host_register = "cuMemHostRegister_v2"(*mut c_void, usize, c_uint);
    host_unregister = "cuMemHostUnregister"(*mut c_void);
    host_address = "cuMemHostGetDevicePointer_v2"(*mut Address, *mut c_void, c_uint);
    stream_create = "cuStreamCreate"(*mut Handle, c_uint);
    stream_synchronize = "cuStreamSynchronize"(Handle);
    stream_destroy = "cuStreamDestroy_v2"(Handle);
    launch = "cuLaunchKernel"(
        Handle, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, c_uint, Handle, *mut *mut c_void, *mut *mut c_void
    );
    event_create = "cuEventCreate"(*mut Handle, c_uint);
    event_record = "cuEventRecord"(Handle, Handle);
    event_synchronize = "cuEventSynchronize"(Handle);
    event_elapsed = "cuEventElapsedTime"(*mut f32, Handle, Handle);
    event_destroy = "cuEventDestroy_v2"(Handle);
    error_name = "cuGetErrorName"(Status, *mut *const c_char);
    error_string = "cuGetErrorString"(Status, *mut *const c_char);
}

/// Where the driver is looked for; on a Jetson it lies beside the others or in `tegra/`, which ld.so knows.
#[cfg(not(windows))]
const NAMES: [&str; 2] = ["libcuda.so.1", "libcuda.so"];
#[cfg(windows)]
const NAMES: [&str; 1] = ["nvcuda.dll"];

/// Loads the driver from `path`, or from where the system has it, and initialises it.
pub fn load(path: Option<&str>) -> Result<Api> {
    let mut why = String::new();
    let names: &[&str] = match &path {
        Some(path) => std::slice::from_ref(path),
        None => &NAMES,
    };
    for name in names {
        // SAFETY: loading the driver runs its initialisers; that is what it is for.
        match unsafe { Library::new(*name) } {
            Ok(library) => {
                let api = Api::find(library).map_err(GpuError::Absent)?;
                // SAFETY: cuInit takes flags, which must be 0.
                api.check("cuInit", unsafe { (api.init)(0) })
                    .map_err(|error| GpuError::Absent(error.to_string()))?;
                return Ok(api);
            }
            Err(error) if why.is_empty() => why = words(error),
            Err(_) => {}
        }
    }
    Err(GpuError::Absent(format!("no CUDA driver: {why}")))
}

impl Api {
    /// A status of the driver as a value.
    pub fn check(&self, call: &str, status: Status) -> Result<()> {
        if status == 0 {
            return Ok(());
        }
        let name = self.text(self.error_name, status);
        let text = self.text(self.error_string, status);
        Err(GpuError::Failed(format!(
            "{call}: {name} ({status}): {text}"
        )))
    }

    fn text(
        &self,
        of: unsafe extern "C" fn(Status, *mut *const c_char) -> Status,
        status: Status,
    ) -> String {
        let mut text = std::ptr::null();
        // SAFETY: the driver points `text` at a constant string, or leaves it null.
        unsafe {
            of(status, &mut text);
            if text.is_null() {
                return "unknown".to_string();
            }
            CStr::from_ptr(text).to_string_lossy().into_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(path: &str) -> String {
        match load(Some(path)) {
            Err(GpuError::Absent(why)) => why,
            Err(other) => panic!("not an absence: {other:?}"),
            Ok(_) => panic!("{path} was taken for a driver"),
        }
    }

    #[test]
    fn a_missing_driver_is_an_absence_in_the_loaders_words() {
        let why = refusal("/nowhere/libcuda.so.1");
        assert!(
            why.starts_with("no CUDA driver: /nowhere/libcuda.so.1"),
            "{why}"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn another_library_is_an_absence_that_names_what_it_lacks() {
        assert_eq!(refusal("libm.so.6"), "the driver has no cuInit");
    }
}
