#!/usr/bin/env bash
# Kills PostgreSQL's primary in mid-write and promotes its replica, again and again, below a server that is being
# written to; fails if an answered write is lost. Prints how long each take-over took.
#
#   scripts/failover.sh [CYCLES]    100 if not said
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

LUMEN_FAILOVER_CYCLES=${1:-100}
export LUMEN_FAILOVER_CYCLES
say "$LUMEN_FAILOVER_CYCLES take-overs"
exec cargo test -p lumen-server-stub --test scaled_out nothing_answered_is_lost_in_many_take_overs -- \
    --ignored --nocapture
