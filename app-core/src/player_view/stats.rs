//! The stats overlay: what is played, how the network is, and why the quality is what it is.

use super::{
    controls,
    model::{PlayerMsg, PlayerScreen, speed_label, track_name},
};
use crate::{
    app::Msg,
    cx::{Cx, say},
    format, icons,
    language::tr,
    theme::{Theme, Type},
    tokens,
    widgets::text,
};
use egui::{Align2, Color32, CursorIcon, Id, Painter, Pos2, Rect, Role, Stroke, Ui, WidgetInfo, pos2, vec2};
use player_core::{Bitrate, DecoderReason, PlaybackState, PlayerSnapshot, QualityChoice, snapshot::Stats};

/// Identity of the copy button.
pub(crate) fn copy_id() -> Id {
    Id::unique("player-stats-copy")
}

/// Codec and picture of what is shown.
fn video(player: &PlayerScreen) -> Option<String> {
    let snapshot = &player.snapshot;
    let rung = snapshot.shown_rung.and_then(|id| snapshot.rung(id))?;
    let mut words = vec![rung.codecs.split(',').next().unwrap_or_default().trim().to_owned()];
    words.push(format!("{}×{}", rung.width, rung.height));
    // `23.98`, but `25`.
    words.extend(player.frames.rate().map(|rate| {
        let text = format!("{rate:.2}");
        tr!("stats-rate", rate = format::decimal(text.trim_end_matches('0').trim_end_matches('.')))
    }));
    words.retain(|word| !word.is_empty());
    Some(words.join(" · "))
}

/// What decodes the pictures, and why.
fn decoder(stats: &Stats) -> Option<String> {
    let decoder = stats.video_decoder.as_ref()?;
    let Some(chosen) = &stats.video_decoder_chosen else { return Some(decoder.clone()) };
    let name = if chosen.is_hardware {
        tr!("stats-hardware", decoder = decoder)
    } else {
        tr!("stats-software", decoder = decoder)
    };
    let why = match chosen.reason {
        DecoderReason::Best => tr!("decoder-best"),
        DecoderReason::NoHardware => tr!("decoder-no-hardware"),
        DecoderReason::HardwareFailed => tr!("decoder-hardware-failed"),
        DecoderReason::SoftwareWanted | DecoderReason::Named => tr!("decoder-wanted"),
        DecoderReason::OtherWanted => tr!("decoder-other-wanted"),
    };
    Some(format!("{name} · {why}"))
}

/// Language and decoder of what is heard.
fn audio(snapshot: &PlayerSnapshot) -> Option<String> {
    let selected = snapshot.selected_audio?;
    let name = snapshot.tracks.iter().find(|track| track.id == selected).map(track_name);
    let words: Vec<String> = name.into_iter().chain(snapshot.stats.audio_decoder.clone()).collect();
    (!words.is_empty()).then(|| words.join(" · "))
}

/// Names and values of the table.
fn table(player: &PlayerScreen, path: &str) -> Vec<(&'static str, String)> {
    let snapshot = &player.snapshot;
    let stats = &snapshot.stats;
    let dash = || "–".to_owned();
    let shown = snapshot.shown_rung.and_then(|id| snapshot.rung(id));
    let rendition = shown.map_or_else(dash, |rung| {
        let mut ladder: Vec<_> = snapshot.rungs.iter().map(|r| (r.bitrate, r.id)).collect();
        ladder.sort();
        let place = ladder.iter().position(|(_, id)| *id == rung.id).map_or(0, |index| index + 1);
        let (count, label, rate) = (ladder.len(), rung.label(), format::decimal(&rung.bitrate.to_string()));
        match snapshot.quality {
            QualityChoice::Auto => {
                tr!("stats-rendition-auto", place = place, count = count, label = label, rate = rate)
            }
            QualityChoice::Fixed(_) => {
                tr!("stats-rendition-fixed", place = place, count = count, label = label, rate = rate)
            }
        }
    });
    let throughput = match (stats.throughput, stats.safe_throughput) {
        (Some(estimate), Some(safe)) => tr!(
            "stats-estimate-safe",
            estimate = format::decimal(&estimate.to_string()),
            safe = format::decimal(&safe.to_string())
        ),
        (Some(estimate), None) => tr!("stats-estimate", estimate = format::decimal(&estimate.to_string())),
        _ => dash(),
    };
    let first = stats.time_to_first_frame.map_or_else(dash, format::milliseconds);
    let stalls = match stats.stalls {
        0 => tr!("stats-no-stalls").to_owned(),
        count => tr!("stats-stalls", count = count, time = format::tenths(stats.stalled_for.as_secs_f64())),
    };
    let ttfb = stats.ttfb.map_or_else(dash, format::milliseconds);
    let mut rows = vec![
        (tr!("stats-video"), video(player).unwrap_or_else(dash)),
        (tr!("decoder"), decoder(stats).unwrap_or_else(dash)),
        (tr!("stats-drawn"), path.to_owned()),
        (tr!("audio"), audio(snapshot).unwrap_or_else(dash)),
        (tr!("stats-rendition"), rendition),
        (tr!("stats-throughput"), throughput),
        (tr!("stats-buffer"), tr!("seconds-short", amount = format::tenths(snapshot.buffered.as_secs_f64()))),
        (tr!("stats-start"), tr!("stats-first-frame", time = first, stalls = stalls)),
        (
            tr!("stats-frames"),
            tr!(
                "stats-frames-are",
                shown = format::count(stats.frames_shown),
                dropped = format::count(stats.frames_dropped)
            ),
        ),
        (
            tr!("stats-network"),
            tr!(
                "stats-network-is",
                bytes = format::decimal(&stats.bytes.to_string()),
                count = stats.segments,
                first = ttfb
            ) + &stats.protocol.map_or_else(String::new, |protocol| format!(" · {}", protocol.name())),
        ),
        (
            tr!("stats-state"),
            tr!(
                "stats-state-is",
                state = speed(snapshot, state(snapshot.state)),
                switches = stats.switches,
                abandoned = stats.abandoned,
                failed = stats.failures
            ),
        ),
    ];
    // The first part is enough to find it in a log; what is copied has all of it.
    rows.extend(snapshot.session.map(|id| (tr!("stats-session"), id.to_string().chars().take(8).collect())));
    rows
}

/// The state, with what there is to say of the speed.
fn speed(snapshot: &PlayerSnapshot, state: &str) -> String {
    match (snapshot.trick_speed, f64::from(snapshot.rate.get())) {
        (Some(speed), _) => tr!("stats-winding", state = state, speed = format!("{speed}×")),
        (None, 1.0) => state.to_owned(),
        (None, rate) => tr!("stats-at-speed", state = state, speed = speed_label(rate)),
    }
}

fn state(state: PlaybackState) -> &'static str {
    match state {
        PlaybackState::Loading => tr!("stats-loading"),
        PlaybackState::Playing => tr!("stats-playing"),
        PlaybackState::Paused => tr!("stats-paused"),
        PlaybackState::Stalled => tr!("stats-stalled"),
        PlaybackState::Seeking => tr!("stats-seeking"),
        PlaybackState::Ended => tr!("stats-ended"),
        PlaybackState::Failed => tr!("stats-failed"),
    }
}

/// Shows the card at the upper left; `path` says how pictures come to the screen.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, area: Rect, player: &PlayerScreen, path: &str) {
    let tokens = cx.theme.tokens;
    let theme = cx.theme;
    let snapshot = &player.snapshot;
    let left = area.left() + controls::keyline(cx);
    let top = area.top() + 84.0;
    let width = 420.0_f32.min(area.width() - 2.0 * controls::keyline(cx));
    let padding = 14.0;
    let key_width = 78.0;
    let painter = ui.painter();

    let why = snapshot.decisions.back().map_or(tr!("stats-no-decision"), |note| note.sentence.as_str());
    let rows: Vec<_> = table(player, path)
        .into_iter()
        .map(|(name, value)| {
            let galley = text::galley(
                painter,
                &theme,
                &value,
                (Type::Caption, tokens.text),
                width - 2.0 * padding - key_width - if name == tr!("stats-video") { 26.0 } else { 0.0 },
                2,
            );
            (name, value, galley)
        })
        .collect();
    let why_galley =
        text::galley(painter, &theme, why, (Type::Caption, tokens.text), width - 2.0 * padding - key_width, 5);
    let table_height: f32 = rows.iter().map(|(.., galley)| galley.size().y + 3.0).sum();
    let height = padding + table_height + why_galley.size().y + 12.0 + PLOT_HEIGHT + padding;
    let card = Rect::from_min_size(pos2(left, top), vec2(width, height));
    painter.rect_filled(card, 10.0, tokens.card);

    let mut y = card.top() + padding;
    let key = |painter: &Painter, y: f32, name: &str| {
        let at = (pos2(card.left() + padding, y), Align2::LEFT_TOP);
        text::line(painter, &theme, at, name, (Type::Caption, tokens.text_3));
    };
    for (name, value, galley) in &rows {
        key(painter, y, name);
        let rect = text::place(painter, (pos2(card.left() + padding + key_width, y), Align2::LEFT_TOP), galley);
        say(ui, Id::unique(("player-stats", *name)), rect, &format!("{name}: {value}"));
        y += galley.size().y + 3.0;
    }
    key(painter, y, tr!("stats-why"));
    let rect = text::place(painter, (pos2(card.left() + padding + key_width, y), Align2::LEFT_TOP), &why_galley);
    say(ui, Id::unique("player-stats-why"), rect, &format!("{}: {why}", tr!("stats-why")));
    y += why_galley.size().y + 12.0;

    let half = (width - 2.0 * padding - 8.0) / 2.0;
    let plot = |index: f32| {
        Rect::from_min_size(pos2(card.left() + padding + index * (half + 8.0), y), vec2(half, PLOT_HEIGHT))
    };
    plots(painter, &theme, snapshot, plot(0.0), plot(1.0));
    copy_button(ui, cx, card);
}

const PLOT_HEIGHT: f32 = 66.0;

fn plots(painter: &Painter, theme: &Theme, snapshot: &PlayerSnapshot, rendition: Rect, buffer: Rect) {
    let tokens = theme.tokens;
    let top = snapshot.rungs.iter().map(|r| r.bitrate.bps()).max().unwrap_or(1) as f32 * 1.15;
    let bitrate = |id| snapshot.rung(id).map_or(0.0, |rung| rung.bitrate.bps() as f32);
    let shown: Vec<f32> = snapshot.history.iter().map(|p| p.shown_rung.map_or(0.0, bitrate) / top).collect();
    let estimate: Vec<f32> =
        snapshot.history.iter().map(|p| (p.throughput.map_or(0.0, |t| t.bps() as f32) / top).min(1.0)).collect();
    let buffered: Vec<f32> = snapshot.history.iter().map(|p| p.buffered.as_secs_f32()).collect();
    let most = buffered.iter().copied().fold(10.0_f32, f32::max) * 1.15;
    let buffered: Vec<f32> = buffered.iter().map(|b| b / most).collect();

    let scale = format::decimal(&Bitrate::from_bps(top as u64).to_string());
    panel(
        painter,
        theme,
        rendition,
        &[(tr!("stats-plot-rendition"), tokens.accent), (tr!("stats-plot-throughput"), tokens.good)],
        &scale,
    );
    curve(painter, rendition, &estimate, tokens.good.gamma_multiply(0.8), false);
    curve(painter, rendition, &shown, tokens.accent, true);
    panel(
        painter,
        theme,
        buffer,
        &[(tr!("stats-plot-buffer"), tokens.info)],
        &tr!("seconds-short", amount = most.round() as u32),
    );
    curve(painter, buffer, &buffered, tokens.info, false);
}

/// Ground and legend of a plot; `scale` is what its upper edge means.
fn panel(painter: &Painter, theme: &Theme, rect: Rect, legend: &[(&str, Color32)], scale: &str) {
    painter.rect_filled(rect, 4.0, theme.tokens.plot);
    let mut x = rect.left() + 6.0;
    for (name, colour) in legend {
        let at = (pos2(x, rect.top() + 4.0), Align2::LEFT_TOP);
        x = text::line(painter, theme, at, name, (Type::Badge, *colour)).right() + 10.0;
    }
    let at = (pos2(rect.right() - 6.0, rect.top() + 4.0), Align2::RIGHT_TOP);
    text::line(painter, theme, at, scale, (Type::Badge, theme.tokens.text_3));
}

/// A line through values from 0 to 1; `stepped` for what jumps.
fn curve(painter: &Painter, rect: Rect, values: &[f32], colour: Color32, stepped: bool) {
    if values.len() < 2 {
        return;
    }
    let inner = Rect::from_min_max(rect.min + vec2(4.0, 23.0), rect.max - vec2(4.0, 4.0));
    let at = |index: usize, value: f32| {
        let x = inner.left() + inner.width() * index as f32 / (values.len() - 1) as f32;
        pos2(x, inner.bottom() - inner.height() * value.clamp(0.0, 1.0))
    };
    let mut points: Vec<Pos2> = Vec::with_capacity(values.len() * 2);
    for (index, value) in values.iter().enumerate() {
        let point = at(index, *value);
        if stepped && let Some(last) = points.last().copied() {
            points.push(pos2(point.x, last.y));
        }
        points.push(point);
    }
    painter.line(points, Stroke::new(1.5, colour));
}

fn copy_button(ui: &Ui, cx: &mut Cx<'_>, card: Rect) {
    if cx.theme.density.is_tv() {
        return;
    }
    let tokens = cx.theme.tokens;
    let rect = Rect::from_center_size(card.right_top() + vec2(-21.0, 21.0), vec2(26.0, 26.0));
    let touch = cx.touch(ui, copy_id(), rect, || WidgetInfo::labeled(Role::Button, true, tr!("stats-copy")));
    let fill = if touch.focused {
        tokens.focus
    } else if touch.hovered {
        tokens.control
    } else {
        tokens::CLEAR
    };
    ui.painter().rect_filled(rect, 6.0, fill);
    let ink = if touch.focused { tokens.on_focus } else { tokens.text_2 };
    text::icon(ui.painter(), rect.center(), icons::COPY, 16.0, ink);
    if touch.hovered {
        ui.set_cursor_icon(CursorIcon::PointingHand);
    }
    if touch.activated {
        cx.send(Msg::Player(PlayerMsg::CopyStats));
    }
    touch.response.on_hover_text(tr!("stats-copy"));
}
