#!/usr/bin/env python3
"""Uses lumen as a viewer does, by keys, on a desktop of its own: a film opened by its name, playerctl, signing in by the
browser, the keyring and the place of a killed window.

    scripts/check/desktop.py [--data FOLDER] [--pictures FOLDER]

FOLDER keeps the small library between runs. Needs Xvfb, xdotool, ImageMagick, dbus-daemon, playerctl and ffmpeg (apt install
xvfb xdotool imagemagick dbus playerctl ffmpeg); a keyring is used where gnome-keyring is installed, the service's page in
headless Chromium where there is one. Ends with 1 if something is not as it should be.
"""
import argparse, os, shutil, subprocess, sys, tempfile, time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from stage import App, Failed, Process, Screen, Server, Steps, chromium, confirm_by_forms, confirm_in_browser, difference
from stage import library, need, until

TITLES = ["qa-counter-clear", "the-long-tide"]
# What a window that is killed may forget, in seconds.
FORGOTTEN = 10


class Session(Process):
    """A session bus, as a desktop has one."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="lumen-session-"))
        # Without the services of the machine: a bus that starts a keyring of its own would ask where nobody sees it.
        config = self.folder / "bus.conf"
        config.write_text(f"<busconfig><type>session</type><listen>unix:path={self.folder}/bus</listen><policy "
                          'context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>'
                          '<allow own="*"/></policy></busconfig>')
        super().__init__("dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--print-address=1",
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.process.stdout.readline().strip()
        self.env = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": self.address}

    def keyring(self):
        """A real Secret Service on it, unlocked; None where gnome-keyring is not installed."""
        if not shutil.which("gnome-keyring-daemon"):
            return None
        env = {**self.env, "HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder),
               "XDG_DATA_HOME": str(self.folder / "data")}
        daemon = Process("gnome-keyring-daemon", "--foreground", "--components=secrets", "--unlock", env=env,
                         stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        daemon.process.stdin.write(b"check")
        daemon.process.stdin.close()
        time.sleep(1)
        return daemon

    def playerctl(self, *args):
        told = subprocess.run(["playerctl", "-p", "lumen", *map(str, args)], env=self.env, capture_output=True, text=True)
        return told.stdout.strip()

    def position(self):
        return float(self.playerctl("position") or 0)


class Check(Steps):
    def __init__(self, options):
        super().__init__(Screen(), options.pictures)
        data = library(options.data or Path(tempfile.gettempdir()) / "lumen-television-library", TITLES)
        self.film = self.make_film(data)
        self.session = Session()
        self.server = Server(data)
        # What the app opens instead of a browser: a file with the address.
        self.address = self.pictures / "address"
        self.browser = self.pictures / "browser"
        self.browser.write_text(f"#!/bin/sh\nprintf '%s' \"$1\" > '{self.address}'\n")
        self.browser.chmod(0o755)
        self.home = None

    def make_film(self, data):
        """A minute of test pictures with subtitles, as a playlist."""
        folder = data / "check-subtitles"
        film, text = folder / "master.m3u8", folder / "text.srt"
        if not film.exists():
            folder.mkdir(exist_ok=True)
            lines = (f"{i + 1}\n00:00:{i:02},000 --> 00:00:{i:02},950\nLine {i + 1} of the text\n" for i in range(58))
            text.write_text("\n".join(lines))
            subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=60", "-i",
                            text, "-map", "0", "-map", "1", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p",
                            "-b:v", "800k", "-g", "50", "-c:s", "webvtt", "-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod",
                            "-var_stream_map", "v:0,s:0,sgroup:text,language:eng", "-master_pl_name", "master.m3u8", "-y",
                            folder / "media-%v.m3u8"], check=True)
        return film

    def start(self, *args, server=None, home=None):
        env = {"DBUS_SESSION_BUS_ADDRESS": self.session.address, "BROWSER": str(self.browser)}
        self.app = App(self.screen, server, *args, name="lumen", home=home, env=env)
        self.screen.window()
        self.screen.focus()

    def plays(self, within=20):
        def playing():
            """the film plays, as playerctl tells"""
            return self.session.playerctl("status") == "Playing" and self.session.position() > 0
        until(playing, within)

    def reaches(self, low, high, what, within=10):
        def there():
            return low <= self.session.position() <= high
        there.__doc__ = f"{what}: a position from {low:.1f} to {high:.1f}, at {self.session.position():.1f}"
        until(there, within, 0.1)

    # A film, signed out, without a server.

    def opens(self):
        self.start(self.film)
        self.plays()
        self.moves()
        self.picture("film")
        self.say("a file plays without a server and without signing in")

    def keys(self):
        self.screen.key("space", pause=0.6)
        before = self.session.position()
        if self.session.playerctl("status") != "Paused":
            raise Failed("Space does not pause")
        self.screen.key("Right", "Right", "Right", pause=0.08)
        self.reaches(before + 14, before + 16, "three presses of Right")
        self.screen.key("shift+BackSpace")
        self.reaches(before - 1, before + 1, "the seek is taken back")
        self.screen.key("5")
        self.reaches(29, 31, "5 leads to the middle")
        self.screen.key("space")
        self.moves()
        self.say("Space, arrows, undo and digits do what the key sheet says")

    def subtitles(self):
        self.screen.key("space", pause=1.0)
        # A pause keeps the controls for a moment, and notes go after another.
        self.screen.key("period", pause=5)
        without = self.screen.pixels("900x200+190+480")
        self.screen.key("c", pause=6)
        if difference(without, self.screen.pixels("900x200+190+480")) < 1:
            raise Failed("C changes nothing")
        self.picture("subtitles")
        self.screen.key("space", pause=0.5)
        self.say("C switches subtitles")

    def controls(self):
        title = self.session.playerctl("metadata", "title")
        self.session.playerctl("pause")
        until(lambda: self.session.playerctl("status") == "Paused", 5)
        self.session.playerctl("position", "10")
        self.reaches(9.5, 10.5, "playerctl position 10")
        self.session.playerctl("play")
        self.plays()
        self.session.playerctl("position", "5+")
        self.reaches(14, 20, "playerctl position 5+")
        self.say(f"playerctl reads (title “{title}”) and steers")

    def stats(self):
        self.screen.key("i", pause=1.5)
        self.picture("stats")
        self.screen.key("i", pause=0.3)
        self.screen.key("question", pause=1)
        self.picture("keys")
        self.screen.key("Escape", pause=0.5)
        self.app.stop()
        self.say("stats and the sheet of keys are there")

    # The service.

    def sign_in(self):
        keyring = self.session.keyring()
        self.sign_in_once("a Secret Service (gnome-keyring)" if keyring else "no Secret Service")
        if keyring:
            found = subprocess.run(["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.secrets",
                                    "/org/freedesktop/secrets/collection/login",
                                    "org.freedesktop.DBus.Properties.Get", "string:org.freedesktop.Secret.Collection",
                                    "string:Items"], env=self.session.env, capture_output=True, text=True).stdout
            if "object path" not in found:
                raise Failed(f"the keyring is empty: {found}")
            self.say("the session is an item of the keyring")

    def sign_in_once(self, where):
        self.address.unlink(missing_ok=True)
        self.start(server=self.server)
        self.app.on("sign-in")
        time.sleep(1)
        self.picture("sign-in")
        # A first key makes the focus visible.
        self.screen.key("Down", "Return", pause=0.4)

        def asked():
            """the browser is opened"""
            return self.address.exists() and self.address.read_text()
        address = until(asked, 10)
        (confirm_in_browser if chromium() else confirm_by_forms)(address)
        self.app.on("profiles", 20)
        time.sleep(1)
        self.picture("profiles")
        self.screen.key("Return", pause=0.5)
        self.app.on("home")
        time.sleep(2)
        self.picture("home")
        self.home = self.app.home
        self.app.stop()
        self.start(server=self.server, home=self.home)
        if "sign-in" in self.app.fresh()["screens"]:
            raise Failed("the next start asks to sign in again")
        self.app.stop()
        self.say(f"signed in by the browser, and the next start is signed in as well: {where}")

    def killed(self):
        self.start("--title", TITLES[0], "--start", "0", server=self.server, home=self.home)
        self.enter()
        self.plays(30)
        time.sleep(17)
        at = self.session.position()
        self.app.process.kill()
        self.app.process.wait()
        self.start("--title", TITLES[0], server=self.server, home=self.home)
        self.enter()
        self.plays(30)
        kept = self.session.position()
        self.picture("resumed")
        # It resumes three seconds earlier, to be understood.
        lost = at - kept - 3
        if not -6 <= lost <= FORGOTTEN:
            raise Failed(f"killed at {at:.1f} s, resumed at {kept:.1f} s")
        self.say(f"killed at {at:.1f} s of the film, resumed at {kept:.1f} s: {max(lost, 0):.1f} s were lost")

    def enter(self):
        """Through the gate of profiles, if it is there."""
        time.sleep(2)
        if self.session.playerctl("status") != "Playing":
            self.screen.key("Down", "Return", pause=0.5)

    def mini(self):
        self.screen.key("p", pause=2)
        self.picture("mini-player")
        self.moves(name="the film moves in its corner")
        if self.session.playerctl("status") != "Playing":
            raise Failed("the film does not play on in its corner")
        self.screen.key("p", pause=1.5)
        self.say("P plays on in a corner above the page, and comes back")

    def skip(self):
        """A title whose intro is known."""
        self.app.stop()
        self.start("--title", TITLES[1], "--start", "0", server=self.server, home=self.home)
        self.enter()
        self.plays(30)
        until(lambda: self.session.position() > 2.5, 10)
        # In a pause nothing but the skip moves the film.
        self.session.playerctl("pause")
        time.sleep(1)
        self.picture("intro")
        before = self.session.position()
        self.screen.key("s", pause=2)
        after = self.session.position()
        if after < before + 0.2:
            raise Failed(f"S does not skip: {before:.1f} to {after:.1f}")
        self.say(f"S skips the intro: {before:.1f} to {after:.1f} s")
        self.app.stop()

    def sign_out(self):
        self.start(server=self.server, home=self.home)
        self.enter()
        self.app.on("home")
        time.sleep(1.5)
        # To the navigation, to the account at its right end, and up from the end of its menu to the way out.
        self.screen.key("Up", "Up", "Up", "Right", "Right", "Right", "Right", "Return", pause=0.35)
        time.sleep(0.6)
        self.picture("account-menu")
        self.screen.key("End", "Up", "Up", pause=0.3)
        for _ in range(6):
            self.screen.key("Down", pause=0.3)
        self.screen.key("Return", pause=1)
        self.app.on("sign-in")
        self.picture("signed-out")
        self.app.stop()
        self.start(server=self.server, home=self.home)
        self.app.on("sign-in")
        self.app.stop()
        self.say("signed out, and the next start asks again")

    def without_keyring(self):
        self.session.stop()
        self.session = Session()
        self.home = None
        self.sign_in_once("no Secret Service")
        for file in self.home.rglob("*"):
            if file.is_file() and file.stat().st_size < 1 << 20 and b"refresh_token" in file.read_bytes():
                raise Failed(f"{file} has the session in the clear")
        self.say("the session is in an encrypted file")

    def run(self):
        return self.take([self.opens, self.keys, self.subtitles, self.controls, self.stats, self.sign_in, self.killed, self.mini,
                     self.skip, self.sign_out, self.without_keyring])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder of the server; kept (default: a temporary one)")
    parser.add_argument("--pictures", help="folder for pictures of the screen")
    options = parser.parse_args()
    need("Xvfb", "xdotool", "import", "dbus-daemon", "playerctl", "ffmpeg")
    sys.exit(Check(options).run())


if __name__ == "__main__":
    main()
