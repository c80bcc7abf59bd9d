//! Ticks on absolute time, from a thread of their own.
//!
//! Tick `k` is due at `first_ns + k × period_ns` of the host's monotonic clock: a late one shifts no other. The thread
//! sleeps until then, notes the tick, and calls `wake`, whose receiver (an event loop) answers with `take`.
//!
//! **Coalescing**: between a `wake` and its `take` there is no other `wake`. Ticks that fall meanwhile are merged into
//! that one: `take` gives the latest, and how many before it were missed.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::realtime;

/// Before a tick the thread waits in two steps: until this long before, where it hears at once that it is to stop, and
/// then to the instant, where it does not. The first wait is as imprecise as the host's condition variables.
const LAST_STEP_NS: u64 = 1_000_000;

#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// Nanoseconds of the monotonic clock (CLOCK_MONOTONIC on Linux).
    pub first_ns: u64,
    pub period_ns: u64,
}

/// What the thread asks of the scheduler.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes {
    /// SCHED_FIFO with this priority, 1 to 99; ordinary scheduling where absent or refused.
    pub priority: Option<i32>,
    /// The one CPU to run on.
    pub cpu: Option<usize>,
}

/// How the scheduler answered: absent where nothing was asked.
#[derive(Debug, Default)]
pub struct Granted {
    pub fifo: Option<io::Result<()>>,
    pub pinned: Option<io::Result<()>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Due at `first_ns + index × period_ns`.
    pub index: u64,
    /// Ticks before it that were due since the last `take`, and have none of their own.
    pub missed: u64,
    /// How late the thread itself woke for it, nanoseconds.
    pub wake_late_ns: u64,
}

#[derive(Default)]
struct Shared {
    /// Ticks that were due so far: 1 + the index of the latest.
    due: AtomicU64,
    wake_late_ns: AtomicU64,
    /// A `wake` waits for its `take`.
    queued: AtomicBool,
    stopped: Mutex<bool>,
    stopping: Condvar,
}

pub struct Timer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    taken: u64,
    pub granted: Granted,
}

impl Timer {
    /// `wake` runs on the timer's thread and must not block. Errors: no thread can be had.
    pub fn start(
        schedule: Schedule,
        wishes: Wishes,
        mut wake: impl FnMut() + Send + 'static,
    ) -> io::Result<Timer> {
        let shared = Arc::new(Shared::default());
        let ours = Arc::clone(&shared);
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let thread = Builder::new().name("perigee-timer".into()).spawn(move || {
            realtime::least_slack();
            let granted = Granted {
                fifo: wishes.priority.map(realtime::fifo),
                pinned: wishes.cpu.map(realtime::pin),
            };
            // Whoever started it waits for this.
            let _ = tell.send(granted);
            run(&ours, schedule, &mut wake);
        })?;
        let granted = told.recv().unwrap_or_default();
        Ok(Timer {
            shared,
            thread: Some(thread),
            taken: 0,
            granted,
        })
    }

    /// The ticks since the last call, as one; None where there was none.
    pub fn take(&mut self) -> Option<Tick> {
        // In this order: a tick that falls between the two is taken here, and its wake finds nothing.
        self.shared.queued.store(false, SeqCst);
        let due = self.shared.due.load(SeqCst);
        if due == self.taken {
            return None;
        }
        let missed = due - self.taken - 1;
        self.taken = due;
        let wake_late_ns = self.shared.wake_late_ns.load(SeqCst);
        Some(Tick {
            index: due - 1,
            missed,
            wake_late_ns,
        })
    }

    /// Ends the thread, and returns when it has ended: at most a millisecond, and a `wake`, later.
    pub fn stop(&mut self) {
        *self
            .shared
            .stopped
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.stopping.notify_one();
        if let Some(thread) = self.thread.take() {
            // A wake that panicked has ended it already.
            let _ = thread.join();
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(shared: &Shared, schedule: Schedule, wake: &mut dyn FnMut()) {
    let Schedule {
        first_ns,
        period_ns,
    } = schedule;
    let mut next: u64 = 0;
    loop {
        let due_ns = first_ns.saturating_add(next.saturating_mul(period_ns));
        if wait_or_stop(shared, due_ns.saturating_sub(LAST_STEP_NS)) {
            return;
        }
        sleep_until(due_ns);
        let now_ns = monotonic_ns();
        // The thread itself may have been kept from running for whole periods.
        let latest = now_ns.saturating_sub(first_ns) / period_ns;
        shared
            .wake_late_ns
            .store(now_ns.saturating_sub(due_ns), SeqCst);
        shared.due.store(latest.max(next) + 1, SeqCst);
        next = latest.max(next) + 1;
        if !shared.queued.swap(true, SeqCst) {
            wake();
        }
    }
}

/// Waits until `until_ns`; true when the timer was stopped, before or meanwhile.
fn wait_or_stop(shared: &Shared, until_ns: u64) -> bool {
    let mut stopped = shared
        .stopped
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    loop {
        if *stopped {
            return true;
        }
        let left_ns = until_ns.saturating_sub(monotonic_ns());
        if left_ns == 0 {
            return false;
        }
        let wait = shared
            .stopping
            .wait_timeout(stopped, Duration::from_nanos(left_ns));
        stopped = wait.unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// The clock of the schedules.
#[cfg(target_os = "linux")]
pub fn monotonic_ns() -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` outlives the call, which can't fail for this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Never returns early.
#[cfg(target_os = "linux")]
fn sleep_until(due_ns: u64) {
    let due = libc::timespec {
        tv_sec: (due_ns / 1_000_000_000) as libc::time_t,
        tv_nsec: (due_ns % 1_000_000_000) as _,
    };
    // SAFETY: `due` outlives the call.
    let sleep = || unsafe {
        libc::clock_nanosleep(
            libc::CLOCK_MONOTONIC,
            libc::TIMER_ABSTIME,
            &due,
            std::ptr::null_mut(),
        )
    };
    while sleep() == libc::EINTR {}
}

/// From the first call in this process on.
#[cfg(not(target_os = "linux"))]
pub fn monotonic_ns() -> u64 {
    use std::{sync::OnceLock, time::Instant};
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    ORIGIN.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

#[cfg(not(target_os = "linux"))]
fn sleep_until(due_ns: u64) {
    loop {
        let left_ns = due_ns.saturating_sub(monotonic_ns());
        if left_ns == 0 {
            return;
        }
        std::thread::sleep(Duration::from_nanos(left_ns));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{channel, Receiver};

    const PERIOD_NS: u64 = 200_000;

    fn started(period_ns: u64) -> (Timer, Receiver<()>, u64) {
        let (wake, woken) = channel();
        let first_ns = monotonic_ns() + period_ns;
        let schedule = Schedule {
            first_ns,
            period_ns,
        };
        let timer = Timer::start(schedule, Wishes::default(), move || {
            let _ = wake.send(());
        });
        (timer.unwrap(), woken, first_ns)
    }

    #[test]
    fn no_tick_comes_early_and_none_is_lost_or_told_twice() {
        let (mut timer, woken, first_ns) = started(PERIOD_NS);
        let mut ticks = 0;
        while ticks < 100 {
            woken.recv().unwrap();
            let Some(tick) = timer.take() else { continue };
            assert!(monotonic_ns() >= first_ns + tick.index * PERIOD_NS);
            ticks += 1 + tick.missed;
            assert_eq!(ticks, tick.index + 1);
        }
    }

    #[test]
    fn ticks_that_nobody_takes_are_merged_into_one_wake() {
        let (mut timer, woken, first_ns) = started(PERIOD_NS);
        sleep_until(first_ns + 50 * PERIOD_NS);
        while timer.shared.due.load(SeqCst) < 50 {
            std::thread::yield_now();
        }
        woken.recv().unwrap();
        assert!(
            woken.try_recv().is_err(),
            "a second wake before the first was taken"
        );
        let merged = timer.take().unwrap();
        assert!(merged.index >= 49);
        assert_eq!(merged.missed, merged.index);
        // Taken, the next one wakes again.
        woken.recv().unwrap();
        assert_eq!(
            timer.take().map(|tick| tick.index - tick.missed),
            Some(merged.index + 1)
        );
    }

    #[test]
    fn a_stopped_timer_wakes_nobody_and_its_thread_has_ended() {
        let (mut timer, woken, _) = started(PERIOD_NS);
        woken.recv().unwrap();
        timer.stop();
        timer.stop();
        assert!(timer.thread.is_none());
        while woken.try_recv().is_ok() {}
        // The sender went with the thread.
        assert!(woken.recv().is_err());
    }

    #[test]
    fn a_timer_whose_tick_is_far_away_stops_at_once() {
        let hour_ns = 3_600_000_000_000;
        let (mut timer, woken, _) = started(hour_ns);
        timer.stop();
        assert!(woken.recv().is_err());
        assert_eq!(timer.take(), None);
    }

    #[test]
    fn a_tick_that_was_due_before_the_start_comes_at_once_with_those_missed() {
        let (wake, woken) = channel();
        let now_ns = monotonic_ns();
        let schedule = Schedule {
            first_ns: now_ns - now_ns.min(10_500_000_000),
            period_ns: 1_000_000_000,
        };
        let mut timer = Timer::start(schedule, Wishes::default(), move || {
            let _ = wake.send(());
        })
        .unwrap();
        woken.recv().unwrap();
        let tick = timer.take().unwrap();
        assert_eq!(tick.missed, tick.index);
        assert!(tick.wake_late_ns >= tick.index * 1_000_000_000);
    }

    #[test]
    fn many_timers_run_side_by_side() {
        let mut timers: Vec<_> = (1..=20).map(|k| started(k * PERIOD_NS)).collect();
        for (timer, woken, _) in &mut timers {
            woken.recv().unwrap();
            assert!(timer.take().is_some());
        }
    }

    #[test]
    fn wishes_are_granted_or_refused_with_a_reason() {
        let schedule = Schedule {
            first_ns: u64::MAX,
            period_ns: 1,
        };
        let wishes = Wishes {
            priority: Some(1),
            cpu: Some(usize::MAX),
        };
        let timer = Timer::start(schedule, wishes, || ()).unwrap();
        let fifo = timer.granted.fifo.as_ref().unwrap();
        assert_eq!(fifo.is_ok(), realtime::fifo_permitted().is_ok());
        assert!(timer.granted.pinned.as_ref().unwrap().is_err());
    }
}
