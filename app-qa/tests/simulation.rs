//! `lumen-qa sim` and `lumen-qa bench abr` as they are called: what they read, write and refuse.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Recordings of three sources, a ladder for the scenarios A, B and C, and a place for optima.
struct Lab {
    folder: TempDir,
}

impl Lab {
    fn new() -> Self {
        let lab = Self { folder: tempfile::tempdir().unwrap() };
        for (source, name, kbps) in [
            ("train", "a", [900, 2_500]),
            ("train", "b", [1_500, 400]),
            ("cable", "c", [4_000, 3_000]),
            ("cable", "dead", [2, 1]),
        ] {
            lab.write(&format!("dev/{source}/{name}.txt"), recording(kbps));
        }
        lab.write("STRESS.txt", "cable dead slow\n");
        for name in ["envivio6", "bbb10"] {
            lab.write(&format!("ladders/{name}.txt"), ladder());
        }
        lab
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Runs `lumen-qa`; `arguments` are words between spaces.
    fn run(&self, arguments: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_lumen-qa"))
            .args(arguments.split(' '))
            .args(["--cache".as_ref(), self.path("cache").as_os_str()])
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(name)).unwrap()).unwrap()
    }
}

/// Five seconds of one rate, five of another, again and again.
fn recording(kbps: [u32; 2]) -> String {
    format!("5000 {} 60\n5000 {} 80\n", kbps[0], kbps[1])
}

/// Twenty segments of two seconds, which vary by a quarter.
fn ladder() -> String {
    let rungs = [300.0, 750.0, 1_500.0, 3_000.0];
    let mut text = "seg_ms 2000\nkbps 300 750 1500 3000\nres 320x180 640x360 1280x720 1920x1080\n".to_owned();
    for segment in 0..20 {
        let factor = 2_000.0 * (1.0 + 0.25 * f64::from(segment % 3 - 1));
        let sizes: Vec<String> = rungs.iter().map(|kbps| (kbps * factor).to_string()).collect();
        text += &(sizes.join(" ") + "\n");
    }
    text
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

const FIGURES: [&str; 10] = [
    "n",
    "qoe_lin",
    "qoe_log",
    "share_of_optimum",
    "kbps",
    "stall_ratio",
    "stalls_per_hour",
    "switches_per_minute",
    "startup_s",
    "wasted_ratio",
];

#[test]
fn figures_are_printed_and_written_and_the_same_every_time() {
    let lab = Lab::new();
    let command = "sim --traces dev --ladder ladders/bbb10.txt --scenario A,C --controller throughput,offline --json ";
    let first = lab.run(&format!("{command}one.json"));
    assert_eq!(code(&first), Some(0), "{}", text(&first.stderr));
    let document = lab.json("one.json");
    for scenario in ["A", "C"] {
        for controller in ["throughput", "offline"] {
            let found = &document["scenarios"][scenario][controller];
            for place in [&found["overall"], &found["sources"]["train"], &found["sources"]["cable"]] {
                for figure in FIGURES {
                    assert!(place[figure].is_number(), "{scenario} {controller} {figure}: {place}");
                }
            }
            assert_eq!((&found["overall"]["n"], &found["sources"]["cable"]["n"]), (&3.into(), &1.into()));
            assert_eq!(document["stress"][scenario][controller]["overall"]["n"], 1);
        }
        let share =
            |controller: &str| document["scenarios"][scenario][controller]["overall"]["share_of_optimum"].as_f64();
        assert_eq!(share("offline"), Some(1.0));
        assert!(share("throughput").unwrap() < 1.0, "nobody beats whoever knows the future");
    }
    let table = text(&first.stdout);
    for words in [
        "A-envivio-vod60: 20 segments of 2 s in 4 rungs, 60 s of buffer",
        "overall (3 recordings)",
        "train (2",
        "share %",
    ] {
        assert!(table.contains(words), "{words} is missing in\n{table}");
    }
    assert_eq!(text(&first.stderr), "", "a pipe wants no progress");

    // The second run takes the optima from the cache, and one thread.
    let second = lab.run(&format!("{command}two.json --threads 1"));
    assert_eq!((text(&second.stdout), lab.json("two.json")), (table, document));
}

#[test]
fn ladders_are_found_beside_the_recordings_and_standard_output_can_be_json() {
    let lab = Lab::new();
    let output = lab.run("sim --traces dev/train --scenario A..B --controller bola --sizes unknown --json -");
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["scenarios"]["B"]["bola"]["sources"]["train"]["n"], 2);
    assert_eq!(document["sizes"], "unknown");
}

#[test]
fn a_session_says_why() {
    let lab = Lab::new();
    let output = lab.run("sim --traces dev --scenario B --controller throughput --session train/a --json session.json");
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    assert!(table.contains("B-bbb10-vod30 · throughput · train/a") && table.contains("180p first: "), "{table}");
    let segments = &lab.json("session.json")["scenarios"]["B"]["throughput"]["segments"];
    assert_eq!(segments.as_array().unwrap().len(), 20);
    assert!(segments[19]["decisions"][0]["sentence"].as_str().unwrap().contains(" s buffered"));
}

#[test]
fn a_benchmark_leaves_tables_figures_and_plots() {
    let lab = Lab::new();
    let output = lab.run("bench abr --traces dev --scenario A,C --controller all --out report");
    assert_eq!(code(&output), Some(0), "{}", text(&output.stderr));
    let tables = text(&output.stdout);
    for words in ["Share of the optimum of QoE_log in per cent, sizes unknown", "| throughput |", "Cost of a decision"]
    {
        assert!(tables.contains(words), "{words} is missing in\n{tables}");
    }
    assert!(!tables.contains("NaN"), "{tables}");
    for name in ["tables.md", "sizes-known.json", "sizes-unknown.json", "shares.svg", "stalls.svg", "session-C.svg"] {
        assert!(lab.path("report").join(name).is_file(), "{name}");
    }
}

/// Runs over one broken file and returns what is said about it.
fn refusal(name: &str, bytes: &[u8]) -> String {
    let lab = Lab::new();
    lab.write(name, bytes);
    let output = lab.run("sim --traces dev --scenario A --controller throughput");
    let said = text(&output.stderr);
    assert_eq!(code(&output), Some(2), "{said}");
    assert_eq!(text(&output.stdout), "");
    let path = Path::new(name).components().next_back().unwrap();
    said.split(&format!("{}: ", path.as_os_str().to_string_lossy())).nth(1).unwrap_or(&said).trim().to_owned()
}

#[test]
fn hostile_files_are_refused_by_name_and_line() {
    assert_eq!(refusal("dev/train/x.txt", b""), "the recording is empty");
    assert_eq!(refusal("dev/train/x.txt", b"1000 50 20\n\x00\x9f\xff\n"), "line 2 is not text");
    assert_eq!(refusal("dev/train/x.txt", b"1000 50 20\n1000 NaN 20\n"), "line 2: no bandwidth in kbit/s");
    assert_eq!(refusal("dev/train/x.txt", &vec![b'9'; 3 << 20]), "line 1: not a time in whole milliseconds");
    assert_eq!(refusal("dev/train/x.txt", b"1000 0 20\n"), "the recording has no bandwidth at all");
    assert_eq!(refusal("ladders/envivio6.txt", b"seg_ms 2000\nkbps 300 x\n"), "line 2: not a list of bitrates");
    assert_eq!(refusal("STRESS.txt", b"cable\n"), "line 1: write `source recording kind`");
}

#[test]
fn what_is_missing_and_what_makes_no_sense_have_their_exit_codes() {
    let lab = Lab::new();
    fs::create_dir(lab.path("empty")).unwrap();
    for (arguments, expected, words) in [
        ("sim --traces nowhere", 3, "cannot read nowhere"),
        ("sim --traces dev --ladder nowhere.txt", 3, "cannot read nowhere.txt"),
        ("sim --traces empty", 2, "there are no recordings in "),
        ("sim --traces dev --scenario G", 2, "`G` is no scenario"),
        ("sim --traces dev --controller oracle", 2, "there are "),
        ("sim --traces dev --session train/z", 2, "there is no recording train/z"),
        ("sim --traces dev --scenario D --controller bola", 3, "bbb4k6.txt"),
    ] {
        let output = lab.run(arguments);
        let said = text(&output.stderr);
        assert_eq!(code(&output), Some(expected), "{arguments}: {said}");
        assert!(said.contains(words), "{arguments}: {said}");
    }
}

#[test]
fn help_teaches_by_example() {
    let lab = Lab::new();
    for (command, example) in [("sim", "lumen-qa sim --traces"), ("bench abr", "lumen-qa bench abr --traces")] {
        let help = text(&lab.run(&format!("{command} --help")).stdout);
        assert!(help.contains(example) && help.contains("--no-cache"), "{help}");
    }
}
