#!/usr/bin/env bash
# Makes sure that the system has what building and playing need. On Debian and Ubuntu it installs what is missing with
# apt; elsewhere it says what is missing and stops. Does nothing, at once, when everything is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

# Oldest versions that work: the GStreamer of Debian 12, and the compiler that Cargo.toml asks for.
GSTREAMER_NEEDED=1.22
RUST_NEEDED=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

# Debian packages by purpose. The window libraries are opened at run time by name, so no linker would miss them.
PACKAGES_BUILD='gcc libc6-dev pkg-config libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libudev-dev'
PACKAGES_PLAY='gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
    gstreamer1.0-libav gstreamer1.0-gl gstreamer1.0-tools gstreamer1.0-alsa'
PACKAGES_WINDOW='libx11-6 libx11-xcb1 libxcb1 libxcursor1 libxi6 libxrandr2 libxkbcommon0 libxkbcommon-x11-0
    libwayland-client0 libwayland-cursor0 libwayland-egl1 libegl1 libgl1 libgles2 libgl1-mesa-dri libfontconfig1
    fonts-inter xdg-utils'
PACKAGES_LIBRARY='ffmpeg'
PACKAGES_TRUST='ca-certificates'
# What tests start by themselves, on loopback: nothing of it needs to run as a service. The program of redis-server is in
# redis-tools, without its service. Pages are looked at in a browser; npm fetches the packager that encrypted streams are
# made with. Media keys and sleep are tested on message buses of their own.
PACKAGES_TESTS=''
if [ "${LUMEN_SETUP_TESTS:-}" = tests ]; then
    PACKAGES_TESTS='postgresql redis-tools haproxy python3 python3-venv chromium dbus-daemon playerctl'
    # Node.js from elsewhere brings its npm along.
    command -v node >/dev/null && command -v npm >/dev/null || PACKAGES_TESTS+=' nodejs npm'
fi

# Elements that the player's pipelines are made of, for systems whose packages we do not know.
ELEMENTS='appsrc appsink h264parse avdec_h264 aacparse avdec_aac videoconvert audioconvert scaletempo audioresample volume
    autoaudiosink'

main() {
    check_rust
    if [ "${LUMEN_SETUP:-}" = skip ]; then
        return
    fi
    if [ "$(uname -s)" = Linux ] && command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
        install_missing_packages
        check_gstreamer_version
    else
        list_what_is_missing
    fi
}

check_rust() {
    command -v cargo >/dev/null || die "there is no Rust toolchain" \
        "Install Rust $RUST_NEEDED or newer, and try again."
    local found
    found=$(cargo --version) || die "cargo does not run" "Its message is above."
    found=${found#cargo }
    found=${found%% *}
    is_at_least "$found" "$RUST_NEEDED" || die "Rust $found is too old, $RUST_NEEDED or newer is needed" \
        "With rustup: rustup update stable"
}

# is_at_least FOUND NEEDED: compares the first two numbers of versions.
is_at_least() {
    local found_major=${1%%.*} found_minor=${1#*.} needed_major=${2%%.*} needed_minor=${2#*.}
    found_minor=${found_minor%%.*} needed_minor=${needed_minor%%.*}
    [ "$found_major" -gt "$needed_major" ] ||
        { [ "$found_major" -eq "$needed_major" ] && [ "${found_minor%%-*}" -ge "$needed_minor" ]; }
}

# Prints those of its arguments that are not installed.
missing_of() {
    local installed package
    # Unknown names make dpkg-query fail; the known ones are printed all the same.
    installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
    for package in "$@"; do
        case $'\n'"$installed"$'\n' in
        *$'\n'"installed $package"$'\n'*) ;;
        *) printf '%s\n' "$package" ;;
        esac
    done
}

install_missing_packages() {
    local all missing purpose
    # shellcheck disable=SC2086 # the lists are words
    all=$(missing_of $PACKAGES_BUILD $PACKAGES_PLAY $PACKAGES_WINDOW $PACKAGES_LIBRARY $PACKAGES_TRUST $PACKAGES_TESTS)
    [ -n "$all" ] || return 0

    say "Some system packages are missing"
    for purpose in BUILD:'to build' PLAY:'to decode and to be heard' WINDOW:'to open a window' \
        LIBRARY:'to make the demo library' TRUST:'to trust servers' TESTS:'to test'; do
        local list="PACKAGES_${purpose%%:*}"
        # shellcheck disable=SC2086
        [ -n "${!list}" ] || continue
        # shellcheck disable=SC2086
        missing=$(missing_of ${!list} | tr '\n' ' ')
        [ -z "$missing" ] || note "${purpose#*:}: $missing"
    done
    all=$(tr '\n' ' ' <<<"$all")

    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "installing needs an administrator, and there is no sudo" \
            "As root: apt-get install --no-install-recommends $all"
        as_root=(sudo)
        note "apt needs administrator rights; sudo may ask for your password."
    fi

    local started=$SECONDS
    say "Refreshing the package lists"
    "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=120 update ||
        warn "not all package lists could be refreshed, going on with those that are there"
    say "Installing"
    keep_services_off
    # The file that says so to PostgreSQL is ours to keep.
    # shellcheck disable=SC2086
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 \
        -o Dpkg::Options::=--force-confold install --yes --no-install-recommends $all ||
        die "apt could not install everything" "Its message is above. By hand: apt-get install --no-install-recommends $all"
    let_services_be
    note "Installed in $(duration $((SECONDS - started)))."
}

# Some of the packages would start a service at once, and at every boot. The tests only want the programs. Uses the
# array `as_root` of its caller.
SERVICES_OFF=/usr/sbin/policy-rc.d
keep_services_off() {
    HELD_OFF='' HAD_HAPROXY=$(command -v haproxy || true)
    if [ ! -e "$SERVICES_OFF" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$SERVICES_OFF" >/dev/null
        "${as_root[@]}" chmod 755 "$SERVICES_OFF"
        HELD_OFF=yes
        trap let_services_be EXIT
    fi
    # Without this file a database cluster would be made and started.
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        "${as_root[@]}" mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' |
            "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
}

let_services_be() {
    [ -n "${HELD_OFF:-}" ] || return 0
    HELD_OFF=''
    "${as_root[@]}" rm -f "$SERVICES_OFF"
    if [ -z "$HAD_HAPROXY" ] && command -v systemctl >/dev/null; then
        "${as_root[@]}" systemctl --quiet disable haproxy 2>/dev/null || true
    fi
}

check_gstreamer_version() {
    pkg-config --atleast-version="$GSTREAMER_NEEDED" gstreamer-1.0 && return
    die "GStreamer $(pkg-config --modversion gstreamer-1.0) is too old, $GSTREAMER_NEEDED or newer is needed" \
        "Debian 12 and Ubuntu 23.04 are the first releases that have it."
}

list_what_is_missing() {
    local lacks=() program module element
    for program in cc pkg-config ffmpeg; do
        command -v "$program" >/dev/null || lacks+=("the program $program")
    done
    if command -v pkg-config >/dev/null; then
        for module in gstreamer-1.0 gstreamer-base-1.0 gstreamer-app-1.0 gstreamer-audio-1.0 gstreamer-video-1.0; do
            pkg-config --atleast-version="$GSTREAMER_NEEDED" "$module" ||
                lacks+=("$module $GSTREAMER_NEEDED or newer, with its headers (pkg-config)")
        done
    fi
    if command -v gst-inspect-1.0 >/dev/null; then
        for element in $ELEMENTS; do
            gst-inspect-1.0 --exists "$element" || lacks+=("the GStreamer element $element")
        done
    else
        lacks+=("the program gst-inspect-1.0, and with it the GStreamer plugins base, good, bad, ugly and libav")
    fi
    if command -v ffmpeg >/dev/null && [[ $(ffmpeg -hide_banner -encoders 2>/dev/null) != *' libx264 '* ]]; then
        lacks+=("ffmpeg with libx264")
    fi
    [ ${#lacks[@]} -eq 0 ] || die "this system lacks:" "${lacks[@]/#/- }" \
        "Install these with your system's package manager and try again." \
        "(Packages are installed automatically on Debian and Ubuntu only.)"
}

main "$@"
