#!/usr/bin/env bash
# Measures what a viewer feels and what a machine pays, beside GStreamer's own command line player in the same run.
# Needs a release build and a demo library: run `make run` once before.
#
#   scripts/bench.sh            all figures, as text
#   RUNS=5 scripts/bench.sh     fewer starts
set -euo pipefail
cd "$(dirname "$0")/.."

runs=${RUNS:-20}
target=${CARGO_TARGET_DIR:-target}/release
data=${LUMEN_DATA:-${XDG_DATA_HOME:-$HOME/.local/share}/lumen/demo}
title=${TITLE:-orbit-kitchen}
scratch=$(mktemp -d)
server=
cleanup() {
    [ -n "$server" ] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
    rm -rf "$scratch"
}
trap cleanup EXIT

"$target/lumen-server" serve --demo --no-make --listen 127.0.0.1:0 --data "$data" >"$scratch/address" 2>"$scratch/log" &
server=$!
for _ in $(seq 100); do
    address=$(sed -n 's/^listening on //p' "$scratch/address")
    [ -n "$address" ] && break
    sleep 0.1
done
export LUMEN_QA_PASSWORD=lumen-demo
account=(--server "$address" --account mia@lumen.example)

median() { sort -n | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }
figure() { sed -n "s/^ *\"$1\": \([0-9.]*\),*$/\1/p"; }

echo "machine     $(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg)"
echo "binaries    $(cd "$target" && for binary in lumen lumen-tv lumen-server lumen-qa; do
    [ -f "$binary" ] && printf '%s %.1f MB  ' "$binary" "$(echo "scale=1; $(stat -c %s "$binary") / 1000000" | bc)"
done)"

for _ in $(seq "$runs"); do
    "$target/lumen-qa" play "$title" "${account[@]}" --for 0.2s --json | figure time_to_first_frame_s
done >"$scratch/headless"
echo "first frame headless      $(median <"$scratch/headless") s, median of $runs"

if [ -n "${DISPLAY:-}" ]; then
    # Signed out, by address, from a plain file server: the window's share of the wait and nothing else.
    (cd "$data/library/media/$title" && exec python3 -u -m http.server --bind 127.0.0.1 0) >"$scratch/files" 2>&1 &
    files=$!
    while ! port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$scratch/files") || [ -z "$port" ]; do sleep 0.1; done
    for _ in $(seq "$runs"); do
        LUMEN_LOG=info NO_COLOR=1 timeout 20 "$target/lumen" "http://127.0.0.1:$port/master.m3u8" \
            --screenshot "$scratch/window.png" --after 2 2>&1 |
            sed -n 's/.*first frame.* ms=\([0-9]*\).*/\1/p'
    done >"$scratch/window"
    kill "$files"
    echo "first frame in the window $(median <"$scratch/window") ms, median of $runs"
fi

# One minute of 720p: the file for the peer is made of the very segments that are streamed to us.
media=$data/library/media/$title/video/720p
cat "$media/init.mp4" "$media"/seg-*.m4s >"$scratch/720p.mp4"
seconds() { # user and system seconds of a command
    ( TIMEFORMAT='%U %S'; time "$@" >"$scratch/out" 2>&1 ) 2>&1 | awk '{ print $1 + $2 }'
}
ours=$(seconds "$target/lumen-qa" play "$title" "${account[@]}" --quality 720p --json)
peer=$(seconds gst-launch-1.0 -q filesrc location="$scratch/720p.mp4" ! qtdemux ! h264parse ! avdec_h264 ! fakesink sync=true)
echo "one minute of 720p        ours $ours s CPU (with sound, decryption not), gst-launch $peer s, ratio $(echo "scale=2; $ours / $peer" | bc)"
"$target/lumen-qa" play "$title" "${account[@]}" --quality 720p --for 10s --json >"$scratch/report"
echo "resident memory, peak     $(figure peak_rss_mib <"$scratch/report") MiB headless at 720p"
