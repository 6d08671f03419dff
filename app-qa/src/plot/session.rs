//! One session in detail: the link, the rungs that were chosen on it, and the buffer.

use super::axes::{Axes, round_up};
use super::svg::{Anchor, Area, Ink, Point, Stroke, Svg};
use abr::sim::{Content, NetworkTrace, Session};

/// A session and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    pub name: &'a str,
    pub session: &'a Session,
}

const WIDTH: f64 = 1060.0;
const HEIGHT: f64 = 640.0;
const LEFT: f64 = 70.0;
/// Above the top rung there is nothing to decide, so what the link has there is cut off.
const ABOVE_TOP_RUNG: f64 = 1.35;

/// `title` says which recording; the courses are told apart by colour and by dashes, the first is ours.
pub fn session(title: &str, trace: &NetworkTrace, content: &Content, courses: &[Course<'_>]) -> String {
    let mut svg = Svg::new(WIDTH, HEIGHT);
    let end = courses.iter().map(|course| end(course.session)).fold(1.0, f64::max);
    let top_rung = content.ladder().highest().bitrate.bps() as f64 / 1e6;
    let most = courses.iter().flat_map(|course| &course.session.segments).map(|fetched| fetched.buffered);
    let panel = |top, height, y, y_label, x_label| Axes {
        area: Area { left: LEFT, top, width: WIDTH - LEFT - 24.0, height },
        x: (0.0, end),
        y: (0.0, y),
        x_label,
        y_label,
        x_numbers: !x_label.is_empty(),
        y_numbers: true,
    };
    let rates = panel(64.0, 280.0, top_rung * ABOVE_TOP_RUNG, "Mbit/s", "");
    let buffers = panel(370.0, 200.0, round_up(most.fold(1.0, f64::max)), "buffered, s", "seconds since the start");
    svg.heading((16.0, 24.0), title);
    legend(&mut svg, courses);
    rates.draw(&mut svg);
    buffers.draw(&mut svg);
    link(&mut svg, &rates, trace, end);
    for (index, course) in courses.iter().enumerate().rev() {
        let stroke = stroke(index);
        svg.polyline(&chosen(&rates, content, course.session), stroke);
        svg.clipped(buffers.area, |svg| svg.polyline(&buffered(&buffers, content, course.session), stroke));
        stalls(&mut svg, &buffers, index, course);
    }
    svg.finish(title)
}

fn stroke(index: usize) -> Stroke {
    let dash = [None, Some(6.0), Some(2.0)][index.min(2)];
    Stroke { ink: Ink::Series(index), width: if index == 0 { 2.4 } else { 1.5 }, dash }
}

fn legend(svg: &mut Svg, courses: &[Course<'_>]) {
    for (index, course) in courses.iter().enumerate() {
        let x = LEFT + index as f64 * 190.0;
        svg.polyline(&[(x, 44.0), (x + 28.0, 44.0)], stroke(index));
        svg.text((x + 36.0, 48.0), Anchor::Start, Ink::Text, course.name);
    }
    let x = LEFT + courses.len() as f64 * 190.0;
    svg.polygon(&[(x, 38.0), (x + 28.0, 38.0), (x + 28.0, 50.0), (x, 50.0)], Ink::Muted, 0.3, "bandwidth");
    svg.text((x + 36.0, 48.0), Anchor::Start, Ink::Text, "bandwidth of the link");
    svg.polygon(
        &[(x + 190.0, 41.0), (x + 218.0, 41.0), (x + 218.0, 47.0), (x + 190.0, 47.0)],
        Ink::Alarm,
        1.0,
        "stall",
    );
    svg.text((x + 226.0, 48.0), Anchor::Start, Ink::Text, "stall");
}

/// When a session has nothing more to fetch.
fn end(session: &Session) -> f64 {
    session.segments.last().map_or(0.0, |fetched| fetched.finished)
}

/// The recording as an area, repeated as often as the session needs it.
fn link(svg: &mut Svg, axes: &Axes<'_>, trace: &NetworkTrace, end: f64) {
    let mut points = vec![axes.point(0.0, 0.0)];
    let mut time = 0.0;
    for interval in trace.intervals().collect::<Vec<_>>().iter().cycle() {
        // Far above the panel there is nothing to see, and far numbers are drawn badly by some programs.
        let rate = (interval.rate / 1e6).min(axes.y.1 * 2.0);
        points.push(axes.point(time, rate));
        time = (time + interval.seconds).min(end);
        points.push(axes.point(time, rate));
        if time >= end {
            break;
        }
    }
    points.push(axes.point(time, 0.0));
    svg.clipped(axes.area, |svg| svg.polygon(&points, Ink::Muted, 0.3, "bandwidth of the link"));
}

/// Bitrates of the rungs, each from its request to the next.
fn chosen(axes: &Axes<'_>, content: &Content, session: &Session) -> Vec<Point> {
    let mut points = Vec::new();
    for (index, fetched) in session.segments.iter().enumerate() {
        let rate = content.ladder().rungs()[fetched.position].bitrate.bps() as f64 / 1e6;
        let until = session.segments.get(index + 1).map_or(fetched.finished, |next| next.requested);
        points.extend([axes.point(fetched.requested, rate), axes.point(until, rate)]);
    }
    points
}

/// A saw: up by a segment when one is complete, down by a second per second in between.
fn buffered(axes: &Axes<'_>, content: &Content, session: &Session) -> Vec<Point> {
    let mut points = vec![axes.point(0.0, 0.0)];
    for fetched in &session.segments {
        let before = (fetched.buffered - content.segment().as_secs_f64()).max(0.0);
        if fetched.stalled > 0.0 {
            points.push(axes.point(fetched.finished - fetched.stalled, 0.0));
        }
        points.extend([axes.point(fetched.finished, before), axes.point(fetched.finished, fetched.buffered)]);
    }
    points
}

/// A bar below the buffer for as long as playback stood; each course has its line.
fn stalls(svg: &mut Svg, axes: &Axes<'_>, index: usize, course: &Course<'_>) {
    let top = axes.area.bottom() - 8.0 * (index + 1) as f64;
    for fetched in course.session.segments.iter().filter(|fetched| fetched.stalled > 0.0) {
        let (from, to) = (axes.x_scale().at(fetched.finished - fetched.stalled), axes.x_scale().at(fetched.finished));
        // A short stall must be seen as well.
        let to = to.max(from + 2.0);
        let about = format!("{} stalls for {:.1} s", course.name, fetched.stalled);
        svg.polygon(&[(from, top), (to, top), (to, top + 6.0), (from, top + 6.0)], Ink::Alarm, 1.0, &about);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abr::sim::{ScenarioId, SizeKnowledge, play};

    #[test]
    fn a_stall_is_shown_and_told() {
        let row = "600000 1800000\n".repeat(20);
        let content = Content::parse(&format!("seg_ms 2000\nkbps 300 900\n{row}")).unwrap();
        let trace = NetworkTrace::parse("20000 1200 20\n60000 100 20\n").unwrap();
        let mut controller = abr::controller_by_name("throughput").unwrap();
        let delivery = ScenarioId::A.scenario().delivery;
        let played = play(&trace, &content, delivery, SizeKnowledge::Known, controller.as_mut());
        assert!(played.stalls > 0, "the test wants one");
        let file = session("train/<a>", &trace, &content, &[Course { name: "ours", session: &played }]);
        assert!(file.contains("ours stalls for ") && file.contains("train/&lt;a&gt;") && !file.contains("NaN"));
    }
}
