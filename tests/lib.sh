# shellcheck shell=bash
# Functions that several suites share. A suite sources this file first:
#     . "$(dirname "$0")/../lib.sh"
# It sets `root` (of the repository), `CACHE` (what tests/harness builds), `suite` (its name in messages, which
# is its path below tests/) and the counters. A suite that runs cases sets `scratch`, a directory of its own,
# and `names`, the regular expression that selects cases.

root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
CACHE=$(realpath -m "${CACHE:-$root/.cache}")
export CACHE
suite=$(realpath "$(dirname "$0")")
suite=${suite#"$root/tests/"}
names='' passed=0 failed=0 skipped=0

# What a suite needs

# STATUS PROBLEM: returns if STATUS is 0. At 77 the suite is skipped because of PROBLEM, or fails if CI=true;
# at any other status it fails.
require() {
    case $1 in
    0) return ;;
    77)
        [ "${CI:-}" != true ] || { echo "$suite: failed: $2, and CI=true requires it" >&2; exit 1; }
        echo "$suite: skipped: $2"
        exit 0
        ;;
    esac
    exit 1
}

# NAME...: builds these programs (tests/harness/tools) into $CACHE/bin.
require_tools() {
    local status=0
    "$root/tests/harness/tools" "$CACHE" "$@" || status=$?
    require $status "the tools cannot be built"
}

# Installs the packages for tests in Python, and sets `python`, their interpreter.
require_python() {
    local status=0
    python=$("$root/tests/harness/python") || status=$?
    require $status "the Python packages cannot be installed"
}

# COMMAND...: the suite fails unless all are in PATH.
require_commands() {
    local command
    for command; do
        command -v "$command" >/dev/null || { echo "$suite: $command not found: run make deps" >&2; exit 1; }
    done
}

# full|api-server: starts a control plane, or its API server alone, without the caller's clusters and preferences.
# The suite ends it with `stop_cluster`.
start_cluster() {
    local flags=()
    [ "$1" != full ] || flags=(--full)
    export KUBECONFIG=$scratch/cluster/kubeconfig KUBECACHEDIR=$scratch/kubectl KUBERC=off
    # Retried once, because another process may take a port between choosing it and listening.
    "$root/tests/harness/cluster" up "$scratch/cluster" 0 "${flags[@]}" ||
        "$root/tests/harness/cluster" up "$scratch/cluster" 0 "${flags[@]}" || exit 1
}

stop_cluster() { "$root/tests/harness/cluster" down "$scratch/cluster"; }

# Counting

# Called by count_case with the name of the case, in the suite's directory. A suite may define it anew.
prepare_case() { :; }

# NAME FUNCTION [ARGUMENT...]: runs a case in the empty directory $scratch/case, unless `names` excludes it. Its
# exit status is 0 if it passed and 77 if it is skipped. If it failed, its output is printed.
count_case() {
    local name=$1 status
    shift
    [[ $name =~ $names ]] || return 0
    rm -rf "$scratch/case"
    mkdir "$scratch/case"
    prepare_case "$name"
    cd "$scratch/case" || exit 1
    ("$@") >"$scratch/report" 2>&1
    status=$?
    [ -z "${V:-}" ] || echo "$suite: $name, until second $SECONDS"
    case $status in
    0) passed=$((passed + 1)) ;;
    77)
        skipped=$((skipped + 1))
        echo "$suite: $name: skipped"
        ;;
    *)
        failed=$((failed + 1))
        echo "$suite: $name failed"
        sed 's/^/    /' "$scratch/report"
        ;;
    esac
}

# COMMAND NAME FUNCTION [ARGUMENT...]: as count_case, but the case is skipped if COMMAND is not in PATH.
count_with() {
    if command -v "$1" >/dev/null; then count_case "${@:2}"; else skip "$2" "$1"; fi
}

# NAME WHAT: counts a case as skipped because WHAT was not found, or as failed if CI=true.
skip() {
    [[ $1 =~ $names ]] || return 0
    if [ "${CI:-}" = true ]; then
        failed=$((failed + 1))
        echo "$suite: $1 failed: $2 not found, and CI=true requires it"
    else
        skipped=$((skipped + 1))
        echo "$suite: $1: skipped: $2 not found"
    fi
}

# NAME PROBLEM: counts a test, which failed if PROBLEM is not empty.
count() {
    if [ -z "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$suite: $1: $2"
    fi
}

# The last command of a suite: prints the number of its results, and fails if a case failed or none passed.
finish() {
    local also=""
    [ "$skipped" -eq 0 ] || also=", $skipped skipped"
    echo "$suite: $passed passed, $failed failed$also"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

# What cases do

# FILE: prints a file, without the middle of a long one: an error is usually at an end.
ends_of() { awk '{ line[NR] = $0 } END { for (i = 1; i <= NR; i++) if (i <= 20 || i > NR - 40) print line[i]; else if (i == 21) print "[...]" }' "$1"; }

# MESSAGE...: ends the case, which failed. Prints the last output of a command too, if it is in `out` and `err`.
fail() {
    local file
    printf '%s\n' "$*"
    for file in out err; do
        [ ! -s "$file" ] || ends_of "$file" | sed "s/^/  std$file: /"
    done
    exit 1
}

# FILE TEXT...: the file contains each text.
contains() {
    local file=$1 text
    shift
    for text in "$@"; do
        grep -qF -e "$text" "$file" || { echo "\"$text\" is missing in $file:"; cat "$file"; return 1; }
    done
}

# PATH: creates a program, which is stdin.
program() { cat >"$1" && chmod +x "$1"; }

# SECONDS COMMAND...: repeats the command until it succeeds.
await() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || { echo "timeout: $*"; return 1; }
        sleep 0.1
    done
}

# PID: the process has ended.
has_ended() {
    local line
    # A zombie has no command line.
    line=$(tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline")
    [ -z "$line" ] || { echo "process still running: $line"; return 1; }
}

# MAJOR ARGUMENT...: runs this version of Helm with directories of its own.
helm() {
    local home=$scratch/helm$1 major=$1
    shift
    HELM_DATA_HOME=$home/data HELM_CONFIG_HOME=$home/config HELM_CACHE_HOME=$home/cache "helm$major" "$@"
}
