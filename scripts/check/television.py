#!/usr/bin/env python3
"""Uses lumen-tv as a viewer does, by keys alone, and takes the network away: sign-in by code, browsing, playing, winding,
the way back, a server that does not answer, one that is started again, little memory.

    scripts/check/television.py [--data FOLDER] [--pictures FOLDER] [--memory MIB] [--platform 1g]

FOLDER keeps the small library between runs. Needs Xvfb, xdotool, ImageMagick and zbarimg (apt install xvfb xdotool
imagemagick zbar-tools); the service's page is used in headless Chromium where there is one. Ends with 1 if something is not
as it should be.
"""
import argparse, sys, tempfile, time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from stage import App, Failed, Screen, Server, Steps, chromium, confirm_by_forms, confirm_in_browser, difference
from stage import library, need, read_code, until

TITLES = ["qa-counter-clear", "the-long-tide"]
# What a cut of the network takes, in seconds.
CUT = 20


class Check(Steps):
    def __init__(self, options):
        super().__init__(Screen(), options.pictures)
        self.options = options
        data = library(options.data or Path(tempfile.gettempdir()) / "lumen-television-library", TITLES)
        self.server = Server(data)

    def changes(self, key, name):
        """A key changes what is seen."""
        before = self.screen.pixels()
        self.screen.key(key, pause=0)

        def changed():
            return difference(before, self.screen.pixels()) > 0.05
        changed.__doc__ = f"{key} changes {name}"
        until(changed, 5)
        time.sleep(0.4)

    def start(self):
        limits = []
        if self.options.memory:
            need("prlimit")
            limits = ["prlimit", f"--data={self.options.memory * 2**20}"]
        args = ["--platform", self.options.platform] if self.options.platform else []
        self.app = App(self.screen, self.server, *args, before=limits)
        self.screen.window()
        self.screen.focus()

    def sign_in(self):
        self.start()
        address = read_code(self.screen, self.pictures / "00-code.png")
        if not address:
            sys.exit("zbarimg is missing: the code on the screen cannot be read (apt install zbar-tools)")
        if chromium():
            confirm_in_browser(address)
        else:
            confirm_by_forms(address)
        self.app.on("profiles")
        self.picture("profiles")
        self.screen.key("Return")
        self.app.on("home")
        seconds = self.app.fresh()["screens"]["profiles"]["first_ms"] / 1000
        if seconds > 30:
            raise Failed(f"{seconds:.1f} s from the start to the profiles")
        how = "headless Chromium" if chromium() else "forms"
        self.say(f"signed in by the code on the screen ({how}): {seconds:.1f} s from the start to the profiles")

    def browse(self):
        time.sleep(2)
        self.picture("home")
        for key in ("Down", "Right", "Left", "Up", "Right", "Left"):
            self.changes(key, "home")
        self.say("browsed by arrows")

    def play(self):
        self.screen.key("Return")
        self.app.on("player")
        self.moves()
        time.sleep(5)
        self.picture("player")
        self.say("plays")

    def wind(self):
        # Back first: the films of the demo are short, and winding on must not end them.
        self.screen.hold("Left", 2.5)
        time.sleep(1.0)
        self.moves(name="the film moves after winding back")
        self.screen.hold("Right", 0.9)
        time.sleep(0.2)
        self.picture("wound")
        time.sleep(1.0)
        self.moves(name="the film moves after winding")
        self.say("winds and goes on")

    def rows(self):
        time.sleep(5)
        self.screen.key("Down")
        time.sleep(2)
        self.picture("rows")
        self.screen.key("Escape")
        time.sleep(1)
        self.moves(name="the film moves after the rows")
        self.say("rows under the player open and close")

    def cut_in_play(self):
        # From the beginning: the films of the demo are short.
        self.screen.hold("Left", 3)
        time.sleep(2)
        self.server.freeze()
        begun = time.monotonic()
        still = 0
        while time.monotonic() - begun < CUT:
            before = self.screen.pixels()
            time.sleep(1)
            still += difference(before, self.screen.pixels()) < 0.4
        self.picture("cut-in-play")
        self.server.thaw()
        self.moves(30, "the film moves after the cut")
        if not self.app.alive():
            raise Failed("the app has ended")
        self.say(f"{CUT} s without an answer in mid-play: {still} s of them without movement, and it plays on")

    def restart_in_play(self):
        self.server = self.server.again()
        self.moves(40, "the film moves after the restart of the server")
        self.say("the server is started again in mid-play, and it plays on")

    def back(self):
        # The first may only put the controls away; where the film has ended meanwhile, both climb at home.
        self.screen.key("Escape", "Escape", pause=0.8)
        frames = self.app.fresh()["screens"]["player"]["frame"]["count"]
        time.sleep(6)
        if self.app.fresh()["screens"]["player"]["frame"]["count"] != frames:
            raise Failed("Back did not lead out of the player")
        self.picture("back")
        self.say("Back leads out of the player")

    def cut_while_browsing(self):
        self.server.stop()
        # Into a page that cannot be loaded, and back.
        self.screen.key("Down", "Down", "Return", pause=0.6)
        time.sleep(9)
        self.picture("offline-page")
        self.screen.key("Escape", pause=1.5)
        self.picture("offline-home")
        for key in ("Right", "Left"):
            self.changes(key, "home without a server")
        time.sleep(max(0, CUT - 14))
        self.server = Server(self.server.data, port=self.server.port)
        # It is asked at least every 30 seconds.
        before = self.screen.pixels("640x60+320+20")
        until(lambda: difference(before, self.screen.pixels("640x60+320+20")) > 1, 40)
        time.sleep(1.5)
        self.picture("online-again")
        self.play_from_home()
        self.say("without a server home stays and can be walked; when it is back, it plays")

    def play_from_home(self):
        self.screen.key("Escape", "Escape", "Down", pause=0.8)
        self.screen.key("Return")
        self.moves(30)

    def leave(self):
        self.screen.key("Escape", pause=0.8)
        for _ in range(10):
            if not self.app.alive():
                break
            self.screen.key("Escape", pause=0.5)
        until(lambda: not self.app.alive(), 10)
        figures = self.app.figures()
        memory = figures["memory"]
        self.say(f"left by Back; {memory['peak_kib'] // 1024} MiB resident at most, "
                 f"{memory['driver_kib'] // 1024} of them the software rasteriser's files")

    def jump(self):
        """The wall clock jumps in mid-play: two days ahead, then back before the start."""
        libraries = list(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        if not libraries:
            print("--  the jump of the clock is left out: there is no libfaketime")
            return
        clock = self.pictures / "clock"
        clock.write_text("+0s")
        env = {"LD_PRELOAD": str(libraries[0]), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
               "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
        self.app = App(self.screen, self.server, home=self.app.home, env=env)
        self.screen.window()
        self.screen.focus()
        self.app.on("profiles")
        self.screen.key("Return")
        self.app.on("home")
        time.sleep(1)
        self.screen.key("Return")
        self.app.on("player")
        self.moves()
        # From the beginning, or it ends in between.
        self.screen.hold("Left", 3)
        time.sleep(2)
        for offset in ("+2d", "-1d", "+0s"):
            clock.write_text(offset)
            time.sleep(4)
            self.moves(20, f"the film moves with the clock at {offset}")
        self.picture("clock")
        self.app.stop()
        self.say("the clock jumps two days ahead and a day back in mid-play, and it plays on")

    def run(self):
        return self.take([self.sign_in, self.browse, self.play, self.wind, self.rows, self.cut_in_play, self.restart_in_play,
                     self.back, self.cut_while_browsing, self.leave, self.jump])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder of the server; kept (default: a temporary one)")
    parser.add_argument("--pictures", help="folder for pictures of the screen")
    parser.add_argument("--memory", type=int, help="MiB of private memory that the app may have (prlimit --data)")
    parser.add_argument("--platform", choices=["1g", "1.5g", "desktop"], help="class of the machine, by --platform of the app")
    options = parser.parse_args()
    need("Xvfb", "xdotool", "import")
    sys.exit(Check(options).run())


if __name__ == "__main__":
    main()
