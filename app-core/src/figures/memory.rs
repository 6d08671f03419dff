//! Resident memory by what it is for, from `/proc/self/smaps`.

use super::Memory;
use std::{fs::File, io::Read};

/// Bytes read of it: a thousand mappings have one million.
const LIMIT: u64 = 32 << 20;
/// Parts of the names of files that belong to the OpenGL driver.
const DRIVER: [&str; 13] = [
    "_dri.so",
    "libgallium",
    "libLLVM",
    "libz3.so",
    "libEGL",
    "libGL",
    "libglapi",
    "libgbm",
    "libdrm",
    "libxcb-dri",
    "libvulkan",
    "libsensors",
    "libxshmfence",
];

/// Of this process, now; zeros where nothing tells.
pub(super) fn of_process() -> Memory {
    let read = |path: &str| {
        let mut text = String::new();
        let file = File::open(path).ok()?;
        file.take(LIMIT).read_to_string(&mut text).ok()?;
        Some(text)
    };
    let mut memory = read("/proc/self/smaps").map(|text| of_smaps(&text)).unwrap_or_default();
    memory.peak_kib = read("/proc/self/status").and_then(|text| kib(&text, "VmHWM:")).unwrap_or_default();
    memory
}

fn of_smaps(text: &str) -> Memory {
    let mut memory = Memory::default();
    let mut place: Option<Place> = None;
    for line in text.lines() {
        if let Some(name) = mapping(line) {
            place = Some(Place::of(name));
        } else if let (Some(rss), Some(place)) = (kib(line, "Rss:"), place) {
            memory.resident_kib += rss;
            *match place {
                Place::Driver => &mut memory.driver_kib,
                Place::File => &mut memory.files_kib,
                Place::Shared => &mut memory.shared_kib,
                Place::Anonymous => &mut memory.anonymous_kib,
            } += rss;
        }
    }
    memory
}

/// Name of the mapping, if the line begins one: `7f0-7f8 r--p 0 08:01 42   /usr/lib/libc.so.6`.
fn mapping(line: &str) -> Option<&str> {
    let (range, rest) = line.split_once(' ')?;
    let (from, to) = range.split_once('-')?;
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hex(from) && is_hex(to)).then(|| rest.splitn(5, ' ').nth(4).unwrap_or_default().trim())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Driver,
    File,
    Shared,
    Anonymous,
}

impl Place {
    fn of(name: &str) -> Self {
        let file = name.rsplit('/').next().unwrap_or_default();
        match name {
            _ if ["/memfd:", "/SYSV", "/dev/shm/", "/dev/dri/"].iter().any(|start| name.starts_with(start)) => {
                Self::Shared
            }
            _ if name.starts_with('/') && DRIVER.iter().any(|part| file.contains(part)) => Self::Driver,
            _ if name.starts_with('/') => Self::File,
            _ => Self::Anonymous,
        }
    }
}

/// The number behind a name in any line of a text.
fn kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mapping_is_counted_where_it_belongs() {
        let text = "\
55d0c0000000-55d0c0100000 r-xp 00000000 08:01 1234      /usr/bin/lumen-tv
Size:               1024 kB
Rss:                 500 kB
Pss:                 500 kB
55d0c2000000-55d0c3000000 rw-p 00000000 00:00 0          [heap]
Rss:                7000 kB
7f00aa000000-7f00ab000000 rw-p 00000000 00:00 0 
Rss:                 900 kB
7f00b0000000-7f00b4000000 r-xp 00000000 08:01 77         /usr/lib/x86_64-linux-gnu/dri/swrast_dri.so
Rss:                4000 kB
7f00b8000000-7f00bf000000 r-xp 00000000 08:01 78         /usr/lib/x86_64-linux-gnu/libLLVM-15.so.1
Rss:               30000 kB
7f00c0000000-7f00c0100000 rw-s 00000000 00:01 99         /SYSV00000000 (deleted)
Rss:                3600 kB
VmFlags: rd wr sh
";
        let expected = Memory {
            resident_kib: 46_000,
            files_kib: 500,
            driver_kib: 34_000,
            anonymous_kib: 7_900,
            shared_kib: 3_600,
            ..Memory::default()
        };
        assert_eq!(of_smaps(text), expected);
    }

    #[test]
    fn nonsense_is_no_memory() {
        for text in ["", "Rss: 5 kB", "x-y rw-p 0 0 0 \nRss: 1 kB", "00-01\nRss: many kB", "00-01 r 0\nRss: -1 kB"] {
            assert_eq!(of_smaps(text), Memory::default(), "{text}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_some() {
        let memory = of_process();
        let parts = memory.files_kib + memory.driver_kib + memory.anonymous_kib + memory.shared_kib;
        assert_eq!(memory.resident_kib, parts);
        assert!(memory.files_kib > 100 && memory.anonymous_kib > 100, "{memory:?}");
    }
}
