#!/usr/bin/env bash
# Deletes the demo: accounts, library, logs and reports. The player's settings and sign-ins stay.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

DATA=$(demo_folder)
if [ ! -e "$DATA" ]; then
    note "There is no demo in $DATA."
    exit 0
fi
# A wrong LUMEN_DATA must not cost anybody their files.
[ -f "$DATA/.lumen-demo" ] || die "$DATA was not made by make run" "Nothing was deleted."
if command -v flock >/dev/null; then
    exec 9>"$DATA/run.lock"
    flock --nonblock 9 || die "the demo in $DATA is running" "Close it first."
fi
rm -rf -- "$DATA"
note "Deleted $DATA."
