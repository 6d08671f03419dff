#!/usr/bin/env bash
# Makes lumen-tv_VERSION_ARCH.deb: the television player, and the session that a bare Debian 12 box boots into.
#
#   scripts/package-tv-deb.sh [BINARY] [FOLDER]
#
# BINARY is a lumen-tv that is built already; without it one is built for release. FOLDER (default: target/packages) is
# where the package goes. The same input gives the same bytes when SOURCE_DATE_EPOCH is set.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

binary=${1:-} folder=${2:-target/packages}
command -v dpkg-deb >/dev/null || die "there is no dpkg-deb" "Packages are made on Debian and Ubuntu."
if [ -z "$binary" ]; then
    cargo build --release --locked -p lumen-app-tv
    binary=${CARGO_TARGET_DIR:-target}/release/lumen-tv
fi
[ -x "$binary" ] || die "$binary is not a program"

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
architecture=$(dpkg --print-architecture)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"

install -D -m 755 "$binary" "$root/usr/bin/lumen-tv"
install -D -m 644 packaging/tv/lumen-tv.service "$root/lib/systemd/system/lumen-tv.service"
install -D -m 644 packaging/tv/tv.conf "$root/etc/lumen/tv.conf"
install -D -m 644 LICENSE-MIT "$root/usr/share/doc/lumen-tv/copyright"
for script in postinst prerm postrm; do
    install -D -m 755 "packaging/tv/$script" "$root/DEBIAN/$script"
done
echo /etc/lumen/tv.conf >"$root/DEBIAN/conffiles"

# The window libraries are opened at run time by name, so no tool would find them in the program.
size=$(du -sk --exclude=DEBIAN "$root" | cut -f1)
cat >"$root/DEBIAN/control" <<CONTROL
Package: lumen-tv
Version: $version
Architecture: $architecture
Maintainer: Lumen <lumen@localhost>
Installed-Size: $size
Section: video
Priority: optional
Depends: libc6, libudev1, adduser, cage, xwayland, dbus, libpam-systemd, libgstreamer1.0-0, libgstreamer-plugins-base1.0-0,
 gstreamer1.0-plugins-base, gstreamer1.0-plugins-good, gstreamer1.0-plugins-bad, gstreamer1.0-plugins-ugly,
 gstreamer1.0-libav, gstreamer1.0-alsa, libwayland-client0, libwayland-cursor0, libwayland-egl1, libxkbcommon0,
 libegl1, libgl1, libgles2, libgl1-mesa-dri, libfontconfig1, fonts-inter, ca-certificates
Recommends: fonts-noto-cjk, firmware-linux-free
Description: television player and session
 Lumen for a screen across the room: steered with five keys, by remote control, gamepad or HDMI-CEC. With this package a
 machine without a desktop boots into it.
CONTROL

mkdir -p "$folder"
package=$folder/lumen-tv_${version}_$architecture.deb
dpkg-deb --root-owner-group --build "$root" "$package" >/dev/null
note "$package"
