#!/usr/bin/env bash
# Every check of the repository, in the order in which they fail fastest. Stops at the first that fails.
#
#   scripts/test.sh          everything
#   scripts/test.sh --lint   without the tests
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

STEPS=0
CURRENT=''

# step NAME COMMAND...: announces, runs, and says how long it took.
step() {
    local started=$SECONDS
    CURRENT=$1
    shift
    say "$CURRENT"
    note "$DIM$*$PLAIN"
    "$@"
    STEPS=$((STEPS + 1))
    note "passed in $(duration $((SECONDS - started)))"
    CURRENT=''
}

summary() {
    local status=$?
    if [ $status -eq 0 ]; then
        printf '%sall %d steps passed%s in %s\n' "$BOLD$GREEN" "$STEPS" "$PLAIN" "$(duration $SECONDS)"
    elif [ -n "$CURRENT" ]; then
        printf '%sFAILED: %s%s after %s, %d steps had passed\n' "$BOLD$RED" "$CURRENT" "$PLAIN" "$(duration $SECONDS)" "$STEPS"
    fi
}
trap summary EXIT

step "System packages" env LUMEN_SETUP_TESTS="${1:-tests}" scripts/setup.sh
step "Format" cargo fmt --all --check
if command -v shellcheck >/dev/null; then
    step "Scripts" shellcheck --external-sources scripts/*.sh .ci/run
fi
step "Player without GStreamer" cargo check -p lumen-player-core --no-default-features --locked
step "Lints" cargo clippy --workspace --all-targets --locked -- -D warnings
step "Documentation" env RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps --locked
if [ "${1:-}" != --lint ]; then
    # The packager is required here: whoever runs all tests wants all of them.
    step "Packager" scripts/packager.sh
    step "Tests" env LUMEN_PACKAGER_REQUIRED=1 cargo test --workspace --locked
fi
