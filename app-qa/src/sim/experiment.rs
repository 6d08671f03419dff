//! Controllers on recordings: everything that reports and plots are made from.

use super::cache::OptimumCache;
use super::contestant::Contestant;
use super::ladders::Ladders;
use super::progress::Progress;
use super::recordings::Recordings;
use super::variation::Viewers;
use abr::AbrController;
use abr::engine::{LumenController, Models};
use abr::sim::{
    Best, Content, OfflineOptions, Outcome, Recording, Scenario, ScenarioId, Score, Session, SizeKnowledge, Utility,
    optimum, parallel, play_with,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What is common to all scenarios of a run.
#[derive(Debug)]
pub struct Experiment {
    pub recordings: Recordings,
    pub ladders: Ladders,
    /// Whether sources that a scenario leaves out are played all the same.
    pub every_source: bool,
    /// All cores where `None`.
    pub threads: Option<usize>,
    /// Where optima are kept; `None` to find them anew.
    pub cache: Option<PathBuf>,
    /// Of which utilities the optimum is looked for.
    pub utilities: Vec<Utility>,
    pub viewers: Viewers,
    /// Of restless viewers.
    pub seed: u64,
    /// What our own controller has learned; what is compiled in where `None`.
    pub models: Option<Arc<Models>>,
}

/// One scenario, ready to be played.
#[derive(Debug)]
pub struct Setting<'a> {
    pub scenario: Scenario,
    pub content: Content,
    /// Those that count.
    pub recordings: Vec<&'a Recording>,
    /// Those that are reported apart, because no controller can play them.
    pub stress: Vec<&'a Recording>,
    experiment: &'a Experiment,
    optima: Vec<BTreeMap<Utility, Score>>,
}

/// What a controller made of a scenario.
#[derive(Clone, Debug)]
pub struct Played {
    pub contestant: Contestant,
    /// In the order of [`Setting::recordings`].
    pub outcomes: Vec<Outcome>,
    /// In the order of [`Setting::stress`]; without optima.
    pub stress: Vec<Outcome>,
}

impl Experiment {
    /// Reads the ladder and finds the optima, which takes minutes when it is done for the first time.
    pub fn setting(&self, id: ScenarioId) -> anyhow::Result<Setting<'_>> {
        let scenario = id.scenario();
        let content = self.ladders.content(&scenario)?;
        let (recordings, stress) = self.recordings.of(&scenario, self.every_source);
        let all: Vec<&Recording> = recordings.iter().chain(&stress).copied().collect();
        let mut optima = vec![BTreeMap::new(); all.len()];
        for utility in &self.utilities {
            let scores = self.optima(&scenario, &content, *utility, &all)?;
            for (found, score) in optima.iter_mut().zip(scores) {
                found.insert(*utility, score);
            }
        }
        Ok(Setting { scenario, content, recordings, stress, experiment: self, optima })
    }

    fn optima(
        &self,
        scenario: &Scenario,
        content: &Content,
        utility: Utility,
        recordings: &[&Recording],
    ) -> anyhow::Result<Vec<Score>> {
        let options = OfflineOptions { utility, ..OfflineOptions::default() };
        let open = |folder: &PathBuf| OptimumCache::open(folder, content, scenario.delivery, &options);
        let cache = self.cache.as_ref().map(open).transpose()?;
        let progress = Progress::new(format!("{}: optimum for {utility:?}", scenario.id), recordings.len());
        let scores = parallel(recordings, self.threads, |recording| {
            let known = cache.as_ref().and_then(|cache| cache.get(&recording.trace));
            let score = known.map_or_else(
                || {
                    let best = optimum(&recording.trace, content, scenario.delivery, &options);
                    let score = Score::of(&best, content);
                    cache.as_ref().map_or(Ok(score), |cache| cache.put(&recording.trace, score).map(|()| score))
                },
                Ok,
            );
            progress.step();
            score
        });
        scores.into_iter().collect()
    }
}

impl Setting<'_> {
    /// Plays all recordings.
    pub fn play(&self, contestant: Contestant, sizes: SizeKnowledge) -> Played {
        let all: Vec<&Recording> = self.recordings.iter().chain(&self.stress).copied().collect();
        let scores = if contestant == Contestant::OFFLINE {
            self.optima.iter().map(|best| best.get(&Utility::Linear).copied().unwrap_or_default()).collect()
        } else {
            let progress = Progress::new(format!("{}: {contestant}", self.scenario.id), all.len());
            parallel(&all, self.experiment.threads, |recording| {
                let session = self.session(recording, contestant, sizes);
                progress.step();
                Score::of(&session, &self.content)
            })
        };
        let outcome = |((recording, score), optima): ((&&Recording, Score), &BTreeMap<Utility, Score>)| Outcome {
            source: recording.source.clone(),
            name: recording.name.clone(),
            score,
            best: best(optima),
        };
        let mut outcomes: Vec<Outcome> = all.iter().zip(scores).zip(&self.optima).map(outcome).collect();
        let mut stress = outcomes.split_off(self.recordings.len());
        for outcome in &mut stress {
            outcome.best = Best::default();
        }
        Played { contestant, outcomes, stress }
    }

    /// A fresh controller; `None` for the offline optimum.
    pub fn controller(&self, contestant: Contestant) -> Option<Box<dyn AbrController>> {
        match &self.experiment.models {
            Some(models) if contestant == Contestant::OURS => {
                Some(Box::new(LumenController::with_models(Arc::clone(models))))
            }
            _ => contestant.controller(),
        }
    }

    /// Plays one recording.
    pub fn session(&self, recording: &Recording, contestant: Contestant, sizes: SizeKnowledge) -> Session {
        let Setting { scenario, content, .. } = self;
        match self.controller(contestant) {
            Some(mut controller) => self.session_of(recording, controller.as_mut(), sizes),
            None => optimum(&recording.trace, content, scenario.delivery, &OfflineOptions::default()),
        }
    }

    /// Plays one recording with that controller.
    pub fn session_of(
        &self,
        recording: &Recording,
        controller: &mut dyn AbrController,
        sizes: SizeKnowledge,
    ) -> Session {
        let Setting { scenario, content, experiment, .. } = self;
        let title = content.segments() as f64 * content.segment().as_secs_f64();
        let viewer = experiment.viewers.of(recording, title, experiment.seed);
        play_with(&recording.trace, content, scenario.delivery, sizes, controller, &viewer)
    }
}

fn best(optima: &BTreeMap<Utility, Score>) -> Best {
    let mut best = Best::default();
    for (utility, score) in optima {
        best.set(*utility, score.qoe(*utility));
    }
    best
}
