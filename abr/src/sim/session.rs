//! One session: a controller on a trace.

use super::content::Content;
use super::player::{Interruption, Player};
use super::scenario::Delivery;
use super::trace::NetworkTrace;
use super::viewer::Viewer;
use crate::controller::{AbrController, PlaybackPlan, UpcomingSegment};

/// Whether controllers are told the sizes of coming segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeKnowledge {
    /// All of them, as from a segment index.
    Known,
    /// None: average bitrate times duration must do.
    Unknown,
}

/// A segment that was played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fetched {
    /// Which segment of the title.
    pub index: usize,
    /// Its rung's position in the ladder.
    pub position: usize,
    /// When its first request was made, in seconds since the session began.
    pub requested: f64,
    /// When it was complete.
    pub finished: f64,
    /// Media buffered at that moment, the segment included.
    pub buffered: f64,
    /// Seconds of stall before it was complete, without the start.
    pub stalled: f64,
    /// How often a transfer of it was given up.
    pub abandoned: u8,
}

/// What happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    /// In the order in which they were shown: that of the title, if the viewer does not seek.
    pub segments: Vec<Fetched>,
    /// Seconds until the first segment was complete and playback began, or until the viewer left.
    pub startup: f64,
    /// Seconds of stalls, without the start and without what seeks made the viewer wait.
    pub stalled: f64,
    /// How many.
    pub stalls: u32,
    /// Seconds that the viewer waited for a picture after seeks.
    pub seek_delay: f64,
    /// How many seeks there were.
    pub seeks: u32,
    /// Bits received.
    pub bits: f64,
    /// Of these, bits of transfers that were given up, by the controller or because the viewer went elsewhere.
    pub wasted: f64,
    /// Of these, bits of complete segments of which the viewer saw nothing.
    pub unseen: f64,
    /// Seconds of media shown.
    pub watched: f64,
    /// When the last picture was shown or the viewer left: `startup + stalled + seek_delay + watched`.
    pub ended: f64,
}

/// Plays `content` over `trace` with the choices of `controller`, to somebody who watches it all.
pub fn play(
    trace: &NetworkTrace,
    content: &Content,
    delivery: Delivery,
    sizes: SizeKnowledge,
    controller: &mut dyn AbrController,
) -> Session {
    play_with(trace, content, delivery, sizes, controller, &Viewer::default())
}

/// Plays `content` over `trace` with the choices of `controller` to a viewer who may seek, lose patience and leave.
///
/// A seek into what is buffered drops what lies before it and costs nothing. Any other empties the buffer; unless it
/// goes to the segment that is being fetched, that transfer is given up, and what follows is a start like the first,
/// counted as [`Session::seek_delay`]. In live, nobody can seek to what has not been published.
pub fn play_with(
    trace: &NetworkTrace,
    content: &Content,
    delivery: Delivery,
    sizes: SizeKnowledge,
    controller: &mut dyn AbrController,
    viewer: &Viewer,
) -> Session {
    let mut player = Player::new(trace, content, delivery, viewer);
    controller.prepare(&PlaybackPlan {
        ladder: content.ladder(),
        segment_duration: content.segment(),
        buffer_target: player.limit(),
        live: matches!(delivery, Delivery::Live { .. }),
    });
    let upcoming: Vec<UpcomingSegment<'_>> = (0..content.segments())
        .map(|index| UpcomingSegment {
            duration: content.segment(),
            bytes: if sizes == SizeKnowledge::Known { content.sizes(index) } else { &[] },
        })
        .collect();
    loop {
        let next = player.next_segment();
        let done = next == content.segments();
        let result = if done { player.play_out() } else { player.fetch(&upcoming[next..], controller) };
        match result {
            Ok(()) if done => break,
            Ok(()) | Err(Interruption::Sought) => {}
            Err(Interruption::Left) => break,
        }
    }
    player.into_session()
}
