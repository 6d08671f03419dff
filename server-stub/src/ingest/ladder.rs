//! Which renditions a title is encoded to.

/// How rich the renditions are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LadderProfile {
    /// Five rungs up to 1920x1080.
    #[default]
    Full,
    /// Five small rungs, encoded as fast as can be; for tests.
    Test,
}

/// One video rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rung {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Upper limit of the mean rate over the decoder's buffer, in kbit/s.
    pub(crate) max_kbps: u32,
    /// Constant-rate-factor of x264: lower is better.
    pub(crate) quality: u32,
    /// H.264 profile: small screens get Main, which every decoder has.
    pub(crate) profile: &'static str,
}

impl Rung {
    /// Name of the rung's folder, such as `1080p`.
    pub(crate) fn name(&self) -> String {
        format!("{}p", self.height)
    }
}

/// Widths are 16:9 rounded to even numbers. Rates step by a factor of about two, which is what a switching player
/// wants: smaller steps cost switches without a visible gain.
const FULL: [Rung; 5] = [
    Rung { width: 1920, height: 1080, max_kbps: 4500, quality: 21, profile: "high" },
    Rung { width: 1280, height: 720, max_kbps: 2400, quality: 21, profile: "high" },
    Rung { width: 854, height: 480, max_kbps: 1100, quality: 22, profile: "high" },
    Rung { width: 640, height: 360, max_kbps: 600, quality: 23, profile: "main" },
    Rung { width: 426, height: 240, max_kbps: 300, quality: 24, profile: "main" },
];

/// The smallest is below anything that is streamed: the time code must survive it.
const TEST: [Rung; 5] = [
    Rung { width: 854, height: 480, max_kbps: 900, quality: 24, profile: "high" },
    Rung { width: 640, height: 360, max_kbps: 520, quality: 25, profile: "high" },
    Rung { width: 480, height: 270, max_kbps: 320, quality: 26, profile: "high" },
    Rung { width: 426, height: 240, max_kbps: 220, quality: 27, profile: "main" },
    Rung { width: 256, height: 144, max_kbps: 130, quality: 28, profile: "main" },
];

impl LadderProfile {
    /// The rungs, best first.
    pub(crate) fn rungs(self) -> &'static [Rung] {
        match self {
            Self::Full => &FULL,
            Self::Test => &TEST,
        }
    }

    /// Speed setting of x264.
    pub(crate) fn preset(self) -> &'static str {
        match self {
            Self::Full => "superfast",
            Self::Test => "ultrafast",
        }
    }

    /// Written into `title.json`: media of another ladder are made again.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Test => "test",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_fall_in_size_and_rate() {
        for profile in [LadderProfile::Full, LadderProfile::Test] {
            let rungs = profile.rungs();
            assert!(rungs.len() >= 5);
            assert!(
                rungs.windows(2).all(|pair| pair[0].height > pair[1].height && pair[0].max_kbps > pair[1].max_kbps)
            );
            assert!(rungs.iter().all(|rung| rung.width % 2 == 0 && rung.height % 2 == 0));
        }
    }
}
