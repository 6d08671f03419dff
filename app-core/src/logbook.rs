//! The last lines of the log, for those who stand before a television and have no other way to read it.

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

/// Lines kept, and characters kept of each.
const LINES: usize = 200;
const WIDTH: usize = 300;

/// The log is one for the whole process, and so is what is kept of it.
static KEPT: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// The newest lines, oldest first, at most `count`.
pub(crate) fn last(count: usize) -> Vec<String> {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.iter().skip(kept.len().saturating_sub(count)).cloned().collect()
}

fn keep(line: &str) {
    let line: String = plain(line).chars().take(WIDTH).collect();
    if line.is_empty() {
        return;
    }
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() == LINES {
        kept.pop_front();
    }
    kept.push_back(line);
}

/// A line without the colours of a terminal.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut letters = line.trim_end().chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => {
                letters.by_ref().find(char::is_ascii_alphabetic);
            }
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

/// Writes to standard error and keeps what it writes. One is made for each line.
#[derive(Debug, Default)]
pub(crate) struct Tee {
    line: Vec<u8>,
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = io::stderr().write(bytes)?;
        self.line.extend_from_slice(&bytes[..written.min(4 * WIDTH)]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        keep(&String::from_utf8_lossy(&self.line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_are_kept_without_colours_and_with_an_end() {
        for number in 0..3 * LINES {
            keep(&format!("\u{1b}[2mline\u{1b}[0m\t{number}\n"));
        }
        keep(&"x".repeat(10 * WIDTH));
        let all = last(usize::MAX);
        assert_eq!(all.len(), LINES);
        assert_eq!(all.last().map(String::len), Some(WIDTH));
        assert!(all.contains(&format!("line {}", 3 * LINES - 1)), "{:?}", &all[LINES - 3..]);
        assert_eq!(last(2).len(), 2);
    }
}
