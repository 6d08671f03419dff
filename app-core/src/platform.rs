//! What a machine can afford: a box under a television has a hundredth of a desktop's memory.

use clap::ValueEnum;
use std::{fs, path::Path};

const MIB: usize = 1 << 20;

/// A class of machines by their memory. Vendors' one gigabyte is less by what firmware and video decoder keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Platform {
    /// Boxes with 1 GB: pictures for 720p, nothing fetched ahead.
    #[value(name = "1g")]
    Small,
    /// Boxes with 1.5 or 2 GB.
    #[value(name = "1.5g")]
    Medium,
    /// Everything else.
    #[default]
    Desktop,
}

/// How much of what may be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Budget {
    /// Bytes of textures kept.
    pub(crate) textures: usize,
    /// Pictures are decoded for at most so many pixels a unit of the canvas.
    pub(crate) picture_scale: f32,
    /// Bytes of beginnings fetched before anybody asks; none is fetched with 0.
    pub(crate) ahead: usize,
    /// Bytes of compressed media a player holds.
    pub(crate) buffer: u64,
    /// Titles may move above the rows.
    pub(crate) previews: bool,
}

impl Platform {
    /// The class of this machine, or of the part of it that the control group leaves.
    pub(crate) fn detect() -> Self {
        let read = |path: &str| fs::read_to_string(Path::new(path)).ok();
        let memory = read("/proc/meminfo").and_then(|text| total(&text));
        let limit = read("/sys/fs/cgroup/memory.max").and_then(|text| text.trim().parse().ok());
        memory.into_iter().chain(limit).min().map_or(Self::Desktop, Self::of_memory)
    }

    fn of_memory(bytes: u64) -> Self {
        match bytes / MIB as u64 {
            0..1280 => Self::Small,
            1280..2304 => Self::Medium,
            _ => Self::Desktop,
        }
    }

    /// What machines of the class may use. 64 and 118 MB of textures are what television interfaces elsewhere get by
    /// with; a beginning is a few megabytes, and 30 s of the highest rung are 60.
    pub(crate) fn budget(self) -> Budget {
        match self {
            Self::Small => Budget {
                textures: 64 * MIB,
                picture_scale: 720.0 / 540.0,
                ahead: 0,
                buffer: 48 * MIB as u64,
                previews: false,
            },
            Self::Medium => Budget {
                textures: 118 * MIB,
                picture_scale: 2.0,
                ahead: 12 * MIB,
                buffer: 96 * MIB as u64,
                previews: true,
            },
            Self::Desktop => Budget {
                textures: 118 * MIB,
                picture_scale: f32::MAX,
                ahead: 24 * MIB,
                buffer: 150 * MIB as u64,
                previews: true,
            },
        }
    }
}

/// Bytes of memory by `/proc/meminfo`.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_known_by_what_their_kernels_say() {
        for (kib, platform) in [
            (893_412, Platform::Small),
            (1_016_000, Platform::Small),
            (1_440_000, Platform::Medium),
            (1_990_000, Platform::Medium),
            (3_900_000, Platform::Desktop),
            (24_600_000, Platform::Desktop),
        ] {
            let meminfo = format!("MemTotal:       {kib} kB\nMemFree:         1 kB\n");
            assert_eq!(total(&meminfo).map(Platform::of_memory), Some(platform), "{kib}");
        }
        for nonsense in [
            "",
            "MemTotal:",
            "MemTotal: x kB",
            "MemTotal: 99999999999999999999 kB",
            "MemTotal: 18446744073709551615 kB",
        ] {
            assert_eq!(total(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_smaller_machine_is_asked_for_less() {
        let [small, medium, desktop] = [Platform::Small, Platform::Medium, Platform::Desktop].map(Platform::budget);
        assert_eq!((small.textures, medium.textures), (64 << 20, 118 << 20));
        assert!(small.buffer < medium.buffer && medium.buffer < desktop.buffer);
        assert!(small.ahead < medium.ahead && medium.ahead < desktop.ahead);
        assert!(!small.previews && medium.previews && desktop.previews);
        assert!(small.picture_scale < medium.picture_scale && medium.picture_scale < desktop.picture_scale);
    }
}
