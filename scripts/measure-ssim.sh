#!/usr/bin/env bash
# Measures what a viewer sees of each rung of the benchmark's ladders: SSIM of encoded and enlarged pictures against the
# painted ones. abr/src/sim/ssim.tsv is what it prints; abr/src/sim/ssim.rs says how that is used. Takes an hour or two.
#
#   scripts/measure-ssim.sh > abr/src/sim/ssim.tsv
#   WORK=folder scripts/measure-ssim.sh      keeps the reel and the encodings; goes on where it stopped
#
# The reel has twelve segments of four seconds, from easy to very hard: shots of the demo library's films, played three or
# four times as fast, most of them with a moving fractal over them that has detail at every size (as foliage and water
# have) or with grain. Painted films are easy to encode; this makes the reel as hard as a real one: at a constant rate
# factor of 23 it takes some 4 Mbit/s in 1080p. Each rung is one x264 encoding of the whole reel in two passes, with the
# limits that ladders for delivery have: the encoder deals out the bits between easy and hard segments as for a film.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

RATE=24
SEGMENT_FRAMES=96
REEL_SIZE=3840x2160

# TITLE FIRST_FRAME STEP FRACTAL GRAIN: every how many frames, how many percent of fractal, how strong a grain.
REEL='the-long-tide 48 3 0 0
glass-harbour 240 3 0 2
orbit-kitchen 520 3 15 0
low-country 96 3 20 0
paper-lions 500 4 15 2
a-winter-without-maps 800 4 20 0
the-lamp-at-carrick 60 3 40 0
salt-and-static 240 3 25 2
night-train-to-varna 100 4 0 3
slow-light 300 4 25 0
low-country 500 4 50 0
glass-harbour 700 3 70 0'

# Height of the reference, then WIDTHxHEIGHT:KBPS of each rung: envivio6 and bbb10, then bbb4k6 and most of apple12.
RUNGS='1080 320x180:300 640x360:750 768x432:1200 1024x576:1850 1280x720:2850 1920x1080:4300
1080 320x180:230 320x180:331 480x270:477 640x360:688 640x360:991 768x432:1427 1024x576:2056 1280x720:2962 1280x720:5027
1080 1920x1080:6000
2160 640x360:1000 1280x720:2500 1920x1080:5000 1920x1080:8000 2560x1440:16000 3840x2160:35000
2160 640x360:145 768x432:300 960x540:900 1280x720:3400 1920x1080:5800 2560x1440:8100 3840x2160:11600'

for tool in ffmpeg ffprobe awk; do command -v $tool >/dev/null || die "$tool is missing"; done
work=${WORK:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${WORK:-}" ] || trap 'rm -rf "$work"' EXIT
exec 3>&1 1>&2 # What is printed from here on is progress; the table goes to 3.

quiet() { nice ffmpeg -hide_banner -loglevel error -nostdin -y "$@"; }
# finished FILE COMMAND...: runs the command, which writes to the path that it gets as its last argument, unless the file
# is there already.
finished() {
    local file=$1
    shift
    [ -e "$file" ] || { "$@" "${file%.*}.part.${file##*.}" && mv "${file%.*}.part.${file##*.}" "$file"; }
}

frames() { "$(target_folder)/release/examples/reference-frames" "$1" $REEL_SIZE "$2" $SEGMENT_FRAMES "$3"; }
# What is stored is near enough to lossless: at this quantiser nothing of the grain is lost.
STORED=(-frames:v "$SEGMENT_FRAMES" -pix_fmt yuv420p -c:v libx264 -preset ultrafast -qp 4)

fractal() { # OUT: a zoom towards the edge of the Mandelbrot set.
    quiet -f lavfi -i "mandelbrot=size=$REEL_SIZE:rate=$RATE:start_scale=0.4:end_scale=0.004:end_pts=300" "${STORED[@]}" "$1"
}

shot() { # TITLE FIRST_FRAME STEP FRACTAL GRAIN OUT
    local opacity
    opacity=$(awk "BEGIN { print 1 - $4 / 100 }")
    frames "$1" "$2" "$3" | nice ffmpeg -hide_banner -loglevel error -y \
        -f rawvideo -pix_fmt yuv420p -video_size "$REEL_SIZE" -framerate "$RATE" -i pipe:0 -i "$work/fractal.mp4" \
        -filter_complex "[0:v][1:v]blend=all_opacity=$opacity,noise=c0_strength=$5:c0_flags=t:c0_seed=7" \
        "${STORED[@]}" "$6"
}

make_reel() {
    cargo build --quiet --release -p lumen-server-stub --example reference-frames --locked
    finished "$work/fractal.mp4" fractal
    local number=0 title first step fractal grain
    : >"$work/shots.txt"
    while read -r title first step fractal grain; do
        number=$((number + 1))
        note "shot $number: $title"
        finished "$work/shot-$number.mp4" shot "$title" "$first" "$step" "$fractal" "$grain" </dev/null
        echo "file shot-$number.mp4" >>"$work/shots.txt"
    done <<<"$REEL"
    finished "$work/reel-2160.mp4" quiet -f concat -i "$work/shots.txt" -c copy
    finished "$work/reel-1080.mp4" quiet -i "$work/reel-2160.mp4" -vf scale=1920:1080:flags=lanczos "${STORED[@]:2}"
    local reference
    for reference in 1080 2160; do
        finished "$work/painted-$reference.mp4" quiet -i "$work/reel-$reference.mp4" -vf framestep=4 "${STORED[@]:2}" -qp 0
    done
}

encode() { # WIDTH HEIGHT KBPS OUT
    local reel=2160
    [ "$2" -gt 1080 ] || reel=1080
    local common=(-i "$work/reel-$reel.mp4" -vf "scale=$1:$2:flags=lanczos" -an -pix_fmt yuv420p -c:v libx264 -preset veryfast
        -b:v "${3}k" -maxrate "$(($3 * 2))k" -bufsize "$(($3 * 4))k"
        -g "$SEGMENT_FRAMES" -keyint_min "$SEGMENT_FRAMES" -sc_threshold 0 -bf 2)
    quiet "${common[@]}" -pass 1 -passlogfile "$4.log" -f null /dev/null
    quiet "${common[@]}" -pass 2 -passlogfile "$4.log" "$4"
    rm -f "$4".log*
}

compare() { # REFERENCE ENCODED OUT: luma of every fourth frame, as `n:1 Y:0.98 ...` lines.
    local size=3840:2160
    [ "$1" = 2160 ] || size=1920:1080
    quiet -i "$2" -i "$work/painted-$1.mp4" -filter_complex \
        "[0:v]framestep=4,format=gray,scale=$size:flags=bicubic[seen];[1:v]format=gray[painted];[seen][painted]ssim=stats_file=$3" \
        -f null -
}

# Bits of each segment, then SSIM of each, joined and in decibels.
table() { # REFERENCE WIDTH HEIGHT KBPS FILE
    ffprobe -v error -select_streams v -show_entries packet=pts,dts_time,size -of csv=p=0 "$5.mp4" |
        awk -F, -v frames=$SEGMENT_FRAMES -v row="$1\t$2\t$3\t$4" -v stats="$5.ssim" '
            { bits[int((NR - 1) / frames)] += 8 * $NF }
            END {
                while ((getline line < stats) > 0) {
                    split(line, word, " "); sub("n:", "", word[1]); sub("Y:", "", word[2])
                    segment = int((word[1] - 1) / (frames / 4)); sum[segment] += word[2]; count[segment]++
                }
                for (segment = 0; segment in count; segment++)
                    printf "%s\t%d\t%d\t%.2f\n", row, segment, bits[segment], -10 * log(1 - sum[segment] / count[segment]) / log(10)
            }'
}

say "The reel"
make_reel
printf '# scripts/measure-ssim.sh: %s\n# reference\twidth\theight\tkbps\tsegment\tbits\tssim_db\n' \
    "x264 veryfast in two passes, SSIM of luma" >&3
while read -r reference rungs; do
    for rung in $rungs; do
        IFS=':x' read -r width height kbps <<<"$rung"
        file=$work/$reference-$width-$height-$kbps
        say "${height}p at $kbps kbit/s beside ${reference}p"
        finished "$file.mp4" encode "$width" "$height" "$kbps"
        finished "$file.ssim" compare "$reference" "$file.mp4"
        table "$reference" "$width" "$height" "$kbps" "$file" >&3
    done
done <<<"$RUNGS"
