//! What happened lately in this session, as far as a decision may care.

use std::collections::VecDeque;
use std::time::Duration;

use crate::ladder::RungId;

/// A change of rung, at the moment it was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Time since the session began.
    pub at: Duration,
    /// The rung left.
    pub from: RungId,
    /// The rung chosen.
    pub to: RungId,
    /// Whether the new rung has the higher bitrate.
    pub up: bool,
}

/// A time in which playback stood still for want of media. Start-up and seeks are not stalls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// Time since the session began at which the picture stopped.
    pub at: Duration,
    /// How long it stood still.
    pub duration: Duration,
}

/// A bounded memory of recent switches and stalls, written by the session and read by controllers.
///
/// Both rings have [`History::CAPACITY`] entries and are allocated once.
#[derive(Clone, Debug)]
pub struct History {
    switches: VecDeque<Switch>,
    stalls: VecDeque<Stall>,
}

impl History {
    /// More than a calm session makes in an hour and more than any rule here looks back.
    pub const CAPACITY: usize = 32;

    /// An empty history.
    pub fn new() -> Self {
        Self { switches: VecDeque::with_capacity(Self::CAPACITY), stalls: VecDeque::with_capacity(Self::CAPACITY) }
    }

    /// Remembers a switch, forgetting the oldest one when full.
    pub fn push_switch(&mut self, switch: Switch) {
        push(&mut self.switches, switch);
    }

    /// Remembers a stall that has ended, forgetting the oldest one when full.
    pub fn push_stall(&mut self, stall: Stall) {
        push(&mut self.stalls, stall);
    }

    /// Oldest first.
    pub fn switches(&self) -> impl DoubleEndedIterator<Item = &Switch> {
        self.switches.iter()
    }

    /// Oldest first.
    pub fn stalls(&self) -> impl DoubleEndedIterator<Item = &Stall> {
        self.stalls.iter()
    }

    /// Forgets everything, as after a seek or a change of network.
    pub fn clear(&mut self) {
        self.switches.clear();
        self.stalls.clear();
    }
}

impl Default for History {
    fn default() -> Self {
        Self::new()
    }
}

fn push<T>(ring: &mut VecDeque<T>, entry: T) {
    if ring.len() >= History::CAPACITY {
        ring.pop_front();
    }
    ring.push_back(entry);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_forget_the_oldest_and_never_grow() {
        let mut history = History::new();
        for i in 0..100_u64 {
            let at = Duration::from_secs(i);
            history.push_switch(Switch { at, from: RungId(0), to: RungId(1), up: true });
            history.push_stall(Stall { at, duration: Duration::from_millis(1) });
        }
        assert_eq!(history.switches().count(), History::CAPACITY);
        assert_eq!(history.stalls().next().map(|s| s.at.as_secs()), Some(100 - History::CAPACITY as u64));
        history.clear();
        assert_eq!(history.stalls().count(), 0);
    }
}
