//! Viewers who do more than watch: they jump about, lose interest, and do not wait for ever.

use super::split_mix::SplitMix;

/// What a viewer will do, whatever the network does. Times are media watched in all, so that a viewer who had to wait
/// wants the same as one who had not.
#[derive(Clone, Debug, PartialEq)]
pub struct Viewer {
    /// In order of time.
    actions: Vec<Action>,
    /// Seconds after which a picture that stands makes the viewer leave.
    patience: f64,
}

/// Something a viewer does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Action {
    /// Seconds of media watched before it, in all.
    pub after: f64,
    /// What it is.
    pub kind: ActionKind,
}

/// What a viewer does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ActionKind {
    /// Goes on watching at this position of the title, in seconds; players begin at the start of its segment.
    Seek {
        /// Where to.
        to: f64,
    },
    /// Has had enough.
    Leave,
}

impl Default for Viewer {
    /// Watches all of it and waits as long as it takes.
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Viewer {
    /// Does these things, and waits as long as it takes. What is to happen after no sensible time never happens.
    pub fn new(mut actions: Vec<Action>) -> Self {
        actions.retain(|action| action.after.is_finite());
        actions.sort_by(|a, b| a.after.total_cmp(&b.after));
        Self { actions, patience: f64::INFINITY }
    }

    /// The same, but leaves when the picture has stood for so many seconds.
    #[must_use]
    pub fn with_patience(self, seconds: f64) -> Self {
        Self { patience: seconds.max(0.0), ..self }
    }

    /// The action at `index`, in order of time.
    pub(super) fn action(&self, index: usize) -> Option<&Action> {
        self.actions.get(index)
    }

    pub(super) fn patience(&self) -> f64 {
        self.patience
    }
}

/// Draws viewers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ViewerModel {
    /// Seconds watched between two jumps, on average.
    pub between_seeks: f64,
    /// How far a jump goes on average, in seconds.
    pub distance: f64,
    /// How many of the jumps go back, from 0 to 1.
    pub back: f64,
    /// Seconds watched before losing interest, on average.
    pub interest: f64,
    /// Seconds that everybody waits for a picture.
    pub patience: f64,
    /// Of those who still wait after that, this part leaves in each second.
    pub leaving: f64,
}

impl Default for ViewerModel {
    /// A jump every five minutes, by a minute, two of three forwards, and interest for half an hour: round numbers, not
    /// measured ones. Patience is measured: S. Krishnan and R. Sitaraman, "Video stream quality impacts viewer
    /// behavior", IMC 2012, saw nobody leave a start within two seconds, and 5.8 % in each further one.
    fn default() -> Self {
        Self { between_seeks: 300.0, distance: 60.0, back: 1.0 / 3.0, interest: 1_800.0, patience: 2.0, leaving: 0.058 }
    }
}

impl ViewerModel {
    /// More jumps than this make no viewer but a stuck key.
    const MAX_SEEKS: usize = 10_000;

    /// A viewer of a title of so many seconds. The same seed gives the same viewer.
    pub fn viewer(&self, title: f64, seed: u64) -> Viewer {
        let mut random = SplitMix::new(seed);
        let patience = self.patience + random.exponential(1.0 / (1.0 - self.leaving).ln().abs());
        let interest = random.exponential(self.interest);
        let (mut actions, mut watched, mut position) = (Vec::new(), 0.0, 0.0);
        while actions.len() < Self::MAX_SEEKS {
            let watching = random.exponential(self.between_seeks);
            (watched, position) = (watched + watching, position + watching);
            // Whoever has seen the end does not jump any more.
            if watched >= interest || position >= title {
                break;
            }
            let distance = random.exponential(self.distance);
            let to = if random.happens(self.back) { position - distance } else { position + distance };
            position = to.clamp(0.0, title);
            actions.push(Action { after: watched, kind: ActionKind::Seek { to: position } });
        }
        actions.push(Action { after: interest, kind: ActionKind::Leave });
        Viewer::new(actions).with_patience(patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_come_in_order_and_only_at_times() {
        let leave = |after| Action { after, kind: ActionKind::Leave };
        let viewer = Viewer::new(vec![leave(9.0), leave(f64::NAN), leave(3.0)]);
        assert_eq!(
            (viewer.action(0), viewer.action(1), viewer.action(2)),
            (Some(&leave(3.0)), Some(&leave(9.0)), None)
        );
        assert_eq!(Viewer::default().patience(), f64::INFINITY);
    }

    #[test]
    fn a_model_draws_what_it_says_and_repeats_by_seed() {
        let model = ViewerModel::default();
        assert_eq!(model.viewer(3_600.0, 5), model.viewer(3_600.0, 5));
        let viewers: Vec<Viewer> = (0..2_000).map(|seed| model.viewer(7_200.0, seed)).collect();
        let waiting =
            |seconds: f64| viewers.iter().filter(|viewer| viewer.patience() > seconds).count() as f64 / 2_000.0;
        assert_eq!(waiting(2.0), 1.0);
        assert!((waiting(12.0) - 0.942_f64.powi(10)).abs() < 0.03);
        let seeks = |viewer: &Viewer| viewer.actions.len() as f64 - 1.0;
        let mean = viewers.iter().map(seeks).sum::<f64>() / 2_000.0;
        assert!((4.0..7.0).contains(&mean), "{mean}");
    }

    #[test]
    fn strange_models_end() {
        let stuck = ViewerModel { between_seeks: 0.0, ..ViewerModel::default() };
        assert_eq!(stuck.viewer(1e12, 1).actions.len(), ViewerModel::MAX_SEEKS + 1);
        let none = ViewerModel {
            between_seeks: f64::INFINITY,
            interest: f64::INFINITY,
            leaving: 0.0,
            ..ViewerModel::default()
        };
        assert_eq!(none.viewer(60.0, 1), Viewer::default());
    }
}
