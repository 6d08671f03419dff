//! The native window: options, icon, logging.

use crate::{
    density::Density,
    desktop::{
        address::Address,
        crash,
        instance::{self, Hello, Start},
        log_file::LogFile,
    },
    figures::{self, Meter},
    launch::LaunchArgs,
    settings::Places,
    shell::LumenApp,
    tokens,
};
use egui::{Context, IconData, Rect, ViewportBuilder, ViewportCommand, pos2, vec2};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Identifies the application to the desktop.
pub(crate) const APP_ID: &str = "example.lumen.Lumen";

/// Opens the window and stays until it is closed.
///
/// # Errors
/// If no window can be opened (no display, no OpenGL) or the services cannot be started.
pub fn run(density: Density, args: LaunchArgs) -> anyhow::Result<()> {
    let tv = density.is_tv();
    let mut first = None;
    // A picture or figures that are asked for are of this start; and the window that is there is told what to open, and
    // not how.
    let is_of_this_start = args.screenshot.is_some() || args.figures.is_some() || args.has_wishes();
    if !args.new_window && !is_of_this_start {
        let linked = args.title.as_deref().map(|id| Address::Title { id: id.into(), at: args.start });
        let hello = Hello::new(&args.server, args.open.as_ref().or(linked.as_ref()));
        match instance::claim(instance::folder().as_deref(), if tv { "lumen-tv" } else { "lumen" }, &hello) {
            Start::HandedOver => {
                tracing::info!("another window has it");
                return Ok(());
            }
            Start::First(place) => first = place,
        }
    }
    let full_screen = args.fullscreen || (tv && args.windowed_size.is_none());
    let size = args.windowed_size.map_or([1280.0, 720.0], |(width, height)| [width as f32, height as f32]);
    let remembers = !tv && args.windowed_size.is_none() && args.screenshot.is_none();
    let viewport = ViewportBuilder::default()
        .with_app_id(APP_ID)
        .with_title("Lumen")
        .with_inner_size(size)
        .with_min_inner_size([640.0, 400.0])
        .with_fullscreen(full_screen)
        .with_icon(icon());
    let options = eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Glow,
        // Size, place and full screen; all other settings are our own.
        persist_window: remembers,
        // The same, told which language was chosen: `language::Fonts`.
        system_font_fallback: false,
        persistence_path: Some(Places::of_user().window),
        ..Default::default()
    };
    let args = LaunchArgs { fullscreen: full_screen, ..args };
    let file = args.figures.clone();
    let create = move |meter: Option<Meter>| -> eframe::AppCreator<'static> {
        Box::new(move |cc| {
            let app = LumenApp::new(cc, density, &args, (first, meter))?;
            Ok(Box::new(app))
        })
    };
    let opened = match file {
        Some(file) => figures::run((file, if tv { "lumen-tv" } else { "lumen" }), options, |meter| create(Some(meter))),
        None => eframe::run_native(APP_ID, options, create(None)).map_err(|error| anyhow::anyhow!("{error}")),
    };
    opened.map_err(|error| error.context("the window could not be opened"))
}

/// Whether the window was looked for: it may have been left on a monitor that is not there any more.
#[derive(Debug, Default)]
pub(crate) struct WindowPlace {
    is_checked: bool,
}

impl WindowPlace {
    /// Once, as soon as the window has a place: moves it to a monitor that exists if nobody could see it.
    pub(crate) fn bring_back(&mut self, ctx: &Context, frame: &eframe::Frame) {
        if self.is_checked {
            return;
        }
        // Without a window, and on systems that do not say where it is, there is nothing to do.
        let Some(window) = frame.winit_window() else { return };
        let Ok(at) = window.outer_position() else { return self.is_checked = true };
        let size = window.outer_size();
        let rect = |x: i32, y: i32, width: u32, height: u32| {
            Rect::from_min_size(pos2(x as f32, y as f32), vec2(width as f32, height as f32))
        };
        let monitors = window.available_monitors();
        let monitors: Vec<Rect> = monitors
            .map(|monitor| (monitor.position(), monitor.size()))
            .map(|(at, size)| rect(at.x, at.y, size.width, size.height))
            .collect();
        self.is_checked = true;
        if let Some(back) = seen_again(rect(at.x, at.y, size.width, size.height), &monitors) {
            tracing::info!("the window was on a monitor that is gone");
            ctx.send_viewport_cmd(ViewportCommand::OuterPosition(back / ctx.pixels_per_point()));
        }
    }
}

/// Where to put a window of which too little is on any monitor to be taken hold of; `None` if it is well placed.
fn seen_again(window: Rect, monitors: &[Rect]) -> Option<egui::Pos2> {
    const GRIP: f32 = 64.0;
    let bar = Rect::from_min_size(window.min, vec2(window.width(), GRIP.min(window.height())));
    let is_held = |monitor: &Rect| {
        let seen = monitor.intersect(bar);
        seen.width() >= GRIP.min(bar.width()) && seen.height() > 0.0
    };
    if monitors.iter().any(is_held) {
        return None;
    }
    let first = monitors.first()?;
    let room = (first.size() - window.size()).max(egui::Vec2::ZERO);
    Some(first.min + room / 2.0)
}

/// Sends logs to standard error and to a file, and has crashes reported from now on. `LUMEN_LOG` chooses what, for example `debug` or `player_core=debug,warn`.
pub fn init_logging() {
    let filter = EnvFilter::try_from_env("LUMEN_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,app_core=info,player_core=info,service_api=info"));
    let places = Places::of_user();
    let log = LogFile::open(places.log);
    log.become_the_log();
    let terminal = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    let file = tracing_subscriber::fmt::layer().with_writer(log.clone()).with_ansi(false);
    let subscriber = tracing_subscriber::registry().with(filter).with(terminal).with(file);
    if let Err(error) = subscriber.try_init() {
        tracing::debug!(%error, "logging was already set up");
        return;
    }
    crash::install(places.crashes, log);
}

/// The icon: the accent's sun over two hills, drawn pixel by pixel.
fn icon() -> IconData {
    const SIDE: usize = 128;
    let tokens = tokens::dark();
    let mut rgba = Vec::with_capacity(SIDE * SIDE * 4);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (u, v) = ((x as f32 + 0.5) / SIDE as f32, (y as f32 + 0.5) / SIDE as f32);
            let far = 0.62 - 0.10 * (u * 5.2 + 0.6).sin();
            let near = 0.78 - 0.08 * (u * 6.4 + 2.4).sin();
            let sun = ((u - 0.5).powi(2) + (v - 0.46).powi(2)).sqrt() < 0.24;
            let colour = if v > near {
                tokens.ink
            } else if v > far {
                tokens::mix(tokens.ink, tokens.accent, 0.35)
            } else if sun {
                tokens.accent
            } else {
                tokens.surface_2
            };
            // A rounded square, softened over one pixel.
            let edge = (0.5 - (u - 0.5).abs()).min(0.5 - (v - 0.5).abs());
            let corner = {
                let dx = ((u - 0.5).abs() - 0.30).max(0.0);
                let dy = ((v - 0.5).abs() - 0.30).max(0.0);
                0.20 - (dx * dx + dy * dy).sqrt()
            };
            let cover = (edge.min(corner) * SIDE as f32 + 0.5).clamp(0.0, 1.0);
            let [r, g, b, _] = colour.to_array();
            rgba.extend_from_slice(&[r, g, b, (255.0 * cover) as u8]);
        }
    }
    IconData { rgba, width: SIDE as u32, height: SIDE as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_on_a_monitor_that_is_gone_comes_back() {
        let monitor = |x: f32| Rect::from_min_size(pos2(x, 0.0), vec2(1920.0, 1080.0));
        let window = |x: f32, y: f32| Rect::from_min_size(pos2(x, y), vec2(1280.0, 720.0));
        let both = [monitor(0.0), monitor(1920.0)];
        assert_eq!(seen_again(window(2400.0, 100.0), &both), None);
        let back = Some(pos2(320.0, 180.0));
        for (x, y) in [(2400.0, 100.0), (0.0, 1080.0), (-1250.0, 0.0), (0.0, -700.0), (1e6, -1e6)] {
            assert_eq!(seen_again(window(x, y), &both[..1]), back, "{x} {y}");
        }
        assert_eq!(seen_again(window(-1000.0, 1000.0), &both[..1]), None, "enough of it is there to be pulled");
        assert_eq!(seen_again(window(0.0, 0.0), &[]), None, "nothing is known of monitors");
        let large = Rect::from_min_size(pos2(5000.0, 0.0), vec2(4000.0, 4000.0));
        assert_eq!(seen_again(large, &both[..1]), Some(pos2(0.0, 0.0)));
    }

    #[test]
    fn the_icon_is_round_at_its_corners() {
        let icon = icon();
        assert_eq!(icon.rgba.len(), 128 * 128 * 4);
        assert_eq!(icon.rgba[3], 0);
        assert_eq!(icon.rgba[(64 * 128 + 64) * 4 + 3], 255);
    }
}
