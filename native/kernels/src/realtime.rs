//! What a thread asks of the scheduler to be on time. Each answers how it went: the operating system may refuse.

/// Runs the calling thread under SCHED_FIFO, 1 (lowest) to 99; threads and processes that it starts afterwards don't
/// inherit it. Errors: the operating system's, mostly EPERM (needs CAP_SYS_NICE or an rtprio limit).
#[cfg(target_os = "linux")]
pub fn fifo(priority: i32) -> std::io::Result<()> {
    scheduling(libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, priority)
}

/// Puts the calling thread back under the host's ordinary scheduling.
#[cfg(target_os = "linux")]
pub fn ordinary() -> std::io::Result<()> {
    scheduling(libc::SCHED_OTHER, 0)
}

#[cfg(target_os = "linux")]
fn scheduling(policy: i32, priority: i32) -> std::io::Result<()> {
    // SAFETY: all zeros is a valid sched_param.
    let mut param: libc::sched_param = unsafe { std::mem::zeroed() };
    param.sched_priority = priority;
    // SAFETY: 0 is the calling thread, and `param` outlives the call.
    check(unsafe { libc::sched_setscheduler(0, policy, &param) })
}

/// Keeps every page of the process in memory once it was touched; those of the future too. (What was only reserved
/// stays so: V8 reserves gigabytes.) Errors: mostly ENOMEM or EPERM (needs CAP_IPC_LOCK).
#[cfg(target_os = "linux")]
pub fn lock_memory() -> std::io::Result<()> {
    // SAFETY: takes no memory of ours.
    check(unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE | libc::MCL_ONFAULT) })
}

/// Keeps the calling thread on one CPU. Errors: EINVAL where there is no such CPU.
#[cfg(target_os = "linux")]
pub fn pin(cpu: usize) -> std::io::Result<()> {
    if cpu >= libc::CPU_SETSIZE as usize {
        return Err(std::io::Error::from_raw_os_error(libc::EINVAL));
    }
    // SAFETY: all zeros is a valid cpu_set_t, and `cpu` is within it.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        check(libc::sched_setaffinity(
            0,
            std::mem::size_of::<libc::cpu_set_t>(),
            &set,
        ))
    }
}

/// Lets the kernel wake the calling thread at the instant asked for: an ordinary thread is otherwise given 50 µs of slack.
#[cfg(target_os = "linux")]
pub fn least_slack() {
    // SAFETY: takes no memory of ours. Refused nowhere that matters: the thread is then later, and says so.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1 as libc::c_ulong) };
}

#[cfg(target_os = "linux")]
fn check(status: i32) -> std::io::Result<()> {
    match status {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::io::{Error, ErrorKind::Unsupported, Result};

    fn unsupported() -> Result<()> {
        Err(Error::new(Unsupported, "only on Linux"))
    }
    pub fn fifo(_priority: i32) -> Result<()> {
        unsupported()
    }
    pub fn ordinary() -> Result<()> {
        Ok(())
    }
    pub fn lock_memory() -> Result<()> {
        unsupported()
    }
    pub fn pin(_cpu: usize) -> Result<()> {
        unsupported()
    }
    pub fn least_slack() {}
}
#[cfg(not(target_os = "linux"))]
pub use elsewhere::*;

/// Whether a thread of this process may run under SCHED_FIFO, tried on a thread of its own.
pub fn fifo_permitted() -> std::io::Result<()> {
    std::thread::Builder::new()
        .spawn(|| fifo(1))?
        .join()
        .unwrap_or_else(|_| Err(std::io::Error::other("the thread panicked")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The policy of the calling thread, without the flag that children don't inherit it.
    #[cfg(target_os = "linux")]
    fn policy() -> i32 {
        // SAFETY: 0 is the calling thread.
        unsafe { libc::sched_getscheduler(0) & !libc::SCHED_RESET_ON_FORK }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_is_under_fifo_where_permitted_its_children_are_not() {
        let permitted = fifo_permitted();
        std::thread::spawn(move || {
            assert_eq!(fifo(5).is_ok(), permitted.is_ok());
            let expected = if permitted.is_ok() {
                libc::SCHED_FIFO
            } else {
                libc::SCHED_OTHER
            };
            assert_eq!(policy(), expected);
            let child = std::thread::spawn(policy).join();
            assert_eq!(child.ok(), Some(libc::SCHED_OTHER));
            assert!(ordinary().is_ok());
            assert_eq!(policy(), libc::SCHED_OTHER);
        })
        .join()
        .unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_is_pinned_to_a_cpu_that_is_there() {
        let pinned = std::thread::spawn(|| {
            // SAFETY: asks where the thread runs now, a CPU that it may run on.
            let cpu = unsafe { libc::sched_getcpu() } as usize;
            (pin(cpu).is_ok(), pin(100_000).is_err())
        });
        assert_eq!(pinned.join().ok(), Some((true, true)));
    }

    #[test]
    fn a_priority_out_of_range_is_an_error() {
        let tried = std::thread::spawn(|| fifo(1000).is_err());
        assert_eq!(tried.join().ok(), Some(true));
    }
}
