#!/usr/bin/env bash
# Fills fuzz/corpus with what parsers are known to take: the seeds beside this script, the fixtures of the tests, and
# short files of real streams where LUMEN_STREAMS names their folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

SOURCES=../player-core/src
LARGEST=65536

# take TARGET FILE...: copies files that are not too long to be mutated well. The folder is part of the name.
take() {
    local target=$1 file
    shift
    mkdir -p "corpus/$target"
    for file in "$@"; do
        if [ -f "$file" ] && [ "$(stat -c %s "$file")" -le $LARGEST ]; then
            cp "$file" "corpus/$target/$(basename "$(dirname "$file")")-$(basename "$file")"
        fi
    done
}

# index FILE FLAGS: what the manifest knows of a file, eight bytes, and the file.
index() {
    mkdir -p corpus/sidx_index
    { printf "\\x$2\0\0\0\0\x14\0\0" && head -c $LARGEST "$1"; } >"corpus/sidx_index/$(basename "$1")-$2"
}

shopt -s nullglob
for folder in seeds/*/; do
    take "$(basename "$folder")" "$folder"*
done
take hls $SOURCES/manifest/hls/fixtures/*.m3u8
take ts $SOURCES/container/ts/fixtures/*
take webm $SOURCES/container/webm/fixtures/*
take packed $SOURCES/container/packed/fixtures/*
take bmff $SOURCES/container/bmff/fixtures/*
take bmff seeds/chapters/*.m*
take webm seeds/chapters/*.mkv
take chapters $SOURCES/container/bmff/fixtures/{plain,fragmented}.mp4 $SOURCES/container/bmff/fixtures/*.mov $SOURCES/container/webm/fixtures/*
for media in video audio; do
    cat $SOURCES/container/bmff/fixtures/$media-cenc-init.mp4 $SOURCES/container/bmff/fixtures/$media-cenc-2.m4s \
        >corpus/bmff/$media-cenc
done
for file in $SOURCES/container/bmff/fixtures/{plain,fragmented}.mp4 $SOURCES/container/webm/fixtures/*; do
    index "$file" 00
    index "$file" 07
done

# Captions: pop-on, roll-up and painted rows of line 21; windows, pens and rows of digital captions. Four bytes each:
# steps of 20 ms, marker and type, two bytes.
mkdir -p corpus/cea
printf '\x02\xfc\x94\x20\x02\xfc\x94\x20\x02\xfc\x11\x4e\x02\xfcHe\x02\xfcll\x02\xfco\x80\x02\xfc\x94\x2f\x60\xfc\x94\x2c' \
    >corpus/cea/pop-on
printf '\x02\xfc\x14\x25\x02\xfc\x14\x2d\x02\xfcab\x02\xfc\x14\x2d\x02\xfccd\x02\xfd\x14\x29\x02\xfdxy\x02\xfd\x13\x27' \
    >corpus/cea/roll-up
printf '\x02\xff\x07\x2c\x02\xfe\x98\x20\x02\xfe\xda\x32\x02\xfe\x71\x1f\x02\xfe\x11Hi\x02\xfe\x92\x01\x02\xfe\x00\x0d\x30\xff\x02\x22\x02\xfe\x8a\x01' \
    >corpus/cea/window

if [ -n "${LUMEN_STREAMS:-}" ]; then
    take hls "$LUMEN_STREAMS"/*/*.m3u8
    take dash "$LUMEN_STREAMS"/*/*.mpd
    take webvtt "$LUMEN_STREAMS"/*/*.vtt
    take ts "$LUMEN_STREAMS"/*/*.ts
    take webm "$LUMEN_STREAMS"/*/*.webm
    take bmff "$LUMEN_STREAMS"/*/*.mp4 "$LUMEN_STREAMS"/*/*.m4s
    for file in "$LUMEN_STREAMS"/*/*.{mp4,webm}; do
        index "$file" 00
    done
fi
for folder in corpus/*/; do
    printf '%-18s %s seeds\n' "$(basename "$folder")" "$(find "$folder" -type f | wc -l)"
done
