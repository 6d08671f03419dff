# shellcheck shell=bash
# What the scripts share: words on the terminal, and where things are. Sourced, never run.

# Colours only where a person reads: not in files, not in pipes, and not against NO_COLOR.
# shellcheck disable=SC2034 # for those who source this
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' PLAIN=$'\e[0m' CLEAR=$'\r\e[K'
else
    BOLD='' DIM='' RED='' GREEN='' YELLOW='' PLAIN='' CLEAR=''
fi

# A step of something longer.
say() { printf '%s==>%s %s\n' "$BOLD$GREEN" "$PLAIN$BOLD" "$*$PLAIN"; }

# A detail below a step.
note() { printf '    %s\n' "$*"; }

# Something that works, but not as well as it could.
warn() { printf '%swarning:%s %s\n' "$YELLOW" "$PLAIN" "$*" >&2; }

# Why it does not go on. Further arguments are lines of advice. DIE_STATUS is the exit status, if 1 says too little.
die() {
    printf '%serror:%s %s\n' "$BOLD$RED" "$PLAIN" "$1" >&2
    shift
    [ $# -eq 0 ] || printf '    %s\n' "$@" >&2
    exit "${DIE_STATUS:-1}"
}

# Seconds in words: 7 s, 3 min 07 s.
duration() {
    if [ "$1" -lt 60 ]; then printf '%d s' "$1"; else printf '%d min %02d s' "$(($1 / 60))" "$(($1 % 60))"; fi
}

# A folder below the user's data: accounts, library, logs and reports of the demo.
demo_folder() {
    if [ -n "${LUMEN_DATA:-}" ]; then
        printf '%s\n' "$LUMEN_DATA"
    elif [ -n "${XDG_DATA_HOME:-}" ]; then
        printf '%s/lumen/demo\n' "$XDG_DATA_HOME"
    else
        printf '%s/.local/share/lumen/demo\n' "${HOME:?is not set, set LUMEN_DATA to a folder for the demo}"
    fi
}

# Where cargo puts what it builds.
target_folder() { printf '%s\n' "${CARGO_TARGET_DIR:-target}"; }

# rustup installs here and tells only login shells.
if ! command -v cargo >/dev/null 2>&1 && [ -x "${CARGO_HOME:-${HOME:-}/.cargo}/bin/cargo" ]; then
    PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    export PATH
fi
