"""What scripts that look at the apps from outside have in common: a screen, a server, an app, a browser, keys.

Everything started here listens on loopback, and ends with the script. Only Python's own library is used; Xvfb, xdotool and
ImageMagick come from the distribution (apt install xvfb xdotool imagemagick).
"""
import atexit, base64, html, http.client, http.cookiejar, json, os, re, secrets, shutil, signal, socket, struct
import subprocess, sys, tempfile, time, urllib.parse, urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")
EMAIL, PASSWORD = "mia@lumen.example", "lumen-demo"


# What was started is stopped also when somebody ends the script.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Failed(Exception):
    """What was looked at is not as it should be."""


def binary(name):
    """A built program: a release one if there is one."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    for profile in ("release", "debug"):
        if (target / profile / name).is_file():
            return target / profile / name
    sys.exit(f"{name} is not built: cargo build --release --workspace --bins")


def need(*programs):
    missing = [name for name in programs if not shutil.which(name)]
    if missing:
        sys.exit(f"missing: {', '.join(missing)} (apt install xvfb xdotool imagemagick)")


def until(what, within=20.0, every=0.05):
    """Waits for something to be true, and returns it."""
    end = time.monotonic() + within
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > end:
            raise Failed(f"not within {within:.0f} s: {what.__doc__ or what.__name__}")
        time.sleep(every)


class Process:
    """Ends with the script."""

    def __init__(self, *args, **kwargs):
        self.process = subprocess.Popen([str(arg) for arg in args], **kwargs)
        self.pid = self.process.pid
        atexit.register(self.stop)

    def alive(self):
        return self.process.poll() is None

    def stop(self, within=15):
        if self.alive():
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(within)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def cpu_s(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK


class Screen(Process):
    """A display of its own."""

    def __init__(self, size="1280x720"):
        need("Xvfb", "xdotool", "import")
        read, write = os.pipe()
        super().__init__("Xvfb", "-displayfd", write, "-screen", "0", f"{size}x24", "-noreset", "-nolisten", "tcp", pass_fds=[write],
                         stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as told:
            self.name = f":{told.readline().strip()}"
        self.env = {**os.environ, "DISPLAY": self.name, "LIBGL_ALWAYS_SOFTWARE": "1"}
        self.env.pop("WAYLAND_DISPLAY", None)

    def xdotool(self, *args, check=True):
        return subprocess.run(["xdotool", *map(str, args)], env=self.env, capture_output=True, text=True, check=check).stdout

    def window(self, within=60, name="umen"):
        def seen():
            """a window"""
            return self.xdotool("search", "--onlyvisible", "--name", name, check=False).split()
        return until(seen, within)[0]

    def focus(self):
        self.xdotool("windowfocus", "--sync", self.window())

    def key(self, *names, pause=0.25):
        for name in names:
            self.xdotool("key", name)
            time.sleep(pause)

    def hold(self, name, seconds):
        self.xdotool("keydown", name)
        time.sleep(seconds)
        self.xdotool("keyup", name)

    def picture(self, file):
        subprocess.run(["import", "-window", "root", str(file)], env=self.env, check=True)
        return file

    def pixels(self, box=None):
        """The screen, or WxH+X+Y of it, as grey bytes of 64 by 36."""
        crop = ["-crop", box, "+repage"] if box else []
        args = ["import", "-window", "root", *crop, "-colorspace", "Gray", "-resize", "64x36!", "-depth", "8", "gray:-"]
        return subprocess.run(args, env=self.env, capture_output=True, check=True).stdout


def difference(a, b):
    """Mean difference of two pictures, 0 to 255."""
    return sum(abs(x - y) for x, y in zip(a, b)) / max(len(a), 1)


class Server(Process):
    """lumen-server with the demo accounts, on a port that stays the same when it is started again."""

    def __init__(self, data, *more, port=0):
        self.data, self.more = Path(data), more
        self.log = open(self.data / "server.log", "ab")
        super().__init__(binary("lumen-server"), "serve", "--demo", "--no-make", "--library-profile", "test", "--listen",
                         f"127.0.0.1:{port}", "--data", data, *more, stdout=subprocess.PIPE, stderr=self.log, text=True,
                         env={**os.environ, "LUMEN_LOG": "info"})
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"the server does not start, see {self.data}/server.log")
        self.origin = line.split()[-1].rstrip("/")
        self.port = urllib.parse.urlsplit(self.origin).port

    def again(self):
        """The same server, started anew."""
        self.stop()
        return Server(self.data, *self.more, port=self.port)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)


def library(folder, titles):
    """A data folder with a small library in it, made now unless it is there."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for title in titles:
        if not (folder / "library/media" / title / "master.m3u8").exists():
            print(f"making {title}", flush=True)
            subprocess.run([binary("lumen-server"), "make-library", "--only", title, "--library-profile", "test", "--data",
                            folder], check=True, stdout=subprocess.DEVNULL)
    # What was watched before would change what home shows.
    for file in folder.glob("lumen.db*"):
        file.unlink()
    return folder


class App(Process):
    """lumen or lumen-tv on a screen, with folders of its own."""

    def __init__(self, screen, server, *args, name="lumen-tv", home=None, before=(), env=None):
        self.home = Path(home or tempfile.mkdtemp(prefix="lumen-check-"))
        self.figures_file = self.home / "figures.json"
        self.figures_file.unlink(missing_ok=True)
        folders = {}
        for variable in ("CONFIG", "DATA", "STATE", "CACHE"):
            folders[f"XDG_{variable}_HOME"] = str(self.home / variable.lower())
        folders["XDG_RUNTIME_DIR"] = str(self.home / "runtime")
        for path in folders.values():
            Path(path).mkdir(parents=True, exist_ok=True, mode=0o700)
        # No keyring and no desktop are there; nothing is to be looked for.
        folders["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"
        origin = [] if server is None else ["--server", server if isinstance(server, str) else server.origin]
        self.log = self.home / "app.log"
        self.started = time.monotonic()
        super().__init__(*before, binary(name), *origin, "--figures", self.figures_file, "--windowed-size", "1280x720", *args,
                         env={**screen.env, **folders, "LUMEN_LOG": "info", **(env or {})},
                         stderr=open(self.log, "ab"), stdout=subprocess.DEVNULL)

    def figures(self, newer_than=None, within=15):
        """What was written last; with `newer_than`, as soon as it is of a later time."""
        def told():
            """figures"""
            try:
                figures = json.loads(self.figures_file.read_text())
            except (FileNotFoundError, ValueError):
                return None
            return figures if newer_than is None or figures["uptime_s"] > newer_than else None
        return until(told, within, 0.1)

    def fresh(self):
        """Figures written from now on."""
        uptime = self.uptime()
        return self.figures(uptime)

    def uptime(self):
        started = int(Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[19]) / TICK
        return float(Path("/proc/uptime").read_text().split()[0]) - started

    def on(self, screen, within=20):
        """Waits until a screen (home, player) was painted."""
        def painted():
            return screen in self.figures()["screens"]
        painted.__doc__ = f"the screen {screen}"
        return until(painted, within, 0.2)


class Steps:
    """What a viewer does with an app, step by step, with pictures of what was seen. `self.app` is the app that runs."""

    def __init__(self, screen, pictures=None):
        self.screen, self.count = screen, 0
        self.pictures = Path(pictures or tempfile.mkdtemp(prefix="lumen-pictures-"))
        self.pictures.mkdir(parents=True, exist_ok=True)

    def say(self, words):
        print(f"ok  {words}", flush=True)

    def picture(self, name):
        self.count += 1
        return self.screen.picture(self.pictures / f"{self.count:02}-{name}.png")

    def moves(self, within=20, name="the film moves"):
        before = self.screen.pixels()

        def moved():
            nonlocal before
            now = self.screen.pixels()
            different = difference(before, now) > 0.4
            before = now
            return different
        moved.__doc__ = name
        until(moved, within, 0.4)

    def take(self, steps):
        """Takes the steps in order, to the first that fails; returns what the script is to end with."""
        for step in steps:
            try:
                step()
            except (Failed, subprocess.CalledProcessError) as error:
                self.picture(f"failed-{step.__name__}")
                print(f"FAILED  {step.__name__}: {error}\n        pictures in {self.pictures}, log {self.app.log}")
                return 1
        print(f"    pictures in {self.pictures}")
        return 0


# Signing in as a person with a telephone does.

def read_code(screen, file):
    """The address in the picture on the screen, as a telephone's camera reads it; None without zbarimg."""
    if not shutil.which("zbarimg"):
        return None

    def address():
        """a picture with the address"""
        screen.picture(file)
        out = subprocess.run(["zbarimg", "-q", "--raw", str(file)], capture_output=True, text=True).stdout.strip()
        return out if out.startswith("http") else None
    return until(address, 20, 0.1)


def chromium():
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser(Process):
    """Headless Chromium, told what to do by its own protocol."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="lumen-browser-")
        atexit.register(shutil.rmtree, self.folder, True)
        super().__init__(chromium(), "--headless=new", "--no-sandbox", "--disable-gpu", "--no-proxy-server", "--no-first-run",
                         "--disable-background-networking", "--window-size=390,844", "--remote-debugging-port=0",
                         f"--user-data-dir={self.folder}", "about:blank", stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        port_file = Path(self.folder) / "DevToolsActivePort"

        def port():
            """the browser"""
            return port_file.exists() and port_file.read_text().split("\n")[0]
        self.port = int(until(port, 30))
        pages = json.load(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/json/list"))
        page = next(page for page in pages if page["type"] == "page")
        self.socket = socket.create_connection(("127.0.0.1", self.port), 20)
        path = urllib.parse.urlsplit(page["webSocketDebuggerUrl"]).path
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.socket.sendall((f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.stream = self.socket.makefile("rb")
        while self.stream.readline().strip():
            pass
        self.calls = 0

    def call(self, method, **params):
        self.calls += 1
        text = json.dumps({"id": self.calls, "method": method, "params": params}).encode()
        mask = secrets.token_bytes(4)
        head = bytes([0x81, 0x80 | 126]) + struct.pack(">H", len(text))
        self.socket.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(text)))
        while True:
            _, length = self.stream.read(2)
            length &= 127
            if length == 126:
                length = struct.unpack(">H", self.stream.read(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self.stream.read(8))[0]
            answer = json.loads(self.stream.read(length))
            if answer.get("id") == self.calls:
                return answer.get("result", {})

    def run(self, script):
        return self.call("Runtime.evaluate", expression=script, returnByValue=True).get("result", {}).get("value")

    def shows(self, selector, within=15):
        def there():
            return self.run(f"document.readyState === 'complete' && !!document.querySelector({json.dumps(selector)})")
        there.__doc__ = f"{selector} on the page"
        return until(there, within)

    def text(self):
        return self.run("document.body.innerText") or ""

    def press(self):
        """Presses the page's main button, and waits for the next page."""
        self.run("window.stays = true; document.querySelector('button.primary').click()")

        def gone():
            """the next page"""
            return self.run("document.readyState === 'complete' && !window.stays")
        until(gone, 15)


def confirm_in_browser(address):
    """Signs in on the service's page and lets the device in, in a real browser."""
    browser = Browser()
    browser.call("Page.navigate", url=address)
    browser.shows("#email")
    browser.run(f"document.querySelector('#email').value = {json.dumps(EMAIL)};"
                f"document.querySelector('#password').value = {json.dumps(PASSWORD)}")
    browser.press()
    for _ in range(3):
        if not browser.run("!!document.querySelector('button.primary')"):
            break
        browser.press()
    browser.stop()


def confirm_by_forms(address):
    """The same without a browser: the forms of the pages, sent as one would."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(jar))
    answer = opener.open(address)
    for _ in range(4):
        page, where = answer.read().decode(), answer.geturl()
        form = re.search(r"<form[^>]*>.*?</form>", page, re.S)
        if not form:
            return
        fields = {html.unescape(name): html.unescape(value) for name, value in
                  re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form[0])}
        if 'name="email"' in form[0]:
            fields |= {"email": EMAIL, "password": PASSWORD}
        button = re.search(r'<button[^>]*class="primary"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form[0])
        if button:
            fields[button[1]] = button[2]
        action = re.search(r'action="([^"]*)"', form[0][:form[0].index(">")])
        target = urllib.parse.urljoin(where, html.unescape(action[1]) if action else "")
        request = urllib.request.Request(target, urllib.parse.urlencode(fields).encode())
        request.add_header("Origin", "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(where)))
        answer = opener.open(request)
