#!/usr/bin/env bash
# Makes a Debian package of the desktop player, and checks it.
#
#   scripts/package-deb.sh [FOLDER]           builds, and writes lumen-player_VERSION_ARCH.deb into FOLDER (target/package)
#   scripts/package-deb.sh --check FILE       looks at a package: texts, contents, and whether it can be unpacked and started
#   scripts/package-deb.sh --clean-root FILE  installs it into a fresh Debian 12 root and starts it there (root, mmdebstrap)
#
# LUMEN_BIN names a binary to pack instead of building one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

ID=example.lumen.Lumen
PACKAGE=lumen-player
# Opened at run time by name, so that no linker names them; and what GStreamer finds by itself.
OPENED='libx11-6, libx11-xcb1, libxcb1, libxcursor1, libxi6, libxrandr2, libxkbcommon0, libxkbcommon-x11-0,
 libwayland-client0, libwayland-cursor0, libwayland-egl1, libegl1, libgl1, libgl1-mesa-dri, libfontconfig1,
 gstreamer1.0-plugins-base, gstreamer1.0-plugins-good, gstreamer1.0-plugins-bad, gstreamer1.0-plugins-ugly,
 gstreamer1.0-libav, gstreamer1.0-alsa | gstreamer1.0-pulseaudio | gstreamer1.0-pipewire, ca-certificates'
RECOMMENDS='fonts-noto-cjk, gstreamer1.0-gl, gstreamer1.0-pulseaudio, xdg-desktop-portal, xdg-utils'
SUGGESTS='gnome-keyring, playerctl'

main() {
    case ${1:-} in
    --check) check "${2:?the package}" ;;
    --clean-root) clean_root "${2:?the package}" ;;
    -*) die "unknown option: $1" "Usage: scripts/package-deb.sh [FOLDER] | --check FILE | --clean-root FILE" ;;
    *) build "${1:-$(target_folder)/package}" ;;
    esac
}

build() {
    local out=$1 version arch stage depends
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
    arch=$(dpkg --print-architecture)
    local binary=${LUMEN_BIN:-}
    if [ -z "$binary" ]; then
        say "Building"
        cargo build --release --locked -p lumen-app-desktop
        binary=$(target_folder)/release/lumen
    fi
    say "Packing"
    mkdir -p "$out"
    stage=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder of now
    trap "rm -rf '$stage'" EXIT
    local root=$stage/root
    install -Dm755 "$binary" "$root/usr/bin/lumen"
    strip --strip-unneeded "$root/usr/bin/lumen"
    install -Dm644 "packaging/$ID.desktop" -t "$root/usr/share/applications"
    install -Dm644 "packaging/$ID.metainfo.xml" -t "$root/usr/share/metainfo"
    install -Dm644 "packaging/$ID.svg" -t "$root/usr/share/icons/hicolor/scalable/apps"
    local doc=$root/usr/share/doc/$PACKAGE
    install -Dm644 README.md -t "$doc"
    cat LICENSE-MIT assets/fonts/Phosphor-LICENSE assets/fonts/Inter-OFL.txt >"$doc/copyright"
    printf '%s (%s) stable; urgency=medium\n\n  * See README.md.\n\n -- The Lumen developers <lumen@lumen.example>  %s\n' \
        "$PACKAGE" "$version" "$(date -R -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}")" | gzip -9n >"$doc/changelog.gz"

    depends=$(linked "$stage" "$root/usr/bin/lumen")
    mkdir -p "$root/DEBIAN"
    cat >"$root/DEBIAN/control" <<CONTROL
Package: $PACKAGE
Version: $version
Architecture: $arch
Maintainer: The Lumen developers <lumen@lumen.example>
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: $depends, $OPENED
Recommends: $RECOMMENDS
Suggests: $SUGGESTS
Section: video
Priority: optional
Homepage: https://lumen.example/
Description: player for HLS and DASH streams, media files and Lumen libraries
 Lumen fetches, decrypts and switches quality with its own adaptive-bitrate
 engine, and decodes with GStreamer. It plays any stream signed out, and shows
 the library of a Lumen server: profiles, series, and where one left off.
CONTROL
    (cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
    local file=$out/${PACKAGE}_${version}_$arch.deb
    dpkg-deb --root-owner-group --build "$root" "$file" >/dev/null
    note "$file, $(du -h "$file" | cut -f1)"
}

# The packages of the libraries that the linker names.
linked() {
    command -v dpkg-shlibdeps >/dev/null || die "there is no dpkg-shlibdeps" "apt-get install dpkg-dev"
    mkdir -p "$1/source/debian"
    printf 'Source: %s\n\nPackage: %s\nArchitecture: any\n' "$PACKAGE" "$PACKAGE" >"$1/source/debian/control"
    (cd "$1/source" && dpkg-shlibdeps -O "$2" 2>/dev/null) | sed -n 's/^shlibs:Depends=//p'
}

check() {
    local file unpacked
    file=$(realpath "$1")
    check_texts
    say "Looking at the package"
    local contents wanted
    contents=$(dpkg-deb --contents "$file")
    for wanted in usr/bin/lumen "usr/share/applications/$ID.desktop" "usr/share/metainfo/$ID.metainfo.xml" \
        "usr/share/icons/hicolor/scalable/apps/$ID.svg" "usr/share/doc/$PACKAGE/copyright"; do
        grep -q " \./$wanted\$" <<<"$contents" || die "$wanted is not in the package"
    done
    awk '$2 != "root/root" { print; bad = 1 } END { exit bad }' <<<"$contents" || die "files belong to somebody"
    local depends
    depends=$(dpkg-deb --field "$file" Depends)
    for wanted in libc6 libgstreamer1.0-0 gstreamer1.0-libav libxkbcommon-x11-0; do
        case $depends in *"$wanted"*) ;; *) die "the package does not depend on $wanted" ;; esac
    done
    unpacked=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder of now
    trap "rm -rf '$unpacked'" EXIT
    dpkg-deb --extract "$file" "$unpacked"
    (cd "$unpacked" && dpkg-deb --ctrl-tarfile "$file" | tar -xOf - ./md5sums | md5sum --check --quiet)
    local version
    version=$(HOME=$unpacked XDG_STATE_HOME=$unpacked/state "$unpacked/usr/bin/lumen" --version)
    [ "$version" = "lumen $(dpkg-deb --field "$file" Version)" ] || die "it says that it is $version"
    note "$version, $(wc -l <<<"$contents") entries, all in order"
}

# The texts that desktops and shops read.
check_texts() {
    say "Looking at the texts"
    if command -v desktop-file-validate >/dev/null; then
        desktop-file-validate "packaging/$ID.desktop"
        note "desktop entry"
    fi
    if command -v appstreamcli >/dev/null; then
        appstreamcli validate --no-net "packaging/$ID.metainfo.xml" || die "appstreamcli complains"
        note "AppStream metadata"
    fi
    # What desktops are told to open with it is what it says itself.
    local kind kinds
    kinds=$(sed -n 's/^    "\([a-z]*\/[a-z0-9.+-]*\)",$/\1/p' app-core/src/desktop/mod.rs)
    [ -n "$kinds" ] || die "no kinds of media were found"
    while read -r kind; do
        grep -q "^MimeType=.*[;=]$kind;" "packaging/$ID.desktop" || die "$kind is not in the desktop entry"
        grep -q "<mediatype>$kind</mediatype>" "packaging/$ID.metainfo.xml" || die "$kind is not in the metadata"
    done <<<"$kinds"
    note "the same kinds of media everywhere"
}

# A root with nothing in it but Debian, where apt finds what the package says that it needs.
clean_root() {
    local file root
    file=$(realpath "$1")
    command -v mmdebstrap >/dev/null || die "there is no mmdebstrap" "apt-get install mmdebstrap"
    root=$(mktemp -d)
    # shellcheck disable=SC2064 # the folder of now
    trap "rm -rf --one-file-system '$root'" EXIT
    say "Installing into a fresh Debian 12"
    mmdebstrap --quiet --variant=apt --include=xvfb,xauth \
        --customize-hook="copy-in '$file' /tmp" \
        --customize-hook="chroot \"\$1\" apt-get install --yes --no-install-recommends /tmp/$(basename "$file")" \
        bookworm "$root"
    say "Starting it there"
    chroot "$root" lumen --version
    local status=0
    chroot "$root" xvfb-run -a lumen doctor || status=$?
    [ $status -eq 0 ] || die "films would not play there (exit code $status)"
}

main "$@"
