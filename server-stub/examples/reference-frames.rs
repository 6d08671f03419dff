//! Paints frames of a film of the demo library to standard output, as raw `yuv420p`:
//!
//! ```text
//! cargo run --release -p lumen-server-stub --example reference-frames -- glass-harbour 1920x1080 240 96 3
//! ```
//!
//! Title, size, first frame, number of frames, and how many to go on each time: more than one makes a film that moves
//! faster, and is harder to encode. `scripts/measure-ssim.sh` compares encodings with them.

use std::io::Write;

use anyhow::Context;
use server_stub::ingest::{Reference, catalogue};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [title, size, first, count, step] = arguments.as_slice() else {
        anyhow::bail!("expected: TITLE WIDTHxHEIGHT FIRST_FRAME FRAMES STEP");
    };
    let title = catalogue().into_iter().find(|known| known.id.as_str() == title).context("no such title")?;
    let (width, height) = size.split_once('x').context("a size is WIDTHxHEIGHT")?;
    let reference = Reference::new(&title, width.parse()?, height.parse()?).context("it has no frames of that size")?;
    let (first, count, step): (u32, u32, u32) = (first.parse()?, count.parse()?, step.parse()?);
    let mut out = std::io::stdout().lock();
    for number in 0..count {
        let frame = first.saturating_add(number.saturating_mul(step));
        out.write_all(&reference.paint(frame))?;
    }
    Ok(())
}
