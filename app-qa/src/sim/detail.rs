//! One session, segment by segment, with the reason of every decision.

use super::contestant::Contestant;
use super::experiment::Setting;
use super::table::Table;
use super::witness::{Statement, Witness};
use abr::sim::{Content, Recording, Score, Session, SizeKnowledge};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A session and what was said in it.
#[derive(Debug)]
pub struct Detail<'a> {
    title: String,
    content: &'a Content,
    session: Session,
    statements: Vec<Statement>,
}

impl<'a> Detail<'a> {
    /// Plays one recording and listens.
    pub fn of(setting: &'a Setting<'_>, recording: &Recording, contestant: Contestant, sizes: SizeKnowledge) -> Self {
        let Setting { scenario, content, .. } = setting;
        let title = format!("{} · {contestant} · {}/{}", scenario.name, recording.source, recording.name);
        let Some(controller) = setting.controller(contestant) else {
            let session = setting.session(recording, contestant, sizes);
            return Self { title, content, session, statements: Vec::new() };
        };
        let mut witness = Witness::new(controller);
        let session = setting.session_of(recording, &mut witness, sizes);
        Self { title, content, session, statements: witness.statements }
    }

    fn statements(&self, segment: usize) -> impl Iterator<Item = &Statement> {
        let remaining = self.content.segments() - segment;
        self.statements.iter().filter(move |statement| statement.remaining == remaining)
    }

    /// For people.
    pub fn text(&self) -> String {
        let headings =
            ["segment", "asked at s", "there at s", "kbit/s", "size kbit", "buffer s", "stalled s", "given up", "why"];
        let mut table = Table::new(headings);
        for fetched in &self.session.segments {
            let rung = &self.content.ladder().rungs()[fetched.position];
            let why: Vec<&str> = self.statements(fetched.index).map(|statement| statement.sentence.as_str()).collect();
            table.push([
                fetched.index.to_string(),
                format!("{:.2}", fetched.requested),
                format!("{:.2}", fetched.finished),
                format!("{:.0}", rung.bitrate.bps() as f64 / 1e3),
                format!("{:.0}", self.content.bits(fetched.index, fetched.position) / 1e3),
                format!("{:.2}", fetched.buffered),
                format!("{:.2}", fetched.stalled),
                fetched.abandoned.to_string(),
                why.join("; "),
            ]);
        }
        let score = Score::of(&self.session, self.content);
        let mut text = format!("{}\n\n{}\n", self.title, table.text());
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "QoE_lin {:.4} · QoE_log {:.4} · {:.0} kbit/s · start {:.2} s · {} stalls, {:.2} s · {} switches · {:.2} % wasted",
            score.qoe_lin,
            score.qoe_log,
            score.kbps,
            score.startup,
            score.stalls,
            score.stalled,
            score.switches,
            100.0 * score.wasted / score.bits.max(1.0),
        );
        text
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let segments = self.session.segments.iter().map(|fetched| {
            let rung = &self.content.ladder().rungs()[fetched.position];
            json!({
                "segment": fetched.index,
                "requested_s": fetched.requested,
                "finished_s": fetched.finished,
                "rung": fetched.position,
                "kbps": rung.bitrate.bps() as f64 / 1e3,
                "bits": self.content.bits(fetched.index, fetched.position),
                "buffered_s": fetched.buffered,
                "stalled_s": fetched.stalled,
                "abandoned": fetched.abandoned,
                "decisions": self.statements(fetched.index).map(statement_json).collect::<Vec<_>>(),
            })
        });
        json!({ "score": Score::of(&self.session, self.content), "segments": segments.collect::<Vec<_>>() })
    }
}

fn statement_json(statement: &Statement) -> Value {
    json!({
        "at_s": statement.at.as_secs_f64(),
        "rung": statement.rung,
        "not_before_s": statement.not_before.map(|time| time.as_secs_f64()),
        "abandons": statement.abandons,
        "sentence": statement.sentence,
    })
}
