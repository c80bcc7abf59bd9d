//! What a thread asks of the scheduler to be on time. Each answers how it went: the operating system may refuse.

/// Runs the calling thread under SCHED_FIFO, 1 (lowest) to 99; threads and processes that it starts afterwards don't
/// inherit it. Errors: the operating system's, mostly EPERM (needs CAP_SYS_NICE or an rtprio limit).
#[cfg(target_os = "linux")]
pub fn fifo(priority: i32) -> std::io::Result<()> {
    fifo_of(0, priority)
}

/// Runs the process's main thread under SCHED_FIFO, and the other threads that it has by now, as far as they are
/// ordinary, with `helpers`. (V8's main thread waits for its helpers at each garbage collection: ordinary ones that
/// wait for a processor themselves were seen to keep it for 100 ms.) Errors: as `fifo`.
#[cfg(target_os = "linux")]
pub fn fifo_process(main: i32, helpers: i32) -> std::io::Result<()> {
    let process = std::process::id() as i32;
    fifo_of(process, main)?;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let Ok(thread) = thread?.file_name().to_string_lossy().parse::<i32>() else {
            continue;
        };
        // SAFETY: asks about a number; one that has ended since is an error, and of no interest.
        if unsafe { libc::sched_getscheduler(thread) } == libc::SCHED_OTHER {
            let _ = fifo_of(thread, helpers);
        }
    }
    Ok(())
}

/// 0 is the calling thread.
#[cfg(target_os = "linux")]
fn fifo_of(thread: i32, priority: i32) -> std::io::Result<()> {
    // SAFETY: all zeros is a valid sched_param.
    let mut param: libc::sched_param = unsafe { std::mem::zeroed() };
    param.sched_priority = priority;
    let policy = libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK;
    // SAFETY: `param` outlives the call.
    check(unsafe { libc::sched_setscheduler(thread, policy, &param) })
}

/// Keeps the code of the process in memory: where memory runs short, the kernel drops what it can read from a file again.
/// Not all of its memory (`mlockall`): V8 ends the process when the kernel refuses to drop pages that it gives back.
/// Errors: mostly ENOMEM or EPERM (needs CAP_IPC_LOCK, or a memlock limit larger than the code).
#[cfg(target_os = "linux")]
pub fn lock_code() -> std::io::Result<()> {
    for (start, length) in code(&std::fs::read_to_string("/proc/self/maps")?) {
        // SAFETY: changes nothing of what is mapped there; a mapping that is gone is an error.
        check(unsafe { libc::mlock(start as *const libc::c_void, length) })?;
    }
    Ok(())
}

/// Where the code lies, of a table as proc(5) describes it: "from-to r-xp offset device inode /file".
#[cfg(target_os = "linux")]
fn code(maps: &str) -> Vec<(usize, usize)> {
    let place = |line: &str| {
        let mut fields = line.split_whitespace();
        let (from, to) = fields.next()?.split_once('-')?;
        let executable = fields.next()?.as_bytes().get(2) == Some(&b'x');
        let of_a_file = fields.nth(3)?.starts_with('/');
        let from = usize::from_str_radix(from, 16).ok()?;
        let to = usize::from_str_radix(to, 16).ok()?;
        (executable && of_a_file).then_some((from, to - from))
    };
    maps.lines().filter_map(place).collect()
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
    pub fn fifo_process(_main: i32, _helpers: i32) -> Result<()> {
        unsupported()
    }
    pub fn lock_code() -> Result<()> {
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

    #[cfg(target_os = "linux")]
    #[test]
    fn code_is_what_is_executable_and_of_a_file() {
        let maps = "\
00400000-00401000 r--p 00000000 fe:00 12  /usr/bin/node
00401000-00403000 r-xp 00001000 fe:00 12  /usr/bin/node
00500000-00501000 rwxp 00000000 00:00 0
7ffd0000-7ffd2000 r-xp 00000000 00:00 0   [vdso]
not a line of it
";
        assert_eq!(code(maps), [(0x401000, 0x2000)]);
        let ours = std::fs::read_to_string("/proc/self/maps").unwrap();
        let here = lock_code as *const () as usize;
        assert!(code(&ours)
            .iter()
            .any(|&(at, length)| (at..at + length).contains(&here)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn code_is_locked_where_permitted() {
        let locked_kib = || -> u64 {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status
                .lines()
                .find(|line| line.starts_with("VmLck:"))
                .unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        let before = locked_kib();
        match lock_code() {
            Ok(()) => assert!(locked_kib() > before),
            Err(refused) => {
                assert!([libc::ENOMEM, libc::EPERM].contains(&refused.raw_os_error().unwrap()))
            }
        }
    }

    #[test]
    fn a_priority_out_of_range_is_an_error() {
        let tried = std::thread::spawn(|| fifo(1000).is_err());
        assert_eq!(tried.join().ok(), Some(true));
    }
}
