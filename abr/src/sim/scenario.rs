//! The six settings of the benchmark.

use std::fmt;
use std::str::FromStr;

/// Names a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "letters, explained by `Scenario`")]
pub enum ScenarioId {
    A,
    B,
    C,
    D,
    E,
    F,
}

/// When segments can be had and how many may be held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delivery {
    /// All of them at once; the player waits before a request until the segment fits below the cap.
    OnDemand {
        /// Media that may be buffered, in seconds.
        cap: f64,
    },
    /// The first `behind` segments at once, each further one a segment's duration later.
    Live {
        /// Segments between the live edge and the playhead at the start.
        behind: u32,
    },
}

/// A ladder and a way of delivery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scenario {
    /// Its letter.
    pub id: ScenarioId,
    /// Its name in reports.
    pub name: &'static str,
    /// File name of its ladder, without extension.
    pub ladder: &'static str,
    /// How segments come.
    pub delivery: Delivery,
    /// Whether the sources on which its ladder saturates are left out.
    pub slow: bool,
}

/// Sources on which the ladders of A, B and C are at their top whoever plays: they would measure nothing.
const FAST_SOURCES: [&str; 3] = ["ghent4g", "lumos4g", "lumos5g"];

/// Sources of which most recordings carry less than the lowest rung of D and F needs: nothing can be chosen there.
const SLOW_SOURCES: [&str; 3] = ["norway3g-2010", "fcc16-slow", "puffer21"];

impl ScenarioId {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [Self::A, Self::B, Self::C, Self::D, Self::E, Self::F];

    /// What it stands for.
    pub fn scenario(self) -> Scenario {
        let on_demand = |cap| Delivery::OnDemand { cap };
        let live = Delivery::Live { behind: 3 };
        let (name, ladder, delivery, slow) = match self {
            Self::A => ("A-envivio-vod60", "envivio6", on_demand(60.0), true),
            Self::B => ("B-bbb10-vod30", "bbb10", on_demand(30.0), true),
            Self::C => ("C-bbb10-live9", "bbb10", live, true),
            Self::D => ("D-bbb4k-vod30", "bbb4k6", on_demand(30.0), false),
            Self::E => ("E-apple12-vod30", "apple12", on_demand(30.0), false),
            Self::F => ("F-bbb4k-live9", "bbb4k6", live, false),
        };
        Scenario { id: self, name, ladder, delivery, slow }
    }
}

impl Scenario {
    /// Whether recordings of `source` belong in it. Sources that the benchmark does not name always do.
    pub fn uses(&self, source: &str) -> bool {
        match self.id {
            ScenarioId::A | ScenarioId::B | ScenarioId::C => !FAST_SOURCES.contains(&source),
            ScenarioId::D | ScenarioId::F => !SLOW_SOURCES.contains(&source),
            ScenarioId::E => true,
        }
    }
}

impl fmt::Display for ScenarioId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl FromStr for ScenarioId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letter = text.split('-').next().unwrap_or_default();
        let found = Self::ALL.into_iter().find(|id| id.to_string().eq_ignore_ascii_case(letter));
        found.ok_or_else(|| format!("`{text}` is no scenario; there are A, B, C, D, E and F"))
    }
}
