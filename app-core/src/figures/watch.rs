//! The window with a stopwatch beside it.

use super::{
    Figures, memory,
    recorder::{Frame, Recorder, Seen},
};
use crate::storage;
use eframe::{AppCreator, EframeWinitApplication, NativeOptions, UserEvent};
use std::{
    fmt, fs,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use winit::{
    application::ApplicationHandler,
    event::{DeviceEvent, DeviceId, StartCause, WindowEvent},
    event_loop::{ActiveEventLoop, EventLoop},
    window::WindowId,
};

/// The file is written this often. By a thread of its own: a window that rests is not woken for it.
const EVERY: Duration = Duration::from_secs(5);
/// Length of a clock tick of `/proc`, in milliseconds; the same on every Linux.
const TICK_MS: u64 = 10;

/// Takes times. Clones belong together.
#[derive(Clone)]
pub(crate) struct Meter {
    shared: Arc<Shared>,
}

struct Shared {
    file: PathBuf,
    app: &'static str,
    /// When the process began.
    began: Instant,
    recorder: Mutex<Recorder>,
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").field("file", &self.shared.file).finish_non_exhaustive()
    }
}

impl Meter {
    fn new(file: PathBuf, app: &'static str) -> Self {
        let now = Instant::now();
        let began = age_of_process().and_then(|age| now.checked_sub(age)).unwrap_or(now);
        Self { shared: Arc::new(Shared { file, app, began, recorder: Mutex::default() }) }
    }

    /// The interface begins to work; the answer is for [`Meter::spent`].
    pub(crate) fn begin(&self) -> Duration {
        thread_cpu()
    }

    /// It has worked, and perhaps drawn itself.
    pub(crate) fn spent(&self, since: Duration, seen: Option<Seen>) {
        let spent = thread_cpu().saturating_sub(since);
        let mut recorder = self.lock();
        recorder.spend(spent);
        if let Some(seen) = seen {
            recorder.see(seen);
        }
    }

    fn now(&self) -> Duration {
        self.shared.began.elapsed()
    }

    fn lock(&self) -> MutexGuard<'_, Recorder> {
        self.shared.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn figures(&self) -> Figures {
        let memory = memory::of_process();
        self.lock().figures(self.shared.app, self.now(), memory)
    }

    /// Replaces the file by what is known now. Blocks on the disk.
    fn write(&self) {
        let written = serde_json::to_vec_pretty(&self.figures())
            .map_err(std::io::Error::other)
            .and_then(|bytes| storage::write_atomically(&self.shared.file, &bytes));
        if let Err(error) = written {
            tracing::warn!(%error, file = %self.shared.file.display(), "the figures could not be written");
        }
    }
}

/// Opens the window as [`eframe::run_native`] does, measures it, and writes the figures to `file`.
///
/// # Errors
/// If no window can be opened.
pub(crate) fn run(
    (file, app): (PathBuf, &'static str),
    options: NativeOptions,
    create: impl FnOnce(Meter) -> AppCreator<'static>,
) -> anyhow::Result<()> {
    // The file is renamed into its folder, and the folder must have a name.
    let file = std::path::absolute(file)?;
    let meter = Meter::new(file, app);
    let event_loop = EventLoop::<UserEvent>::with_user_event().build()?;
    let window = eframe::create_native(crate::window::APP_ID, options, create(meter.clone()), &event_loop);
    let writer = Writer::start(meter.clone())?;
    let ran = event_loop.run_app(&mut Watched { window, meter: meter.clone() });
    drop(writer);
    meter.write();
    Ok(ran?)
}

/// The thread that writes, for as long as this lives.
struct Writer {
    end: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    fn start(meter: Meter) -> std::io::Result<Self> {
        let (end, ended) = mpsc::channel::<()>();
        let write = move || {
            while ended.recv_timeout(EVERY) == Err(mpsc::RecvTimeoutError::Timeout) {
                meter.write();
            }
        };
        let thread = std::thread::Builder::new().name("figures".to_owned()).spawn(write)?;
        Ok(Self { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::warn!("the thread that writes figures had failed");
        }
    }
}

/// Hands everything on, and looks at the clock before and after.
struct Watched<'a> {
    window: EframeWinitApplication<'a>,
    meter: Meter,
}

impl ApplicationHandler<UserEvent> for Watched<'_> {
    fn window_event(&mut self, event_loop: &ActiveEventLoop, id: WindowId, event: WindowEvent) {
        match &event {
            WindowEvent::KeyboardInput { event, .. } if event.state.is_pressed() && !event.repeat => {
                self.meter.lock().input(self.meter.now());
            }
            WindowEvent::MouseInput { state, .. } if state.is_pressed() => self.meter.lock().input(self.meter.now()),
            WindowEvent::RedrawRequested => {
                self.meter.lock().begin();
                let (begun, cpu) = (self.meter.now(), thread_cpu());
                self.window.window_event(event_loop, id, event);
                let frame = Frame { begun, ended: self.meter.now(), cpu: thread_cpu().saturating_sub(cpu) };
                self.meter.lock().end(frame);
                return;
            }
            _ => {}
        }
        self.window.window_event(event_loop, id, event);
    }

    fn resumed(&mut self, event_loop: &ActiveEventLoop) {
        self.window.resumed(event_loop);
    }

    fn new_events(&mut self, event_loop: &ActiveEventLoop, cause: StartCause) {
        self.window.new_events(event_loop, cause);
    }

    fn user_event(&mut self, event_loop: &ActiveEventLoop, event: UserEvent) {
        self.window.user_event(event_loop, event);
    }

    fn device_event(&mut self, event_loop: &ActiveEventLoop, id: DeviceId, event: DeviceEvent) {
        self.window.device_event(event_loop, id, event);
    }

    fn about_to_wait(&mut self, event_loop: &ActiveEventLoop) {
        self.window.about_to_wait(event_loop);
    }

    fn suspended(&mut self, event_loop: &ActiveEventLoop) {
        self.window.suspended(event_loop);
    }

    fn exiting(&mut self, event_loop: &ActiveEventLoop) {
        self.window.exiting(event_loop);
    }

    fn memory_warning(&mut self, event_loop: &ActiveEventLoop) {
        self.window.memory_warning(event_loop);
    }
}

/// CPU time of this thread so far.
#[cfg(target_os = "linux")]
fn thread_cpu() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Elsewhere nothing tells, and the columns are zero.
#[cfg(not(target_os = "linux"))]
fn thread_cpu() -> Duration {
    Duration::ZERO
}

/// How long ago the process began, to ten milliseconds; `None` where nothing tells.
fn age_of_process() -> Option<Duration> {
    age(&fs::read_to_string("/proc/self/stat").ok()?, &fs::read_to_string("/proc/uptime").ok()?)
}

fn age(stat: &str, uptime: &str) -> Option<Duration> {
    // The name, in brackets, may hold anything; the start is the 20th member behind it.
    let started: u64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    let started = Duration::from_millis(started.checked_mul(TICK_MS)?);
    let up: f64 = uptime.split_whitespace().next()?.parse().ok()?;
    Some(Duration::try_from_secs_f64(up).ok()?.saturating_sub(started))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_of_a_process_is_what_the_kernel_says() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 1 0 0 0 10 20 0 0 20 0 1 0 123400 1 2 3";
        assert_eq!(age(stat, "1236.50 999.0\n"), Some(Duration::from_millis(2500)));
        assert_eq!(age(stat, "1.0 1.0"), Some(Duration::ZERO), "clocks that disagree");
        for (stat, uptime) in [("", "1"), ("1 (x) S 1", "1"), (stat, ""), (stat, "nan"), (stat, "-1")] {
            assert_eq!(age(stat, uptime), None, "{stat} {uptime}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn work_costs_cpu_time_and_waiting_does_not() {
        let before = thread_cpu();
        let mut sum = 0_u64;
        while thread_cpu().saturating_sub(before) < Duration::from_millis(2) {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(sum > 0);
        let (_keep, never) = mpsc::channel::<()>();
        let before = thread_cpu();
        assert!(never.recv_timeout(Duration::from_millis(40)).is_err());
        assert!(thread_cpu().saturating_sub(before) < Duration::from_millis(20));
    }

    #[test]
    fn figures_are_written_whole_and_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("figures.json");
        let meter = Meter::new(file.clone(), "lumen-tv");
        let writer = Writer::start(meter.clone()).unwrap();
        let seen = Seen { screen: "home", is_focused: true, owes_frame: false, textures: 0 };
        meter.lock().begin();
        meter.spent(meter.begin(), Some(seen));
        meter.lock().end(Frame { begun: Duration::ZERO, ended: meter.now(), cpu: Duration::ZERO });
        drop(writer);
        meter.write();
        let read: Figures = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!((read.frames, read.app.as_str(), read.screens.len()), (1, "lumen-tv", 1));
        assert!(read.first_focus_ms.is_some() && read.uptime_s > 0.0);
    }
}
