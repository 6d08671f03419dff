//! What somebody on the telephone asks for: what this is, how it is, and the end of its log, also as a picture for a phone.
//! It opens on a television with left, left, right, right, OK.

use super::sign_in_code;
use crate::{
    app::{Model, Msg},
    code::Squares,
    cx::{Cx, say},
    desktop::log_file,
    focus::FocusMap,
    language::tr,
    theme::Type,
    widgets::{
        button::{self, Kind, Label},
        text,
    },
};
use egui::{Align2, Id, Key, Rect, Ui, pos2, vec2};

/// Lines of the log that fit.
const LINES: usize = 15;
/// Bytes in the picture: more squares would not be read across a room.
const PICTURE: usize = 700;
/// Longest pause between two keys of the combination, in seconds.
const PAUSE: f64 = 1.5;
const COMBINATION: [Key; 5] = [Key::ArrowLeft, Key::ArrowLeft, Key::ArrowRight, Key::ArrowRight, Key::Enter];

/// How far somebody has come with the keys that open it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Combination {
    pressed: usize,
    at: f64,
}

impl Combination {
    /// A key was pressed at `now`, in seconds. Is it the last of the combination?
    pub(crate) fn press(&mut self, key: Key, now: f64) -> bool {
        let goes_on = now - self.at <= PAUSE && COMBINATION.get(self.pressed) == Some(&key);
        self.at = now;
        self.pressed = match () {
            () if goes_on => self.pressed + 1,
            // Who pressed left three times has begun all the same.
            () if key == COMBINATION[0] => 1 + usize::from(self.pressed == 2),
            () => 0,
        };
        if self.pressed == COMBINATION.len() {
            self.pressed = 0;
            return true;
        }
        false
    }
}

fn id(name: &str) -> Id {
    Id::unique(("diagnostics", name))
}

/// Only its own buttons.
pub(crate) fn focus_map() -> FocusMap {
    FocusMap::default().row(id("buttons"), [id("close"), id("less"), id("more")]).starting_at(id("close"))
}

/// Shows it over the whole screen.
pub(crate) fn view(ui: &mut Ui, cx: &mut Cx<'_>, model: &Model) {
    let area = ui.max_rect();
    let tokens = cx.theme.tokens;
    ui.painter().rect_filled(ui.ctx().content_rect(), 0.0, tokens.ink);
    let left = area.left() + cx.theme.metrics.keyline;
    let right = area.right() - cx.theme.metrics.keyline;
    let mut top = area.top() + 30.0;
    let line = |ui: &Ui, cx: &Cx<'_>, at: f32, name: &str, words: &str, role, colour| {
        let place = (pos2(left, at), Align2::LEFT_TOP, right - left - 230.0);
        let rect = text::clipped_line(ui.painter(), &cx.theme, place, words, (role, colour));
        say(ui, id(name), rect, words);
        rect.bottom()
    };
    top = line(ui, cx, top, "title", tr!("diagnostics"), Type::Title, tokens.text) + 6.0;
    let facts = facts(ui, model);
    for (index, words) in facts.iter().enumerate() {
        top = line(ui, cx, top, &format!("fact-{index}"), words, Type::Label, tokens.text_2) + 2.0;
    }
    let buttons = pos2(left, top + 10.0);
    let (mut rect, close) = button::labelled(ui, cx, id("close"), buttons, &Label::new(Kind::Primary, tr!("close")));
    if close {
        cx.send(Msg::Diagnostics(false));
    }
    for (name, words, by) in [("less", tr!("diagnostics-larger"), -1), ("more", tr!("diagnostics-smaller"), 1)] {
        let (next, pressed) =
            button::labelled(ui, cx, id(name), pos2(rect.right() + 12.0, rect.top()), &Label::new(Kind::Plain, words));
        if pressed {
            cx.send(Msg::Overscan(by));
        }
        rect = next;
    }
    top = rect.bottom() + 14.0;
    let lines = log_file::last(LINES);
    for (index, words) in lines.iter().enumerate() {
        top = line(ui, cx, top, &format!("log-{index}"), words, Type::Caption, tokens.text_3);
    }
    if let Some(squares) = picture(&facts) {
        let side = 200.0;
        let rect = Rect::from_min_size(pos2(right - side, area.top() + 30.0), vec2(side, side));
        sign_in_code::paint(ui, cx, rect, &squares, (tr!("diagnostics-picture"), id("picture")));
    }
    // Where the edges of the panel are, for those who change how much it cuts off.
    ui.painter().rect_stroke(area, 0.0, (2.0, tokens.accent), egui::StrokeKind::Inside);
}

/// What this is and how it is.
fn facts(ui: &Ui, model: &Model) -> Vec<String> {
    let panel = ui.ctx().content_rect().size() * ui.ctx().pixels_per_point();
    let memory = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| resident(&status));
    let memory = memory.map_or_else(|| tr!("unknown").to_owned(), |mib| format!("{mib} MiB"));
    let signed_in = if model.account.is_some() { tr!("diagnostics-signed-in") } else { tr!("diagnostics-signed-out") };
    vec![
        tr!("diagnostics-lumen", version = env!("CARGO_PKG_VERSION"), machine = std::env::consts::ARCH),
        tr!("diagnostics-server", address = model.server.as_str().trim_end_matches('/'), state = signed_in),
        tr!(
            "diagnostics-panel",
            width = panel.x.round() as u32,
            height = panel.y.round() as u32,
            percent = model.settings.overscan
        ),
        tr!("diagnostics-memory", memory = memory),
    ]
}

/// MiB of resident memory by `/proc/self/status`.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}

/// Facts and the newest lines, as much as fits.
fn picture(facts: &[String]) -> Option<Squares> {
    let mut words = facts.join("\n");
    for line in log_file::last(LINES).iter().rev() {
        if words.len() + line.len() >= PICTURE {
            break;
        }
        words = format!("{words}\n{line}");
    }
    Squares::of_text(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(keys: &[Key], pause: f64) -> bool {
        let mut combination = Combination::default();
        let mut now = 10.0;
        keys.iter().fold(false, |_, key| {
            now += pause;
            combination.press(*key, now)
        })
    }

    #[test]
    fn five_keys_open_it_and_nothing_else_does() {
        use Key::{ArrowLeft as L, ArrowRight as R, Enter};
        assert!(opens(&[L, L, R, R, Enter], 0.3));
        assert!(opens(&[R, L, L, L, R, R, Enter], 0.3), "however it begins");
        assert!(opens(&[L, L, R, L, L, R, R, Enter], 0.3));
        assert!(!opens(&[L, L, R, R, Enter], 1.6), "too slow");
        assert!(!opens(&[L, R, L, R, Enter], 0.3));
        assert!(!opens(&[L, L, R, R, R, Enter], 0.3));
        assert!(!opens(&[L, L, R, R], 0.3));
    }

    #[test]
    fn memory_is_read_from_what_the_kernel_says() {
        assert_eq!(resident("Name: x\nVmRSS:\t  184320 kB\n"), Some(180));
        assert_eq!(resident("VmRSS: much"), None);
    }

    #[test]
    fn the_picture_holds_no_more_than_can_be_read() {
        let squares = picture(&["x".repeat(300), "y".repeat(300)]).unwrap();
        assert!(squares.side() <= 125, "{}", squares.side());
    }
}
