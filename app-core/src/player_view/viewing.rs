//! How a profile wants to watch: what is skipped, and whether the next episode begins by itself.

use super::skip::{SkipChoice, SkipChoices};
use serde::{Deserialize, Serialize};
use service_api::{ProfileId, catalog::SegmentKind};
use std::collections::BTreeMap;

/// Profiles that are remembered: several households may share a device.
const MOST_PROFILES: usize = 64;

/// Choices of one profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Viewing {
    pub(crate) skip: SkipChoices,
    /// Does the next episode begin by itself?
    pub(crate) autoplay_next: bool,
    /// Does what stands above the rows of a television move?
    pub(crate) previews: bool,
}

impl Default for Viewing {
    fn default() -> Self {
        Self { skip: SkipChoices::default(), autoplay_next: true, previews: true }
    }
}

impl Viewing {
    /// The same with another choice for a type: to play, to ask, to skip.
    pub(crate) fn with_skip(mut self, kind: SegmentKind, choice: SkipChoice) -> Self {
        match kind {
            SegmentKind::Intro => self.skip.intro = choice,
            SegmentKind::Recap => self.skip.recap = choice,
            SegmentKind::Credits => self.skip.credits = choice,
            SegmentKind::Unknown => {}
        }
        self
    }
}

/// Choices by profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ByProfile<T>(BTreeMap<ProfileId, T>);

impl<T> Default for ByProfile<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Clone> ByProfile<T> {
    /// What a profile chose, if it did.
    pub(crate) fn of(&self, profile: &ProfileId) -> Option<T> {
        self.0.get(profile).cloned()
    }

    /// Remembers a choice.
    pub(crate) fn set(&mut self, profile: ProfileId, chosen: T) {
        if self.0.len() >= MOST_PROFILES && !self.0.contains_key(&profile) {
            self.0.pop_first();
        }
        self.0.insert(profile, chosen);
    }

    /// Forgets what is too much for a file, and brings the rest into range.
    pub(crate) fn validate(&mut self, bring: impl FnMut(&mut T)) {
        while self.0.len() > MOST_PROFILES {
            self.0.pop_last();
        }
        self.0.values_mut().for_each(bring);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_profile_has_its_own_choices_and_there_is_an_end_to_them() {
        let mut all = ByProfile::<Viewing>::default();
        let never = Viewing::default().with_skip(SegmentKind::Credits, SkipChoice::None);
        all.set("mira".into(), never);
        assert_eq!((all.of(&"mira".into()), all.of(&"jon".into())), (Some(never), None));
        for index in 0..200 {
            all.set(format!("p{index:03}").as_str().into(), Viewing::default());
        }
        assert_eq!(all.0.len(), MOST_PROFILES);
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<ByProfile<Viewing>>(&text).unwrap(), all);
    }
}
