#!/usr/bin/env bash
# Measures what a viewer sees of each rung of the benchmark's ladders: SSIM of encoded and enlarged pictures against the
# painted ones. abr/src/sim/ssim.tsv is what it prints; abr/src/sim/ssim.rs says how that is used. Takes an hour or two.
#
#   scripts/measure-ssim.sh > abr/src/sim/ssim.tsv
#   WORK=folder scripts/measure-ssim.sh      keeps the reel and the encodings; goes on where it stopped
#
# The reel has twelve segments of four seconds, of very different difficulty: shots of the demo library's films as they
# are, with a grain over them, with a moving fractal over them that has detail at every size (as foliage and water have),
# and the fractal alone. Each rung is one x264 encoding of the whole reel in two passes, with the limits that ladders for
# delivery have: the encoder deals out the bits between easy and hard segments as it would for a film.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

RATE=24
SEGMENT_FRAMES=96
REEL_SIZE=3840x2160

# TITLE FIRST_FRAME TREATMENT; the treatment is a strength of grain, or a share of fractal with a percent sign.
REEL='the-long-tide 48 0
glass-harbour 240 2
orbit-kitchen 720 0
low-country 240 12%
paper-lions 600 0
a-winter-without-maps 960 2
the-lamp-at-carrick 96 20%
salt-and-static 240 3
night-train-to-varna 240 0
slow-light 600 8%
low-country 600 30%
fractal 0 100%'

# Height of the reference, then WIDTHxHEIGHT:KBPS of each rung: envivio6 and bbb10, bbb4k6 and apple12.
RUNGS='1080 320x180:300 640x360:750 768x432:1200 1024x576:1850 1280x720:2850 1920x1080:4300
1080 320x180:230 320x180:331 480x270:477 640x360:688 640x360:991 768x432:1427 1024x576:2056 1280x720:2962 1280x720:5027
1080 1920x1080:6000
2160 640x360:1000 1280x720:2500 1920x1080:5000 1920x1080:8000 2560x1440:16000 3840x2160:35000
2160 640x360:145 768x432:300 960x540:600 960x540:900 960x540:1600 1280x720:2400 1280x720:3400 1920x1080:4500
2160 1920x1080:5800 2560x1440:8100 3840x2160:11600 3840x2160:16800'

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

frames() { "$(target_folder)/release/examples/reference-frames" "$1" $REEL_SIZE "$2" $SEGMENT_FRAMES; }
# A slow zoom towards the edge of the Mandelbrot set.
FRACTAL="mandelbrot=size=$REEL_SIZE:rate=$RATE:start_scale=0.4:end_scale=0.004:end_pts=1200"
# What is stored is near enough to lossless: at this quantiser nothing of the grain is lost.
STORED=(-frames:v "$SEGMENT_FRAMES" -pix_fmt yuv420p -c:v libx264 -preset ultrafast -qp 4)

shot() { # TITLE FIRST_FRAME TREATMENT OUT
    local film=(-f rawvideo -pix_fmt yuv420p -video_size "$REEL_SIZE" -framerate "$RATE" -i pipe:0) filter
    case $3 in
    100%) quiet -f lavfi -i "$FRACTAL" "${STORED[@]}" "$4" && return ;;
    *%)
        film+=(-f lavfi -i "$FRACTAL")
        filter="[1:v]format=yuv420p[over];[0:v][over]blend=all_opacity=$(awk "BEGIN { print 1 - ${3%\%} / 100 }")"
        ;;
    *) filter="noise=c0_strength=$3:c0_flags=t:c0_seed=7" ;;
    esac
    frames "$1" "$2" | quiet "${film[@]}" -filter_complex "$filter" "${STORED[@]}" "$4"
}

make_reel() {
    cargo build --quiet --release -p lumen-server-stub --example reference-frames --locked
    local number=0 title first treatment
    : >"$work/shots.txt"
    while read -r title first treatment; do
        number=$((number + 1))
        note "shot $number: $title, $treatment"
        finished "$work/shot-$number.mp4" shot "$title" "$first" "$treatment"
        echo "file shot-$number.mp4" >>"$work/shots.txt"
    done <<<"$REEL"
    finished "$work/reel-2160.mp4" quiet -f concat -i "$work/shots.txt" -c copy
    finished "$work/reel-1080.mp4" quiet -i "$work/reel-2160.mp4" -vf scale=1920:1080:flags=lanczos "${STORED[@]:2}"
}

encode() { # REFERENCE WIDTH HEIGHT KBPS OUT
    local common=(-i "$work/reel-$1.mp4" -vf "scale=$2:$3:flags=lanczos" -an -pix_fmt yuv420p -c:v libx264 -preset veryfast
        -b:v "${4}k" -maxrate "$(($4 * 2))k" -bufsize "$(($4 * 4))k"
        -g "$SEGMENT_FRAMES" -keyint_min "$SEGMENT_FRAMES" -sc_threshold 0 -bf 2)
    quiet "${common[@]}" -pass 1 -passlogfile "$5.log" -f null /dev/null
    quiet "${common[@]}" -pass 2 -passlogfile "$5.log" "$5"
    rm -f "$5".log*
}

compare() { # REFERENCE ENCODED OUT: luma of every fourth frame, as `n:1 Y:0.98 ...` lines.
    local size=3840:2160
    [ "$1" = 2160 ] || size=1920:1080
    quiet -i "$2" -i "$work/reel-$1.mp4" -filter_complex \
        "[0:v]framestep=4,format=gray,scale=$size:flags=bicubic[seen];[1:v]framestep=4,format=gray[painted];[seen][painted]ssim=stats_file=$3" \
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
        finished "$file.mp4" encode "$reference" "$width" "$height" "$kbps"
        finished "$file.ssim" compare "$reference" "$file.mp4"
        table "$reference" "$width" "$height" "$kbps" "$file" >&3
    done
done <<<"$RUNGS"
