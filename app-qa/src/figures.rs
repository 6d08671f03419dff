//! `lumen-qa figures`: reads what an app wrote with `--figures`, and prints it as a table.

use crate::exit::Exit;
use anyhow::{Context as _, bail};
use app_core::{FIGURES_VERSION, Figures, Quantiles};
use clap::Args;
use std::{fmt::Write as _, fs::File, io::Read, path::PathBuf};

/// Longest file that is read, in bytes: a dozen screens are some kilobytes.
const LONGEST: u64 = 1 << 20;

/// Prints the figures that `lumen` or `lumen-tv` wrote with --figures.
///
/// Examples:
///
///   lumen-tv --figures /tmp/figures.json && lumen-qa figures /tmp/figures.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct FiguresArgs {
    /// The file that was written.
    pub file: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// If the file cannot be read, is too long, or holds no figures.
pub fn run(arguments: &FiguresArgs) -> anyhow::Result<Exit> {
    let name = arguments.file.display();
    let file = File::open(&arguments.file).with_context(|| format!("cannot open {name}"))?;
    let figures = read(file).with_context(|| format!("cannot read {name}"))?;
    print!("{}", table(&figures));
    Ok(Exit::Pass)
}

/// Reads figures. Members of a newer app are passed over.
///
/// # Errors
/// If there is more than 1 MiB, or something else than figures.
pub fn read(from: impl Read) -> anyhow::Result<Figures> {
    let mut text = String::new();
    let length = from.take(LONGEST + 1).read_to_string(&mut text)?;
    if length as u64 > LONGEST {
        bail!("more than {} MiB are no figures", LONGEST >> 20);
    }
    let figures: Figures = serde_json::from_str(&text).context("these are no figures of an app")?;
    if figures.version > FIGURES_VERSION {
        bail!("these figures are of version {}, and {FIGURES_VERSION} is the newest known", figures.version);
    }
    Ok(figures)
}

/// The figures for people.
pub fn table(figures: &Figures) -> String {
    let millis = |time: Option<f64>| time.map_or_else(|| "never".to_owned(), |time| format!("{time:.0} ms"));
    let mut text = format!(
        "{} after {:.1} s: {} frames; first frame {}, first focus {}\n",
        figures.app,
        figures.uptime_s,
        figures.frames,
        millis(figures.first_frame_ms),
        millis(figures.first_focus_ms),
    );
    let memory = figures.memory;
    let mib = |kib: u64| kib as f64 / 1024.0;
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "memory {:.1} MiB resident (peak {:.1}): {:.1} heap, of it {:.1} pictures; {:.1} program and libraries; \
         {:.1} OpenGL driver; {:.1} shared",
        mib(memory.resident_kib),
        mib(memory.peak_kib),
        mib(memory.anonymous_kib),
        mib(memory.textures_kib),
        mib(memory.files_kib),
        mib(memory.driver_kib),
        mib(memory.shared_kib),
    );
    let _ = writeln!(
        text,
        "{:<14}{:<22}{:>8}{:>10}{:>10}{:>10}{:>10}",
        "screen", "what, in ms", "count", "p50", "p95", "p99", "max"
    );
    for (screen, of) in &figures.screens {
        let lines = [
            ("interface CPU", of.pass),
            ("frame CPU", of.frame_cpu),
            ("frame", of.frame),
            ("input to frame", of.input),
        ];
        for (what, Quantiles { count, p50, p95, p99, max }) in lines {
            if count > 0 {
                let _ = writeln!(text, "{screen:<14}{what:<22}{count:>8}{p50:>10.2}{p95:>10.2}{p99:>10.2}{max:>10.2}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use app_core::{Memory, ScreenFigures};

    fn figures() -> Figures {
        let pass = Quantiles { count: 40, p50: 0.5, p95: 1.25, p99: 2.0, max: 3.5 };
        let home = ScreenFigures { pass, input: Quantiles { count: 0, ..pass }, ..ScreenFigures::default() };
        Figures {
            version: FIGURES_VERSION,
            app: "lumen-tv".to_owned(),
            uptime_s: 12.0,
            frames: 40,
            first_frame_ms: Some(310.4),
            first_focus_ms: None,
            screens: [("home".to_owned(), home)].into(),
            memory: Memory { resident_kib: 150 << 10, driver_kib: 40 << 10, ..Memory::default() },
        }
    }

    #[test]
    fn what_an_app_writes_is_read_back_and_printed() {
        let written = serde_json::to_vec_pretty(&figures()).unwrap();
        let read = read(&written[..]).unwrap();
        assert_eq!(read, figures());
        let text = table(&read);
        for part in ["first frame 310 ms, first focus never", "150.0 MiB resident", "40.0 OpenGL driver"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("home")).collect();
        let [line] = lines[..] else { panic!("only what was counted: {text}") };
        assert_eq!(line.split_whitespace().collect::<Vec<_>>()[3..], ["40", "0.50", "1.25", "2.00", "3.50"]);
    }

    #[test]
    fn what_is_no_figures_is_said_to_be_none() {
        for wrong in ["", "{}", "[]", "null", "{\"version\": \"one\"}"] {
            assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(read(std::io::repeat(b' ')).unwrap_err().to_string().contains("1 MiB"));
        let mut newer = serde_json::to_value(figures()).unwrap();
        newer["of_tomorrow"] = 1.into();
        assert!(read(newer.to_string().as_bytes()).is_ok());
        newer["version"] = (FIGURES_VERSION + 1).into();
        assert!(read(newer.to_string().as_bytes()).is_err(), "its numbers may mean something else");
    }
}
