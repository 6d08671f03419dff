//! The offline optimum: what a viewer could have had from a player that knew the future.
//!
//! A label is a way of having fetched the first segments: when the last one was complete, how long playback has stood
//! so far, what it was worth. What a label can still become depends on nothing else, so of two labels one can be
//! dropped if the other is no later, has no smaller buffer and is worth no less, after paying for the switch to the
//! other's rung and for the stall that would equal the buffers. What remains after that is thinned out in time: of the
//! labels of one rung that end within [`OfflineOptions::resolution`] of each other the best few are kept. With a
//! resolution of zero nothing is thinned out and the result is exact, at a cost that only short sessions can pay.
//!
//! On demand a larger buffer is no advantage while it is full: the next request must wait for longer, and what the link
//! carries meanwhile is lost. An exact search therefore lets only smaller buffers win there, at the price of a stall;
//! with a resolution the difference is neglected.
//!
//! Every label is a session that the simulator can play, so the result is never more than the true optimum; the
//! resolution says how much less it may be.

use super::content::Content;
use super::scenario::Delivery;
use super::score::{Utility, Valuation};
use super::session::{Fetched, Session};
use super::trace::NetworkTrace;

/// Raised whenever the same input gives another optimum, or a session another score: whoever keeps optima on disk keeps
/// them apart by it.
pub const OPTIMUM_VERSION: u32 = 1;

/// How thorough to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OfflineOptions {
    /// What is to be maximised.
    pub utility: Utility,
    /// Seconds within which labels of one rung compete; zero for an exact search.
    pub resolution: f64,
}

impl Default for OfflineOptions {
    /// Halving the resolution changes the mean over the development recordings by less than 0.1 %.
    fn default() -> Self {
        Self { utility: Utility::Linear, resolution: 0.1 }
    }
}

#[derive(Clone, Copy, Debug)]
struct Label {
    /// When the segment was complete.
    time: f64,
    /// Seconds that playback has stood, the start included.
    stood: f64,
    /// Utility minus switches minus stalls so far.
    value: f64,
    position: u16,
    parent: u32,
}

/// Labels kept of one rung in one stretch of [`OfflineOptions::resolution`].
const KEPT: usize = 2;

/// The best session on this trace.
pub fn optimum(trace: &NetworkTrace, content: &Content, delivery: Delivery, options: &OfflineOptions) -> Session {
    let search = Search::new(trace, content, delivery, options);
    let mut layers = vec![search.first()];
    for index in 1..content.segments() {
        let layer = search.next(index, layers.last().map_or(&[], Vec::as_slice));
        layers.push(layer);
    }
    search.session(&layers)
}

struct Search<'a> {
    trace: &'a NetworkTrace,
    content: &'a Content,
    delivery: Delivery,
    values: Valuation<'a>,
    rungs: usize,
    resolution: f64,
    segment: f64,
}

impl<'a> Search<'a> {
    fn new(trace: &'a NetworkTrace, content: &'a Content, delivery: Delivery, options: &OfflineOptions) -> Self {
        let values = Valuation::new(options.utility, content);
        let (rungs, segment) = (content.ladder().len(), content.segment().as_secs_f64());
        Self { trace, content, delivery, values, rungs, resolution: options.resolution, segment }
    }

    /// What `segment` is worth in each rung.
    fn layer(&self, segment: usize) -> Vec<f64> {
        (0..self.rungs).map(|position| self.values.at(segment, position)).collect()
    }

    /// When the segment at `index` is best requested after `label`, and when its first byte comes.
    fn request(&self, label: &Label, index: usize) -> (f64, f64) {
        let room = match self.delivery {
            Delivery::OnDemand { cap } => (index + 1) as f64 * self.segment + label.stood - cap,
            Delivery::Live { behind } if index >= behind as usize => {
                (index as f64 - f64::from(behind) + 1.0) * self.segment
            }
            Delivery::Live { .. } => 0.0,
        };
        self.trace.best_request(room.max(label.time))
    }

    fn first(&self) -> Vec<Label> {
        let (_, first_byte) = self.trace.best_request(0.0);
        let before = self.trace.bits_until(first_byte);
        let labels = (0..self.rungs).map(|position| {
            let time = self.trace.time_of(before + self.content.bits(0, position)).max(first_byte);
            let value = self.values.at(0, position) - self.values.penalty * time;
            Label { time, stood: time, value, position: position as u16, parent: 0 }
        });
        self.thinned(0, labels.map(|label| vec![label]).collect())
    }

    fn next(&self, index: usize, labels: &[Label]) -> Vec<Label> {
        let (utilities, utilities_before) = (self.layer(index), self.layer(index - 1));
        let mut by_rung: Vec<Vec<Label>> = vec![Vec::with_capacity(labels.len()); self.rungs];
        for (parent, label) in labels.iter().enumerate() {
            let (_, first_byte) = self.request(label, index);
            let bits_before = self.trace.bits_until(first_byte);
            let before = utilities_before[usize::from(label.position)];
            // Media is there until this moment.
            let dry = index as f64 * self.segment + label.stood;
            for (position, (found, utility)) in by_rung.iter_mut().zip(&utilities).enumerate() {
                let time = self.trace.time_of(bits_before + self.content.bits(index, position)).max(first_byte);
                let stalled = (time - dry).max(0.0);
                let value = label.value + utility - (utility - before).abs() - self.values.penalty * stalled;
                let stood = label.stood + stalled;
                found.push(Label { time, stood, value, position: position as u16, parent: parent as u32 });
            }
        }
        self.thinned(index, by_rung)
    }

    /// Drops what cannot become the best, and what is too close to something better.
    fn thinned(&self, index: usize, by_rung: Vec<Vec<Label>>) -> Vec<Label> {
        let mut labels: Vec<Label> = Vec::new();
        for found in by_rung {
            if self.resolution > 0.0 {
                self.keep_best_of_each_stretch(found, &mut labels)
            } else {
                labels.extend(found)
            }
        }
        labels.sort_by(|a, b| a.time.total_cmp(&b.time).then(b.value.total_cmp(&a.value)));
        let utilities = self.layer(index);
        let fuller_wins = self.resolution > 0.0 || matches!(self.delivery, Delivery::Live { .. });
        let mut fronts = vec![Front::new(self.values.penalty, fuller_wins); self.rungs];
        labels.retain(|label| {
            let own = utilities[usize::from(label.position)];
            let dominated = fronts
                .iter()
                .zip(&utilities)
                .any(|(front, utility)| front.dominates(label, label.value + (utility - own).abs()));
            if !dominated {
                fronts[usize::from(label.position)].add(label);
            }
            !dominated
        });
        labels
    }

    fn keep_best_of_each_stretch(&self, mut found: Vec<Label>, labels: &mut Vec<Label>) {
        found.sort_by(|a, b| a.time.total_cmp(&b.time));
        for stretch in
            found.chunk_by_mut(|a, b| (a.time / self.resolution).floor() == (b.time / self.resolution).floor())
        {
            // Buffer is worth something, though less than the stall that it prevents.
            let worth = |label: &Label| label.value + 0.5 * self.values.penalty * label.stood;
            stretch.sort_by(|a, b| worth(b).total_cmp(&worth(a)));
            labels.extend(stretch.iter().take(KEPT));
        }
    }

    /// The session that ends in the best label.
    fn session(&self, layers: &[Vec<Label>]) -> Session {
        let mut session = Session::default();
        let Some(last) = layers.last() else { return session };
        let Some(mut at) = (0..last.len()).max_by(|a, b| last[*a].value.total_cmp(&last[*b].value)) else {
            return session;
        };
        let mut path = Vec::with_capacity(layers.len());
        for layer in layers.iter().rev() {
            path.push(layer[at]);
            at = layer[at].parent as usize;
        }
        path.reverse();
        session.startup = path[0].time;
        let mut stood = session.startup;
        for (index, label) in path.iter().enumerate() {
            let (requested, _) = match index.checked_sub(1) {
                Some(before) => self.request(&path[before], index),
                None => self.trace.best_request(0.0),
            };
            let stalled = label.stood - stood;
            stood = label.stood;
            session.stalls += u32::from(stalled > 1e-9);
            session.stalled += stalled;
            session.bits += self.content.bits(index, usize::from(label.position));
            session.segments.push(Fetched {
                index,
                position: usize::from(label.position),
                requested,
                finished: label.time,
                buffered: (index + 1) as f64 * self.segment + label.stood - label.time,
                stalled,
                abandoned: 0,
            });
        }
        session.watched = path.len() as f64 * self.segment;
        session.ended = session.watched + stood;
        session
    }
}

/// Of the labels of one rung so far in time, the two that dominate nearly everything that is dominated.
#[derive(Clone, Debug)]
struct Front {
    /// Value and stood time of the label of most value, and of the label of most value if stalls were free.
    best: Option<[(f64, f64); 2]>,
    penalty: f64,
    /// Whether a label with a larger buffer may dominate.
    fuller_wins: bool,
}

impl Front {
    fn new(penalty: f64, fuller_wins: bool) -> Self {
        Self { best: None, penalty, fuller_wins }
    }

    /// Whether one of them can become at least as much as `label`, if it must be worth `value` after the switch to
    /// the label's rung. What it lacks in buffer costs a stall of that length.
    fn dominates(&self, label: &Label, value: f64) -> bool {
        self.best.is_some_and(|best| {
            best.iter().any(|(own, stood)| {
                (self.fuller_wins || *stood <= label.stood)
                    && own - self.penalty * (label.stood - stood).max(0.0) >= value
            })
        })
    }

    fn add(&mut self, label: &Label) {
        let new = (label.value, label.stood);
        let [dearest, fullest] = self.best.get_or_insert([new; 2]);
        if new.0 > dearest.0 {
            *dearest = new;
        }
        if new.0 + self.penalty * new.1 > fullest.0 + self.penalty * fullest.1 {
            *fullest = new;
        }
    }
}
