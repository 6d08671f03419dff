#!/usr/bin/env bash
# Fetches the packager that tests make encrypted streams with: the npm package shaka-packager, once, into target/npm.
# It is a development dependency of the tests and part of nothing that is shipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

VERSION=3.4.2
TARGET=${CARGO_TARGET_DIR:-target}/npm

[ -x "$TARGET/node_modules/shaka-packager/bin/packager-linux-x64" ] && exit
command -v npm >/dev/null || die "npm is missing, and with it the packager that tests need" \
    "On Debian: apt-get install --no-install-recommends npm"
say "Fetching the packager for tests"
mkdir -p "$TARGET"
npm install --prefix "$TARGET" --no-audit --no-fund --ignore-scripts --loglevel=error "shaka-packager@$VERSION" ||
    die "npm could not fetch the packager" "Its message is above. Without it: cargo test --workspace"
chmod +x "$TARGET/node_modules/shaka-packager/bin/"packager-linux-*
