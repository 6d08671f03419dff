//! Paints frames of a film of the demo library to standard output, as raw `yuv420p`:
//!
//! ```text
//! cargo run --release -p lumen-server-stub --example reference-frames -- glass-harbour 1920x1080 240 96
//! ```
//!
//! Title, size, first frame, number of frames. `scripts/measure-ssim.sh` compares encodings with them.

use std::io::Write;

use anyhow::Context;
use server_stub::ingest::{Reference, catalogue};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [title, size, first, count] = arguments.as_slice() else {
        anyhow::bail!("expected: TITLE WIDTHxHEIGHT FIRST_FRAME FRAMES");
    };
    let title = catalogue().into_iter().find(|known| known.id.as_str() == title).context("no such title")?;
    let (width, height) = size.split_once('x').context("a size is WIDTHxHEIGHT")?;
    let reference = Reference::new(&title, width.parse()?, height.parse()?).context("it has no frames of that size")?;
    let (first, count): (u32, u32) = (first.parse()?, count.parse()?);
    let mut out = std::io::stdout().lock();
    for frame in first..first.saturating_add(count) {
        out.write_all(&reference.paint(frame))?;
    }
    Ok(())
}
