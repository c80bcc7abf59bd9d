//! The real-time clock to Node: `native/timer.ts` says what it promises.

use napi::bindgen_prelude::{Error, Function, Result, Status};
use napi::threadsafe_function::ThreadsafeFunctionCallMode::NonBlocking;
use napi_derive::napi;
use perigee_kernels::{realtime, timer};

#[napi(object)]
pub struct TimerOptions {
    pub first_ns: f64,
    pub period_ns: f64,
    pub priority: Option<i32>,
    pub cpu: Option<u32>,
}

#[napi(object)]
pub struct TimerTick {
    pub index: f64,
    pub missed: f64,
    pub wake_late_ns: f64,
}

#[napi]
pub struct NativeTimer {
    timer: timer::Timer,
}

#[napi]
impl NativeTimer {
    #[napi]
    pub fn take(&mut self) -> Option<TimerTick> {
        let tick = self.timer.take()?;
        Some(TimerTick {
            index: tick.index as f64,
            missed: tick.missed as f64,
            wake_late_ns: tick.wake_late_ns as f64,
        })
    }

    #[napi]
    pub fn stop(&mut self) {
        self.timer.stop();
    }

    /// Why the thread is not under SCHED_FIFO, or not on its CPU, as was asked.
    #[napi(getter)]
    pub fn refused(&self) -> Option<String> {
        let granted = &self.timer.granted;
        let fifo = granted
            .fifo
            .as_ref()
            .and_then(|asked| reason("SCHED_FIFO", asked));
        fifo.or_else(|| {
            granted
                .pinned
                .as_ref()
                .and_then(|asked| reason("its CPU", asked))
        })
    }
}

/// `wake` is called on the event loop, and keeps no process alive.
#[napi]
pub fn start_timer(options: TimerOptions, wake: Function<(), ()>) -> Result<NativeTimer> {
    let TimerOptions {
        first_ns,
        period_ns,
        priority,
        cpu,
    } = options;
    let representable = |ns: f64| (0.0..9e18).contains(&ns);
    if !representable(first_ns) || !representable(period_ns) || period_ns < 1.0 {
        return Err(Error::new(
            Status::InvalidArg,
            "a timer needs an instant and a period in nanoseconds",
        ));
    }
    let schedule = timer::Schedule {
        first_ns: first_ns as u64,
        period_ns: period_ns as u64,
    };
    let wishes = timer::Wishes {
        priority,
        cpu: cpu.map(|cpu| cpu as usize),
    };
    let call = wake
        .build_threadsafe_function::<()>()
        .weak::<true>()
        .build()?;
    // The environment that is ending refuses the call: then nobody takes the tick.
    let timer = timer::Timer::start(schedule, wishes, move || {
        call.call((), NonBlocking);
    });
    timer
        .map(|timer| NativeTimer { timer })
        .map_err(|error| Error::from_reason(error.to_string()))
}

/// The clock that a timer's instants are of.
#[napi]
pub fn monotonic_ns() -> f64 {
    timer::monotonic_ns() as f64
}

/// Why no thread here may run under SCHED_FIFO; nothing where it may.
#[napi]
pub fn fifo_refused() -> Option<String> {
    reason("SCHED_FIFO", &realtime::fifo_permitted())
}

/// Puts the main thread under SCHED_FIFO, and its helpers with a priority of their own. Returns why not.
#[napi]
pub fn schedule_process(main: i32, helpers: i32) -> Option<String> {
    reason("SCHED_FIFO", &realtime::fifo_process(main, helpers))
}

/// Keeps the process's code in memory. Returns why not.
#[napi]
pub fn lock_code() -> Option<String> {
    reason("locked code", &realtime::lock_code())
}

fn reason(what: &str, asked: &std::io::Result<()>) -> Option<String> {
    asked.as_ref().err().map(|error| format!("{what}: {error}"))
}
