//! Cue settings and regions.

use crate::text::{CueSettings, DisplayAlign, Line, LineAlign, Percent, PositionAlign, Region, TextAlign, Vertical};

/// Regions of one file; more have no use.
const MAX_REGIONS: usize = 64;
/// Height of a line in a region, in hundredths of a percent of the picture: the specification's 5.33vh.
const REGION_LINE: i32 = 533;

/// Regions by their names.
#[derive(Debug, Default)]
pub(in crate::text) struct Regions {
    regions: Vec<(String, Region)>,
}

impl Regions {
    /// Reads a `REGION` block. The last of one name counts.
    pub(super) fn add(&mut self, lines: &[&str]) {
        let (mut id, mut width, mut lines_high, mut scroll) = (String::new(), Percent::FULL, 3, false);
        let (mut anchor, mut viewport) = ((0.0, 100.0), (0.0, 100.0));
        for word in lines.iter().flat_map(|line| line.split_whitespace()) {
            // Both signs are in use.
            let Some((name, value)) = word.split_once([':', '=']) else { continue };
            match name {
                "id" => id = value.to_owned(),
                "width" => width = percent(value).map_or(width, Percent::new),
                "lines" => {
                    lines_high = value.parse::<i32>().ok().filter(|n| (0..=100).contains(n)).unwrap_or(lines_high)
                }
                "regionanchor" => anchor = pair(value).unwrap_or(anchor),
                "viewportanchor" => viewport = pair(value).unwrap_or(viewport),
                "scroll" => scroll = value == "up",
                _ => {}
            }
        }
        if id.is_empty() || self.regions.len() >= MAX_REGIONS {
            return;
        }
        let height = Percent(lines_high * REGION_LINE);
        let region = Region {
            left: Percent::new(viewport.0 - width.get() * anchor.0 / 100.0),
            top: Percent::new(viewport.1 - height.get() * anchor.1 / 100.0),
            width,
            height,
            display_align: DisplayAlign::After,
            scroll,
        };
        self.regions.push((id, region));
    }

    /// Reads the `REGION` blocks of a header without cues, as MP4 has it.
    pub(in crate::text) fn of_header(header: &str) -> Self {
        let mut regions = Self::default();
        for block in header.split("\n\n") {
            let lines: Vec<&str> = block.lines().skip_while(|line| line.is_empty()).collect();
            if let Some((_, rest)) = lines.split_first().filter(|(first, _)| first.trim_end() == "REGION") {
                regions.add(rest);
            }
        }
        regions
    }

    fn get(&self, id: &str) -> Option<Region> {
        self.regions.iter().rev().find(|(known, _)| known == id).map(|(_, region)| region.clone())
    }
}

/// Reads the words behind the times. What makes no sense is passed over.
pub(in crate::text) fn settings(words: &str, regions: &Regions) -> CueSettings {
    let mut settings = CueSettings::default();
    for word in words.split_whitespace() {
        if let Some((name, value)) = word.split_once(':') {
            set(&mut settings, name, value, regions);
        }
    }
    // A region has room for horizontal lines of its own width only.
    if settings.vertical != Vertical::Horizontal || settings.line.is_some() || settings.size.is_some() {
        settings.region = None;
    }
    settings
}

fn set(settings: &mut CueSettings, name: &str, value: &str, regions: &Regions) -> Option<()> {
    let (first, second) = value.split_once(',').map_or((value, None), |(first, second)| (first, Some(second)));
    match name {
        "region" => settings.region = regions.get(value),
        "vertical" => {
            settings.vertical = match value {
                "rl" => Vertical::RightToLeft,
                "lr" => Vertical::LeftToRight,
                _ => return None,
            }
        }
        "line" => {
            settings.line = Some(match percent(first) {
                Some(number) => Line::Percent(Percent::new(number)),
                // Whole numbers are meant; some write a point.
                None => Line::Number(first.parse::<f64>().ok().filter(|line| line.abs() <= 1_000.0)?.trunc() as i32),
            });
            settings.line_align = match second {
                Some("center") => LineAlign::Center,
                Some("end") => LineAlign::End,
                _ => LineAlign::Start,
            };
        }
        "position" => {
            settings.position = Some(Percent::new(percent(first)?));
            settings.position_align = match second {
                Some("line-left" | "start") => PositionAlign::LineLeft,
                Some("center" | "middle") => PositionAlign::Center,
                Some("line-right" | "end") => PositionAlign::LineRight,
                _ => PositionAlign::Auto,
            };
        }
        "size" => settings.size = Some(Percent::new(percent(value)?)),
        "align" => {
            settings.align = match value {
                // The second is of an older draft.
                "center" | "middle" => TextAlign::Center,
                "start" => TextAlign::Start,
                "end" => TextAlign::End,
                "left" => TextAlign::Left,
                "right" => TextAlign::Right,
                _ => return None,
            }
        }
        _ => {}
    }
    Some(())
}

/// `12.5%`, 0 to 100.
fn percent(text: &str) -> Option<f64> {
    let digits = text.strip_suffix('%')?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    plain.then(|| digits.parse().ok()).flatten().filter(|number| (0.0..=100.0).contains(number))
}

fn pair(text: &str) -> Option<(f64, f64)> {
    let (x, y) = text.split_once(',')?;
    Some((percent(x)?, percent(y)?))
}
