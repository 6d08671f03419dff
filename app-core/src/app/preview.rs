//! A title that moves: what stands above the rows of a television is played there, without sound, when the focus rests.
//!
//! It is a player like any other, and the only one there is: whoever presses a key ends it before anything else happens.

use super::{Effect, Model, OpenRequest, Place, PlayFrom, Target};
use crate::launch::QualityWish;
use player_core::{PlaybackState, PlayerSnapshot};
use service_api::{TitleId, catalog::TitleSummary};
use std::{sync::Arc, time::Duration};

/// The focus has rested for so long, in seconds: the backdrop has changed by then.
const REST: f64 = 1.6;
/// How long it plays, in seconds; what comes after would be too much of the story.
const LASTS: f64 = 30.0;
/// What does not play within so many seconds will not.
const OPENS_WITHIN: f64 = 10.0;
/// Where it begins in a title that was not begun, as a share of its length: behind what everybody skips.
const BEGINS: f64 = 0.08;
/// Whoever chose no more lines than this saves data.
const SAVING: u32 = 480;

/// What is played.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Preview {
    pub(crate) title: TitleId,
    pub(crate) attempt: u64,
    pub(crate) snapshot: Arc<PlayerSnapshot>,
    /// When it was asked for, and since when it plays.
    asked_at: f64,
    plays_since: Option<f64>,
}

impl Preview {
    /// Is there a picture that moves?
    pub(crate) fn is_seen(&self) -> bool {
        self.plays_since.is_some()
    }
}

/// What is known about previews between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Previews {
    pub(crate) shown: Option<Preview>,
    /// The machine can afford it.
    pub(crate) are_affordable: bool,
    /// What stands above the rows can be seen.
    pub(crate) hero_is_seen: bool,
    /// The last key.
    still_since: f64,
    /// What was shown last: once is enough until another one was.
    last: Option<TitleId>,
}

impl Previews {
    /// None was shown yet, on the same machine.
    pub(super) fn anew(&self) -> Self {
        Self { are_affordable: self.are_affordable, ..Self::default() }
    }
}

impl Model {
    /// A key was pressed, or the pointer moved. What it is for comes after what this returns.
    pub(crate) fn touched(&mut self, now: f64) -> Vec<Effect> {
        self.previews.still_since = now;
        self.end_preview()
    }

    pub(crate) fn end_preview(&mut self) -> Vec<Effect> {
        match self.previews.shown.take() {
            Some(_) => vec![Effect::ClosePlayer],
            None => vec![],
        }
    }

    /// May anything move there now?
    fn may_preview(&self) -> bool {
        let is_wanted = self.viewing().previews && self.previews.are_affordable;
        let moves = !self.settings.desktop.look.reduces_motion(&self.desktop.appearance);
        let saves_data = matches!(self.media().quality, Some(QualityWish::Height(height)) if height <= SAVING);
        let is_covered = self.profile_menu
            || self.confirm.is_some()
            || self.keys.is_some()
            || self.diagnostics
            || self.desktop.top().is_some();
        let is_home = self.density.is_tv() && self.place == Place::Home && self.player.is_none();
        is_home && is_wanted && moves && !saves_data && !is_covered && !self.link.is_away()
    }

    /// What would be shown.
    fn previewed(&self) -> Option<&TitleSummary> {
        let hero = self.hero(self.home.ready()?)?;
        (self.previews.hero_is_seen && hero.state.is_ready()).then_some(hero)
    }

    /// Lets time pass: begins it, and ends it.
    pub(super) fn tick_preview(&mut self, now: f64) -> Vec<Effect> {
        let wanted = self.previewed().filter(|_| self.may_preview()).cloned();
        if let Some(shown) = &mut self.previews.shown {
            if shown.snapshot.state == PlaybackState::Playing {
                shown.plays_since.get_or_insert(now);
            }
            let is_over = match shown.plays_since {
                Some(since) => now - since >= LASTS,
                None => now - shown.asked_at >= OPENS_WITHIN,
            };
            let has_ended = matches!(shown.snapshot.state, PlaybackState::Ended | PlaybackState::Failed);
            let is_other = wanted.as_ref().is_none_or(|wanted| wanted.id != shown.title);
            return if is_over || has_ended || is_other { self.end_preview() } else { vec![] };
        }
        let Some(title) = wanted else { return vec![] };
        if now - self.previews.still_since < REST || self.previews.last.as_ref() == Some(&title.id) {
            return vec![];
        }
        let Some(profile) = self.profile.as_ref().map(|profile| profile.id.clone()) else { return vec![] };
        self.attempts += 1;
        let begins = title.runtime_s.map_or(0.0, |length| length * BEGINS);
        let from = match super::is_begun(&title) {
            true => PlayFrom::Resume,
            false => PlayFrom::At(Duration::try_from_secs_f64(begins).unwrap_or_default()),
        };
        self.previews.last = Some(title.id.clone());
        self.previews.shown = Some(Preview {
            title: title.id.clone(),
            attempt: self.attempts,
            snapshot: Arc::new(PlayerSnapshot::initial()),
            asked_at: now,
            plays_since: None,
        });
        vec![Effect::OpenPlayer(OpenRequest {
            attempt: self.attempts,
            target: Target::Title { profile, title: title.id },
            from,
            speed: 1.0,
            volume: 0.0,
            muted: true,
            audio_language: None,
            text_language: None,
            text_delay: 0,
            decoder: self.decoder(),
            is_preview: true,
        })]
    }

    /// When [`Model::tick_preview`] should be called next.
    pub(super) fn preview_due(&self, now: f64) -> Option<f64> {
        let due = match &self.previews.shown {
            Some(shown) => shown.plays_since.map_or(shown.asked_at + OPENS_WITHIN, |since| since + LASTS),
            None => {
                let title = self.previewed().filter(|_| self.may_preview())?;
                if self.previews.last.as_ref() == Some(&title.id) {
                    return None;
                }
                self.previews.still_since + REST
            }
        };
        Some(due.max(now + 0.01))
    }

    /// Whether an answer is that of the preview: it is over if it was refused, and nobody needs to know why.
    pub(super) fn preview_refused(&mut self, attempt: u64) -> Vec<Effect> {
        if self.previews.shown.as_ref().is_some_and(|shown| shown.attempt == attempt) {
            return self.end_preview();
        }
        vec![]
    }
}

#[cfg(test)]
mod tests;
