#!/usr/bin/env python3
"""Benchmarks lumen-server beside nginx: the same files, the same machine, in turns, CPU microseconds per request first.

    scripts/bench/server.py [--pairs 6] [--seconds 2] [--server target/release/lumen-server] [--library FOLDER]

Needs nginx and wrk (apt), and a library with the title qa-counter-clear (`lumen-server make-library --only
qa-counter-clear --library-profile test`). Starts what it needs on free loopback ports and stops it. The server runs on
processor 0, wrk on processor 1. Prints a table in Markdown.
"""
import argparse, base64, hashlib, html, http.client, json, os, re, secrets, shutil, signal, socket, statistics
import subprocess, sys, tempfile, time, urllib.parse, urllib.request

TICK = os.sysconf("SC_CLK_TCK")
TITLE = "qa-counter-clear"

# name, connections, file pattern, range, tls
CASES = [
    ("TLS 1.3, 1 MiB segment", 8, "seg-%02d.m4s", None, True, 0.60),
    ("TLS 1.3, 2 KB manifest", 32, "m-%02d.m3u8", None, True, 0.90),
    ("plain, 2 KB manifest", 32, "m-%02d.m3u8", None, False, 0.90),
    ("plain, 64 KiB range", 32, "seg-%02d.m4s", 65536, False, 1.00),
    ("plain, 1 MiB segment", 8, "seg-%02d.m4s", None, False, 1.10),
]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_s(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def children(pid):
    out = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()
    return [int(p) for p in out]


def rss_kb(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1])


class Lumen:
    """The server, with a folder of its own."""

    def __init__(self, binary, data, tls):
        args = ["taskset", "-c", "0", binary, "serve", "--demo", "--no-make", "--library-profile", "test",
                "--listen", "127.0.0.1:0", "--data", data] + (["--tls", "demo"] if tls else [])
        self.started = time.monotonic()
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        env={**os.environ, "LUMEN_LOG": "error"})
        line = self.process.stdout.readline()
        self.ready_s = time.monotonic() - self.started
        self.origin = line.split()[-1]
        self.pids = [self.process.pid]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


class Nginx:
    def __init__(self, folder, www, cert):
        self.port, self.tls_port = free_port(), free_port()
        conf = f"""
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log /dev/null; user root;
events {{ worker_connections 4096; use epoll; }}
http {{
  types {{ video/mp4 m4s; application/vnd.apple.mpegurl m3u8; }}
  sendfile on; sendfile_max_chunk 2m; tcp_nopush off; tcp_nodelay on; keepalive_requests 10000000;
  open_file_cache max=1000; access_log off;
  server {{
    listen 127.0.0.1:{self.port}; listen 127.0.0.1:{self.tls_port} ssl;
    ssl_certificate {cert}/server.pem; ssl_certificate_key {cert}/server.key.pem;
    ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256; ssl_buffer_size 16k;
    location /bench/ {{ alias {www}/; }}
  }}
}}"""
        with open(f"{folder}/nginx.conf", "w") as f:
            f.write(conf)
        self.process = subprocess.Popen(["taskset", "-c", "0", "nginx", "-c", f"{folder}/nginx.conf"])
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        self.pids = [self.process.pid] + children(self.process.pid)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def sign_in(origin):
    """A media prefix, through the pages as the app does it."""
    where = urllib.parse.urlsplit(origin)
    conn = http.client.HTTPConnection(where.hostname, where.port)
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    redirect = "http://127.0.0.1:4321/callback"
    query = urllib.parse.urlencode({"response_type": "code", "client_id": "lumen-app", "redirect_uri": redirect,
                                    "state": "s", "code_challenge": challenge, "code_challenge_method": "S256"})
    conn.request("GET", f"/oauth/authorize?{query}")
    page = conn.getresponse()
    cookie, text = page.getheader("set-cookie").split(";")[0], page.read().decode()
    token = html.unescape(re.search(r'name="token" value="([^"]*)"', text)[1])
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = urllib.parse.urlencode({"token": token, "email": "mia@lumen.example", "password": "lumen-demo"})
    conn.request("POST", f"/oauth/authorize?{query}", body, {**form, "cookie": cookie})
    answer = conn.getresponse()
    answer.read()
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.getheader("location")).query)["code"][0]
    body = urllib.parse.urlencode({"grant_type": "authorization_code", "client_id": "lumen-app", "code": code,
                                   "redirect_uri": redirect, "code_verifier": verifier})
    conn.request("POST", "/oauth/token", body, form)
    bearer = {"authorization": "Bearer " + json.load(conn.getresponse())["access_token"]}
    conn.request("GET", "/v1/me", headers=bearer)
    profile = json.load(conn.getresponse())["profiles"][0]["id"]
    conn.request("POST", "/v1/playback", json.dumps({"title": TITLE, "profile": profile}),
                 {**bearer, "content-type": "application/json"})
    return json.load(conn.getresponse())["manifest"].rsplit("/", 1)[0] + "/bench/"


def wrk(origin, prefix, case, seconds, folder):
    name, connections, pattern, size, tls, _ = case
    lua = f"{folder}/case.lua"
    with open(lua, "w") as f:
        f.write("local n = 0\nrequest = function()\n  n = (n + 1) % 64\n"
                f"  local headers = {{}}\n"
                + (f"  local first = (n % 15) * {size}\n  headers['Range'] = 'bytes=' .. first .. '-' .. (first + {size} - 1)\n"
                   if size else "")
                + f"  return wrk.format('GET', '{prefix}' .. string.format('{pattern}', n), headers)\nend\n"
                "done = function(summary, latency, requests)\n"
                "  io.write(string.format('RESULT %d %d %d %d\\n', summary.requests, summary.duration,"
                " latency:percentile(99), summary.errors.status + summary.errors.read + summary.errors.write"
                " + summary.errors.timeout + summary.errors.connect))\nend\n")
    out = subprocess.run(["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", lua, origin],
                         capture_output=True, text=True).stdout
    requests, duration_us, p99_us, errors = map(int, re.search(r"RESULT (\d+) (\d+) (\d+) (\d+)", out).groups())
    return requests, duration_us / 1e6, p99_us, errors


def idle(pid, origin, count):
    """Memory per idle keep-alive connection, in bytes."""
    where = urllib.parse.urlsplit(origin)
    before = rss_kb(pid)
    sockets = []
    for _ in range(count):
        s = socket.create_connection((where.hostname, where.port))
        s.sendall(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n")
        sockets.append(s)
    bad = sum(1 for s in sockets if not s.recv(4096).startswith(b"HTTP/1.1 200"))
    after = rss_kb(pid)
    for s in sockets:
        s.close()
    return (after - before) * 1024 / count, bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--server", default="target/release/lumen-server")
    parser.add_argument("--library", default=os.path.expanduser("~/.local/share/lumen/demo/library"))
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="lumen-bench-")
    os.chmod(folder, 0o755)
    stop = []
    try:
        data = f"{folder}/data"
        os.makedirs(data, mode=0o700)
        shutil.copytree(f"{args.library}/media/{TITLE}", f"{data}/library/media/{TITLE}")
        www = f"{data}/library/media/{TITLE}/bench"
        os.makedirs(www)
        for n in range(64):
            with open(f"{www}/seg-{n:02}.m4s", "wb") as f:
                f.write(secrets.token_bytes(1048576))
            with open(f"{www}/m-{n:02}.m3u8", "wb") as f:
                f.write(base64.b64encode(secrets.token_bytes(1536)))
        limits = "[limits]\nconnections = 12000\nconnections_per_address = 12000\n"
        with open(f"{data}/lumen.toml", "w") as f:
            f.write(limits)

        cold = []
        for _ in range(5):
            fresh = tempfile.mkdtemp(dir=folder)
            one = Lumen(args.server, fresh, False)
            cold.append(one.ready_s)
            one.stop()
        one = Lumen(args.server, data, False)
        time.sleep(2)
        idle_kb = rss_kb(one.pids[0])
        print(f"load {os.getloadavg()[0]:.1f}; cold start, empty folder: {min(cold) * 1000:.0f} ms best, "
              f"{statistics.median(cold) * 1000:.0f} ms median of 5; idle {idle_kb / 1024:.1f} MB", flush=True)
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (20000, max(20000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
        per, bad = idle(one.pids[0], one.origin, 10_000)
        print(f"10,000 idle keep-alive connections: {per / 1024:.1f} KB each, {bad} errors", flush=True)
        one.stop()

        plain = Lumen(args.server, data, False)
        stop.append(plain)
        prefix = sign_in(plain.origin)
        secure = Lumen(args.server, data, True)
        stop.append(secure)
        nginx = Nginx(folder, www, f"{data}/tls")
        stop.append(nginx)
        print("\n| Case | nginx µs | ours µs | CPU ratio | goal | req/s ratio | p99 ratio |\n|---|---|---|---|---|---|---|")
        for case in CASES:
            ours = secure if case[4] else plain
            scheme, port = ("https", nginx.tls_port) if case[4] else ("http", nginx.port)
            theirs = f"{scheme}://127.0.0.1:{port}"
            wrk(ours.origin, prefix, case, 1, folder)
            wrk(theirs, "/bench/", case, 1, folder)
            rows = []
            for pair in range(args.pairs):
                row = {}
                sides = [("nginx", theirs, "/bench/", nginx.pids), ("ours", ours.origin, prefix, ours.pids)]
                for side, origin, path, pids in sides if pair % 2 == 0 else reversed(sides):
                    before = cpu_s(pids)
                    requests, seconds, p99, errors = wrk(origin, path, case, args.seconds, folder)
                    if errors or requests == 0:
                        sys.exit(f"{case[0]}: {side}: {errors} errors in {requests} requests")
                    row[side] = ((cpu_s(pids) - before) * 1e6 / requests, requests / seconds, p99)
                rows.append(row)
            of = lambda side, index: statistics.median(row[side][index] for row in rows)
            ratio = lambda index: statistics.median(row["ours"][index] / max(row["nginx"][index], 1e-9) for row in rows)
            print(f"| {case[0]} | {of('nginx', 0):.1f} | {of('ours', 0):.1f} | **{ratio(0):.2f}** | {case[5]:.2f} "
                  f"| {ratio(1):.2f} | {ratio(2):.2f} |", flush=True)
    finally:
        for server in stop:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


main()
