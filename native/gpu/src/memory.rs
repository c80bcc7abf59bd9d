//! The host's memory as the device sees it: where it is, when it is pinned or the two share it; copied otherwise.

use std::ffi::c_void;

use crate::driver::{Address, REGISTER_DEVICE_MAP};
use crate::{Gpu, GpuError, Result};

const VECTOR_BYTES: usize = 16;

/// Host pages that the device reads and writes where they are.
pub(crate) struct Pinned {
    start: usize,
    bytes: usize,
    address: Address,
    /// Whoever owns the pages.
    _keep: Box<dyn std::any::Any + Send>,
}

impl Gpu {
    /// Pins memory, and keeps it, for as long as the device is open: what lies in it is then never copied on a device that
    /// shares the host's memory, and copied at full speed to one that does not. The pages must stay where they are.
    pub fn pin<T: AsRef<[u8]> + Send + 'static>(&self, memory: T) -> Result<()> {
        let keep = Box::new(memory);
        let pages: &[u8] = (*keep).as_ref();
        let (start, bytes) = (pages.as_ptr() as *mut c_void, pages.len());
        // SAFETY: the pages are kept until `unpin_all`.
        let registered = unsafe { (self.api.host_register)(start, bytes, REGISTER_DEVICE_MAP) };
        self.api.check("cuMemHostRegister", registered)?;
        let mut address = 0;
        // SAFETY: registered just now.
        let found = unsafe { (self.api.host_address)(&mut address, start, 0) };
        if let Err(error) = self.api.check("cuMemHostGetDevicePointer", found) {
            // SAFETY: registered above; nobody knows of it yet.
            unsafe { (self.api.host_unregister)(start) };
            return Err(error);
        }
        let pinned = Pinned {
            start: start as usize,
            bytes,
            address,
            _keep: keep,
        };
        self.pinned
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .push(pinned);
        Ok(())
    }

    pub(crate) unsafe fn unpin_all(&self) {
        for pinned in self
            .pinned
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .drain(..)
        {
            (self.api.host_unregister)(pinned.start as *mut c_void);
        }
    }

    /// The device's address of host bytes that lie wholly in pinned memory which it shares.
    fn shared(&self, start: *const u8, bytes: usize) -> Option<Address> {
        if !self.info.integrated {
            return None;
        }
        let start = start as usize;
        // The kernels read vectors.
        if !start.is_multiple_of(VECTOR_BYTES) {
            return None;
        }
        let all = self
            .pinned
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        all.iter()
            .find(|p| start >= p.start && start + bytes <= p.start + p.bytes)
            .map(|p| p.address + (start - p.start) as u64)
    }

    /// Device memory, not filled.
    pub fn allocate(&self, bytes: usize) -> Result<Allocation<'_>> {
        let mut address = 0;
        // SAFETY: freed when dropped. The driver refuses a length of 0.
        self.api.check("cuMemAlloc", unsafe {
            (self.api.allocate)(&mut address, bytes.max(1))
        })?;
        Ok(Allocation {
            gpu: self,
            address,
            bytes,
        })
    }

    /// What the device reads.
    pub fn input<'a>(&'a self, from: &'a [u8]) -> Result<View<'a>> {
        if let Some(address) = self.shared(from.as_ptr(), from.len()) {
            return Ok(View::Shared(address));
        }
        let copy = self.allocate(from.len())?;
        copy.write(from)?;
        Ok(View::Copied(copy))
    }

    /// What the device writes; `Output::bring` puts it into `to`.
    pub fn output<'a>(&'a self, to: &'a mut [u8]) -> Result<Output<'a>> {
        let view = match self.shared(to.as_ptr(), to.len()) {
            Some(address) => View::Shared(address),
            None => View::Copied(self.allocate(to.len())?),
        };
        Ok(Output { view, to })
    }
}

pub struct Allocation<'a> {
    gpu: &'a Gpu,
    pub address: Address,
    pub bytes: usize,
}

impl Allocation<'_> {
    /// Copies `from` to the start. The source must not change until the stream is synchronized.
    pub fn write(&self, from: &[u8]) -> Result<()> {
        if from.len() > self.bytes {
            return Err(GpuError::Argument(format!(
                "{} bytes into {}",
                from.len(),
                self.bytes
            )));
        }
        // SAFETY: both ends are that long.
        self.gpu.api.check("cuMemcpyHtoD", unsafe {
            (self.gpu.api.to_device)(
                self.address,
                from.as_ptr().cast(),
                from.len(),
                self.gpu.stream,
            )
        })
    }

    /// Waits for the stream, and copies the start into `to`.
    pub fn read(&self, to: &mut [u8]) -> Result<()> {
        if to.len() > self.bytes {
            return Err(GpuError::Argument(format!(
                "{} bytes out of {}",
                to.len(),
                self.bytes
            )));
        }
        // SAFETY: both ends are that long; nothing uses `to` before the synchronisation below.
        self.gpu.api.check("cuMemcpyDtoH", unsafe {
            (self.gpu.api.to_host)(
                to.as_mut_ptr().cast(),
                self.address,
                to.len(),
                self.gpu.stream,
            )
        })?;
        self.gpu.synchronize()
    }

    /// Copies the whole of it into `to` on the device.
    pub fn copy_to(&self, to: &Allocation<'_>) -> Result<()> {
        if self.bytes > to.bytes {
            return Err(GpuError::Argument(format!(
                "{} bytes into {}",
                self.bytes, to.bytes
            )));
        }
        // SAFETY: both ends are that long.
        self.gpu.api.check("cuMemcpyDtoD", unsafe {
            (self.gpu.api.on_device)(to.address, self.address, self.bytes, self.gpu.stream)
        })
    }
}

impl Drop for Allocation<'_> {
    fn drop(&mut self) {
        // SAFETY: allocated in `allocate`; what still runs on it is waited for first.
        unsafe {
            (self.gpu.api.stream_synchronize)(self.gpu.stream);
            (self.gpu.api.free)(self.address);
        }
    }
}

/// Memory of the host, seen from the device.
pub enum View<'a> {
    Shared(Address),
    Copied(Allocation<'a>),
}

impl View<'_> {
    pub fn address(&self) -> Address {
        match self {
            View::Shared(address) => *address,
            View::Copied(copy) => copy.address,
        }
    }
}

/// Memory of the host that the device writes.
pub struct Output<'a> {
    view: View<'a>,
    to: &'a mut [u8],
}

impl Output<'_> {
    pub fn address(&self) -> Address {
        self.view.address()
    }

    /// Waits for the stream; the host's memory then holds what the device wrote.
    pub fn bring(self, gpu: &Gpu) -> Result<()> {
        match self.view {
            View::Shared(_) => gpu.synchronize(),
            View::Copied(copy) => copy.read(self.to),
        }
    }
}
