#!/usr/bin/env python3
"""Measures the interface of lumen and lumen-tv: start, keys, cost of a frame, rest, memory, and playback beside mpv and VLC.

    scripts/bench/interface.py [--app lumen] [--app lumen-tv] [--data FOLDER] [--starts 5] [--keys 200] [--seconds 20]

Builds nothing: release programs are taken if there are any, else those of a debug build, and which is said. Needs Xvfb,
xdotool, ImageMagick, zbarimg and ffmpeg; mpv and cvlc are compared with where they are installed. Prints tables in Markdown.
What the numbers mean: docs/bench.md.
"""
import argparse, os, shutil, statistics, subprocess, sys, tempfile, time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from stage import TICK, App, Process, Screen, Server, binary, chromium, confirm_by_forms, confirm_in_browser, library, need
from stage import read_code, until

TITLES = ["qa-counter-clear", "the-long-tide"]
# One gigabyte is the smallest class of boxes, and what a television is measured as.
CLASS = {"lumen": [], "lumen-tv": ["--platform", "1g"]}


def mib(kib):
    return f"{kib / 1024:.0f} MiB"


def film(folder):
    """720p at 30 frames a second for two minutes, without sound."""
    file = Path(folder) / "bench-720p30.mp4"
    if not file.exists():
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30:duration=120", "-c:v",
                        "libx264", "-preset", "veryfast", "-b:v", "3M", "-pix_fmt", "yuv420p", "-g", "60", "-movflags",
                        "+faststart", str(file)], check=True)
    return file


def signed_in(screen, server, name):
    """A folder with a session in it, so that the app comes up at home."""
    home = Path(tempfile.mkdtemp(prefix=f"lumen-bench-{name}-"))
    app = App(screen, server, *CLASS[name], name=name, home=home)
    screen.window()
    screen.focus()
    if name == "lumen-tv":
        address = read_code(screen, home / "code.png")
        if not address:
            sys.exit("zbarimg is missing: the code on the screen cannot be read (apt install zbar-tools)")
        (confirm_in_browser if chromium() else confirm_by_forms)(address)
        app.on("profiles")
        screen.key("Return")
        app.on("home")
    app.stop()
    return home


def start(screen, server, name, home):
    """To the gate, and through it."""
    app = App(screen, server, *CLASS[name], name=name, home=home)
    screen.window()
    return app


def cold_starts(screen, server, name, home, starts):
    first, focus = [], []
    for _ in range(starts):
        app = start(screen, server, name, home)
        figures = until(lambda: app.figures() if app.figures()["first_focus_ms"] else None, 30)
        first.append(figures["first_frame_ms"])
        focus.append(figures["first_focus_ms"])
        app.stop()
        time.sleep(0.5)
    for what, times in (("first painted frame", first), ("first frame with a focused control", focus)):
        print(f"| {name} | cold start to {what} | {min(times):.0f} ms best, {statistics.median(times):.0f} ms median |")


def home_page(screen, server, name, home, options):
    app = start(screen, server, name, home)
    screen.focus()
    if name == "lumen-tv":
        app.on("profiles")
        screen.key("Return")
        app.on("home")
        page = "home"
    else:
        # A desktop signs in by the system browser; its first page is measured.
        page = "sign-in"
        app.on(page)
    time.sleep(8)
    before = app.fresh()
    time.sleep(max(0, options.seconds - 5))
    after = app.fresh()
    while after["uptime_s"] - before["uptime_s"] < options.seconds:
        after = app.fresh()
    passed = after["uptime_s"] - before["uptime_s"]
    print(f"| {name} | repaints a second, idle {page}, over {passed:.0f} s | {(after['frames'] - before['frames']) / passed:.2f} |")
    memory = after["memory"]
    print(f"| {name} | resident, idle {page} | {mib(memory['resident_kib'])}; without the files of the software OpenGL "
          f"{mib(memory['resident_kib'] - memory['driver_kib'])}, of it heap {mib(memory['anonymous_kib'])} "
          f"(pictures {mib(memory['textures_kib'])}) |")
    keys = ["Down", "Right", "Right", "Left", "Left", "Up"] if page == "home" else ["Tab"]
    for index in range(options.keys):
        screen.key(keys[index % len(keys)], pause=0.09)
    of = app.fresh()["screens"][page]
    print(f"| {name} | key to changed frame, {page}, {of['input']['count']} keys | p50 {of['input']['p50']:.1f} ms, "
          f"p95 {of['input']['p95']:.1f} ms |")
    print(f"| {name} | interface CPU of a frame, {page}, {of['pass']['count']} frames | p50 {of['pass']['p50']:.2f} ms, "
          f"p99 {of['pass']['p99']:.2f} ms; whole frame with OpenGL p99 {of['frame_cpu']['p99']:.1f} ms |")
    app.stop()


def share(process, seconds):
    """CPU of a process and its children, in per cent of one processor."""
    before, at = process.cpu_s(), time.monotonic()
    time.sleep(seconds)
    return 100 * (process.cpu_s() - before) / (time.monotonic() - at)


def playback(screen, name, file, options):
    app = App(screen, None, *CLASS[name], str(file), name=name)
    screen.window()
    screen.focus()
    app.on("player")
    time.sleep(6)
    cpu = share(app, options.seconds)
    figures = app.fresh()
    of, memory = figures["screens"]["player"], figures["memory"]
    print(f"| {name} | 720p30: CPU of one processor | {cpu:.0f} % |")
    print(f"| {name} | 720p30: resident | {mib(memory['resident_kib'])}; without the files of the software OpenGL "
          f"{mib(memory['resident_kib'] - memory['driver_kib'])} |")
    print(f"| {name} | 720p30: interface CPU of a frame, {of['pass']['count']} frames | p50 {of['pass']['p50']:.2f} ms, "
          f"p99 {of['pass']['p99']:.2f} ms |")
    app.stop()


def rivals(screen, file, options):
    for name, args in (("mpv", ["mpv", "--no-config", "--no-audio", "--geometry=1280x720", "--no-border"]),
                       ("mpv, without OpenGL", ["mpv", "--no-config", "--no-audio", "--vo=x11", "--geometry=1280x720",
                                                "--no-border"]),
                       ("cvlc", ["cvlc", "--no-audio", "--width=1280", "--height=720", "--no-video-title-show"])):
        if not shutil.which(args[0]):
            print(f"| {name} | 720p30: CPU of one processor | not installed, left out |")
            continue
        if args[0] == "cvlc" and os.geteuid() == 0:
            args = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *args]
        process = Process(*args, file, env={**screen.env, "HOME": tempfile.gettempdir()}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(6)
        if not process.alive():
            print(f"| {name} | 720p30: CPU of one processor | does not run here |")
            continue
        cpu = share(process, options.seconds)
        memory = int(next(line.split()[1] for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
                          if line.startswith("VmRSS")))
        print(f"| {name} | 720p30: CPU of one processor | {cpu:.0f} %; resident {mib(memory)} |")
        process.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--app", action="append", choices=sorted(CLASS), help="which app; may be repeated (default: both)")
    parser.add_argument("--data", help="folder of the server, and of the film; kept (default: a temporary one)")
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    need("Xvfb", "xdotool", "import", "ffmpeg")
    data = library(options.data or Path(tempfile.gettempdir()) / "lumen-television-library", TITLES)
    file = film(data)
    screen = Screen()
    server = Server(data)
    kind = binary("lumen-tv").parent.name
    print(f"{kind} build, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, software OpenGL, 1280×720\n")
    print("| App | What | Figure |\n|---|---|---|")
    for name in options.app or sorted(CLASS):
        home = signed_in(screen, server, name)
        cold_starts(screen, server, name, home, options.starts)
        home_page(screen, server, name, home, options)
        playback(screen, name, file, options)
        shutil.rmtree(home, ignore_errors=True)
    rivals(screen, file, options)


if __name__ == "__main__":
    main()
