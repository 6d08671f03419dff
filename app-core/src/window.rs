//! The native window: options, icon, logging.

use crate::{density::Density, launch::LaunchArgs, settings::Places, settings::Settings, shell::LumenApp, tokens};
use egui::{IconData, ViewportBuilder};
use tracing_subscriber::EnvFilter;

/// Identifies the application to the desktop.
const APP_ID: &str = "lumen";

/// Opens the window and stays until it is closed.
///
/// # Errors
/// If no window can be opened (no display, no OpenGL) or the services cannot be started.
pub fn run(density: Density, args: LaunchArgs) -> anyhow::Result<()> {
    let settings = Settings::load(&Places::of_user().settings);
    let tv = density.is_tv();
    let full_screen = args.fullscreen || (tv && args.windowed_size.is_none());
    let size = match (args.windowed_size, settings.window) {
        (Some((width, height)), _) => [width as f32, height as f32],
        (None, Some(size)) if !tv => size,
        _ => [1280.0, 720.0],
    };
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
        // The application keeps its own settings.
        persist_window: false,
        ..Default::default()
    };
    let args = LaunchArgs { fullscreen: full_screen, ..args };
    let opened = eframe::run_native(
        APP_ID,
        options,
        Box::new(move |cc| {
            let app = LumenApp::new(cc, density, &args)?;
            Ok(Box::new(app))
        }),
    );
    opened.map_err(|error| anyhow::anyhow!("the window could not be opened: {error}"))
}

/// Sends logs to standard error. `LUMEN_LOG` chooses what, for example `debug` or `player_core=debug,warn`.
pub fn init_logging() {
    let filter = EnvFilter::try_from_env("LUMEN_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,app_core=info,player_core=info,service_api=info"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(crate::logbook::Tee::default)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(true);
    if let Err(error) = subscriber.try_init() {
        tracing::debug!(%error, "logging was already set up");
    }
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
    fn the_icon_is_round_at_its_corners() {
        let icon = icon();
        assert_eq!(icon.rgba.len(), 128 * 128 * 4);
        assert_eq!(icon.rgba[3], 0);
        assert_eq!(icon.rgba[(64 * 128 + 64) * 4 + 3], 255);
    }
}
