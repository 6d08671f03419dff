//! The package of the television session, made of a stand-in for the program: what is in it, and that its scripts and its
//! unit can be read by those who will run them.
#![allow(clippy::unwrap_used)]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn run(program: &str, args: &[&str]) -> Output {
    Command::new(program).args(args).current_dir(repository()).output().unwrap()
}

fn there_is(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap().status.success();
    if !found {
        println!("skipped: there is no {program} here");
    }
    found
}

#[test]
fn package_holds_the_program_its_unit_and_its_settings() {
    if !there_is("dpkg-deb") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let made = run("scripts/package-tv-deb.sh", &["/bin/true", folder.path().to_str().unwrap()]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let package = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let listed = run("dpkg-deb", &["--contents", package.to_str().unwrap()]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for (mode, file) in [
        ("-rwxr-xr-x root/root", "./usr/bin/lumen-tv"),
        ("-rw-r--r-- root/root", "./lib/systemd/system/lumen-tv.service"),
        ("-rw-r--r-- root/root", "./etc/lumen/tv.conf"),
    ] {
        assert!(listed.lines().any(|line| line.starts_with(mode) && line.ends_with(file)), "{file} in\n{listed}");
    }
    let depends = run("dpkg-deb", &["--field", package.to_str().unwrap(), "Depends"]);
    let depends = String::from_utf8_lossy(&depends.stdout).into_owned();
    assert!(
        ["cage", "xwayland", "libudev1", "gstreamer1.0-libav"].iter().all(|name| depends.contains(name)),
        "{depends}"
    );
}

#[test]
fn scripts_of_the_package_are_scripts() {
    for script in ["postinst", "prerm", "postrm"] {
        let read = run("sh", &["-n", &format!("packaging/tv/{script}")]);
        assert!(read.status.success(), "{script}: {}", String::from_utf8_lossy(&read.stderr));
    }
}

#[test]
fn session_is_watched_and_started_again() {
    let unit = std::fs::read_to_string(repository().join("packaging/tv/lumen-tv.service")).unwrap();
    for line in [
        "ExecStart=/usr/bin/cage -ds -- /usr/bin/lumen-tv",
        "Type=notify",
        "NotifyAccess=all",
        "Restart=always",
        "WatchdogSec=30",
    ] {
        assert!(unit.lines().any(|found| found == line), "{line}");
    }
    if !there_is("systemd-analyze") {
        return;
    }
    let read = run("systemd-analyze", &["verify", "--man=no", "packaging/tv/lumen-tv.service"]);
    let words = String::from_utf8_lossy(&read.stderr).into_owned();
    // The compositor and the program need not be installed where this is tested.
    let wrong: Vec<&str> =
        words.lines().filter(|line| line.contains("lumen-tv") && !line.contains("is not executable")).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
