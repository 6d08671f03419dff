#!/usr/bin/env bash
# Builds, starts the server with the demo library, and opens the player on it. Without a display it plays a title
# headlessly and prints the report. Stops everything that it started, however it ends.
#
#   scripts/run.sh        the desktop player
#   scripts/run.sh --tv   the player for televisions
#
# LUMEN_DATA names the folder of the demo (default: lumen/demo in the user's data folder).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib.sh

APP=lumen
APP_PACKAGE=lumen-app-desktop
if [ "${1:-}" = --tv ]; then
    APP=lumen-tv
    APP_PACKAGE=lumen-app-tv
elif [ $# -gt 0 ]; then
    die "unknown option: $1" "Usage: scripts/run.sh [--tv]"
fi

# What the headless run plays, and as whom. The account exists in demo mode only and is shown on the sign-in page.
QA_TITLE=the-long-tide
QA_ACCOUNT=mia@lumen.example
QA_PASSWORD=lumen-demo
QA_TIME=20s
# The server goes on making titles meanwhile, so on a small machine stalls say nothing about the player.
QA_STALLS=20

# How long the server may take to listen, and to make its first title on a slow machine.
LISTEN_LIMIT_S=60
FIRST_TITLE_LIMIT_S=900
# How long a process may take to stop before it is killed: the server lets requests finish for five seconds.
STOP_LIMIT_S=10

BIN=$(target_folder)/release
STARTED=()

main() {
    trap 'stop_all' EXIT
    trap 'interrupted 130' INT
    trap 'interrupted 143' TERM
    trap 'interrupted 129' HUP

    scripts/setup.sh
    prepare_folder
    build
    start_server
    wait_for_first_title
    if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
        open_app
    else
        play_headlessly
    fi
}

prepare_folder() {
    DATA=$(demo_folder)
    mkdir -p "$DATA"
    DATA=$(cd "$DATA" && pwd)
    # What `make clean-demo` looks for before it deletes a folder. So nobody's own files may be in it.
    if [ ! -f "$DATA/.lumen-demo" ]; then
        [ -z "$(ls -A "$DATA")" ] || die "$DATA is not empty and was not made by this script" \
            "Set LUMEN_DATA to an empty or a new folder."
        : >"$DATA/.lumen-demo"
    fi
    chmod 700 "$DATA"
    mkdir -p "$DATA/logs"
    SERVER_LOG=$DATA/logs/server.log
    APP_LOG=$DATA/logs/$APP.log
    REPORT=$DATA/report
    # Two servers on one folder would work against each other. The lock goes away with this process.
    if command -v flock >/dev/null; then
        exec 9>"$DATA/run.lock"
        flock --nonblock 9 || die "the demo in $DATA is already running" \
            "Close it first, or set LUMEN_DATA to another folder."
    fi
}

build() {
    local started=$SECONDS
    say "Building (the first time takes several minutes, later builds take seconds)"
    cargo build --release --locked -p lumen-server-stub -p "$APP_PACKAGE" -p lumen-app-qa 9>&- ||
        die "the build failed" "cargo's message is above."
    note "Built in $(duration $((SECONDS - started)))."
}

# start COMMAND...: runs it in the background in a process group of its own, so that all of it can be stopped, and so
# that Ctrl-C reaches this script first. Its pid, which is also the group's, goes to LAST_PID.
start() {
    set -m
    "$@" </dev/null 9>&- &
    LAST_PID=$!
    set +m
    STARTED+=("$LAST_PID")
}

is_running() { kill -0 "$1" 2>/dev/null; }

start_server() {
    say "Starting the server"
    [ ! -f "$SERVER_LOG" ] || mv -f "$SERVER_LOG" "$SERVER_LOG.1"
    # The same port as last time, if it is free: a kept sign-in belongs to an address.
    local port=0
    if [ -f "$DATA/port" ]; then
        port=$(tr -cd 0-9 <"$DATA/port")
        if [ -z "$port" ] || is_port_taken "$port"; then port=0; fi
    fi
    listen_on "$port" || { [ "$port" -ne 0 ] && listen_on 0; } ||
        die_with_log "the server did not start" "$SERVER_LOG"
    PORT=${SERVER##*:}
    printf '%s\n' "$PORT" >"$DATA/port"
    note "$SERVER, log in $SERVER_LOG"
}

is_port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Starts the server on a port and waits for its one line on standard output. Sets SERVER and SERVER_PID.
listen_on() {
    local deadline=$((SECONDS + LISTEN_LIMIT_S)) line=''
    : >"$DATA/logs/server.out"
    start "$BIN/lumen-server" serve --demo --listen "127.0.0.1:$1" --data "$DATA" \
        >"$DATA/logs/server.out" 2>>"$SERVER_LOG"
    SERVER_PID=$LAST_PID
    while [ $SECONDS -lt $deadline ]; do
        if IFS= read -r line <"$DATA/logs/server.out" && [[ $line =~ ^listening\ on\ (http://127\.0\.0\.1:[0-9]+)/?$ ]]; then
            SERVER=${BASH_REMATCH[1]}
            return 0
        fi
        is_running "$SERVER_PID" || return 1
        sleep 0.05
    done
    stop "$SERVER_PID"
    return 1
}

# Prints the body of GET $1, or fails. Spoken here, so that curl need not be installed.
http_get() (
    exec 3<>"/dev/tcp/127.0.0.1/$PORT" || exit 1
    printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$1" "$PORT" >&3
    local line is_body=''
    while IFS= read -r -t 5 line <&3 || [ -n "$line" ]; do
        if [ -n "$is_body" ]; then printf '%s\n' "$line"; fi
        [ "$line" != $'\r' ] || is_body=yes
        line=''
    done
) 2>/dev/null

wait_for_first_title() {
    local started=$SECONDS deadline=$((SECONDS + FIRST_TITLE_LIMIT_S)) answer ready=0 total=0 shown='' said=$SECONDS
    say "Waiting for the first title (the demo library is made on this machine, once)"
    while [ $SECONDS -lt $deadline ]; do
        answer=$(http_get /health/ready) || answer=''
        if [[ $answer =~ \"titles_ready\"\ *:\ *([0-9]+) ]]; then ready=${BASH_REMATCH[1]}; fi
        if [[ $answer =~ \"titles_total\"\ *:\ *([0-9]+) ]]; then total=${BASH_REMATCH[1]}; fi
        if [ "$ready" -ge 1 ]; then
            printf '%s' "$CLEAR"
            note "$ready of $total titles are ready after $(duration $((SECONDS - started)))."
            if [ "$ready" -lt "$total" ]; then note "The others appear in the catalog as they are made."; fi
            return 0
        fi
        is_running "$SERVER_PID" || die_with_log "the server has stopped" "$SERVER_LOG"
        if [ -n "$CLEAR" ]; then
            printf '%s    %s of %s titles ready, %s so far' "$CLEAR" "$ready" "$total" "$(duration $((SECONDS - started)))"
        elif [ -z "$shown" ] || [ $((SECONDS - said)) -ge 10 ]; then
            shown=yes said=$SECONDS
            note "$ready of $total titles ready, $(duration $((SECONDS - started))) so far"
        fi
        sleep 0.25
    done
    printf '%s' "$CLEAR"
    die_with_log "no title was ready after $(duration $FIRST_TITLE_LIMIT_S)" "$SERVER_LOG"
}

open_app() {
    say "Opening $APP"
    note "Sign in with $QA_ACCOUNT and the password $QA_PASSWORD; the sign-in page shows all demo accounts."
    note "Closing the window, or Ctrl-C here, stops everything."
    start "$BIN/$APP" --server "$SERVER" >"$APP_LOG" 2>&1
    wait_for "$LAST_PID" || die_with_log "$APP ended with status $?" "$APP_LOG"
}

play_headlessly() {
    say "No display: playing $QA_TITLE headlessly for $QA_TIME"
    rm -rf "$REPORT"
    local status=0 png
    LUMEN_QA_PASSWORD=$QA_PASSWORD start "$BIN/lumen-qa" play "$QA_TITLE" --server "$SERVER" --account "$QA_ACCOUNT" \
        --password-env LUMEN_QA_PASSWORD --for "$QA_TIME" --allow-stalls "$QA_STALLS" --report "$REPORT"
    wait_for "$LAST_PID" || status=$?
    if [ -d "$REPORT" ]; then
        say "Report: $REPORT"
        png=$(find "$REPORT" -name '*.png' | sort | tail -n 1)
        [ -z "$png" ] || note "A frame that was shown: $png"
    fi
    [ "$status" -eq 0 ] || DIE_STATUS=$status die_with_log "lumen-qa ended with status $status" "$SERVER_LOG"
}

# Waits for a process that `start` started, while watching the server. Returns its status.
wait_for() {
    while is_running "$1"; do
        is_running "$SERVER_PID" || die_with_log "the server has stopped" "$SERVER_LOG"
        pause 0.2
    done
    wait "$1"
}

# Sleeps so that a signal is acted upon at once: it ends `wait`, but would wait for a `sleep` in the foreground.
pause() {
    sleep "$1" &
    wait $! || true
}

die_with_log() {
    printf '%s' "$CLEAR" >&2
    if [ -s "$2" ]; then
        printf '%s%s\n' "$DIM" "--- the last lines of $2" >&2
        tail -n 15 "$2" >&2
        printf '%s%s\n' "---" "$PLAIN" >&2
    fi
    die "$1" "The log is in $2"
}

# Stops one process group: asks, waits, insists.
stop() {
    local deadline=$((SECONDS + STOP_LIMIT_S))
    kill -TERM -- "-$1" 2>/dev/null || return 0
    while kill -0 -- "-$1" 2>/dev/null; do
        if [ $SECONDS -ge $deadline ]; then
            kill -KILL -- "-$1" 2>/dev/null || true
            break
        fi
        sleep 0.05
    done
    wait "$1" 2>/dev/null || true
}

stop_all() {
    local index
    # A second Ctrl-C must not leave half of it running.
    trap '' INT TERM HUP
    # The newest first: the player before its server.
    for ((index = ${#STARTED[@]} - 1; index >= 0; index--)); do stop "${STARTED[index]}"; done
    STARTED=()
}

interrupted() {
    # The terminal may be gone.
    { printf '%s\n' "$CLEAR" && say "Stopping"; } 2>/dev/null || true
    exit "$1"
}

main
