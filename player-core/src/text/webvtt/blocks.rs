//! The walk over a file: blocks parted by empty lines, or by the next timing line.

use super::css::StyleSheet;
use super::markup::styled;
use super::settings::{Regions, settings};
use super::{MAX_CUES, MAX_TEXT, WebVttError, timestamp};
use crate::text::Cue;
use abr::MediaTime;

/// Which of two similar forms a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::text) enum Dialect {
    WebVtt,
    /// No settings, no styles, no regions.
    SubRip,
}

/// Cues of the lines behind the header.
pub(in crate::text) fn read<'a>(
    lines: impl Iterator<Item = &'a str>,
    dialect: Dialect,
) -> Result<Vec<Cue>, WebVttError> {
    let mut reader = Reader { dialect, regions: Regions::default(), styles: StyleSheet::default(), cues: Vec::new() };
    let mut block: Vec<&str> = Vec::new();
    // Is the timing line of the block already there? Then another one begins the next block.
    let mut timed = false;
    for line in lines {
        let timing = line.contains("-->");
        if line.is_empty() || (timing && timed) || (timing && block.len() > 1) {
            reader.block(&block)?;
            block.clear();
            timed = false;
        }
        timed |= timing;
        if !line.is_empty() {
            block.push(line);
        }
    }
    reader.block(&block)?;
    Ok(reader.cues)
}

struct Reader {
    dialect: Dialect,
    regions: Regions,
    styles: StyleSheet,
    cues: Vec<Cue>,
}

impl Reader {
    fn block(&mut self, block: &[&str]) -> Result<(), WebVttError> {
        let (id, timing, text) = match block {
            [first, text @ ..] if first.contains("-->") => ("", *first, text),
            [id, timing, text @ ..] if timing.contains("-->") => (*id, *timing, text),
            [first, rest @ ..] if self.dialect == Dialect::WebVtt => {
                match first.trim_end() {
                    "STYLE" => self.styles.add(rest),
                    "REGION" => self.regions.add(rest),
                    // A comment, or nothing that we know.
                    _ => {}
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        let Some((start, end, words)) = times(timing) else { return Ok(()) };
        let settings = match self.dialect {
            Dialect::WebVtt => settings(words, &self.regions),
            Dialect::SubRip => Default::default(),
        };
        let cue = Cue { start, end, settings, ..Cue::default() }.with_spans(styled(&limited(text), id, &self.styles));
        if cue.lines.is_empty() || end <= start {
            return Ok(());
        }
        if self.cues.len() == MAX_CUES {
            return Err(WebVttError::TooManyCues);
        }
        self.cues.push(cue);
        Ok(())
    }
}

/// `start --> end settings`, white space around the arrow or not.
fn times(line: &str) -> Option<(MediaTime, MediaTime, &str)> {
    let (start, rest) = line.split_once("-->")?;
    let rest = rest.trim_start();
    let (end, settings) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    Some((timestamp(start)?, timestamp(end)?, settings))
}

/// As many lines as fit.
fn limited(lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        if text.len() + line.len() > MAX_TEXT {
            break;
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}
