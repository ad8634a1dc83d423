# Shared by the scripts of this folder; sourced, not run.
#
#   DEKEY        a dekey binary to measure             (default: a release build of this checkout)
#   TENANT       a folder of generated tenant files    (default: generated anew from N and SEED)
#   RUNS         how often each command is measured    (default: 3; the median is shown)
#   DEKEY_TOOLS  where the peers are installed         (default: a folder in the user's cache)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
tools=${DEKEY_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/dekey-tools}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 2
}

# Prints the header comment of the calling script as its help.
usage() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

# peer NAME PACKAGE==VERSION...: a virtual environment with exactly these packages; sets `python`.
peer() {
    local venv=$tools/$1
    shift
    # shellcheck disable=SC2034 # the caller's
    python=$venv/bin/python
    [[ -f $venv/.stamp && $(<"$venv/.stamp") == "$*" ]] && return
    printf 'installing %s into %s\n' "$*" "$venv" >&2
    mkdir -p "$tools"
    rm -rf "$venv"
    python3 -m venv "$venv" || die "python3 -m venv failed (Debian: apt-get install python3-venv)"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" || die "pip install $* failed"
    # Written last, so that an interrupted install is done again.
    printf '%s' "$*" >"$venv/.stamp"
}

# GNU time, and not a Python parent's own bookkeeping: on Linux a child starts with its parent's peak memory.
need_time() {
    [[ -x /usr/bin/time ]] && return
    if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
        die "GNU time is missing (Debian: apt-get install time)"
    fi
    { apt-get update -qq && apt-get install -y -qq time; } >&2 || die "apt-get install time failed"
}

target_folder() {
    cargo metadata --manifest-path "$root/Cargo.toml" --format-version 1 --no-deps |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])'
}

# Sets `dekey`, building it when none was given.
need_dekey() {
    dekey=${DEKEY:-}
    if [[ -z $dekey ]]; then
        cargo build --manifest-path "$root/Cargo.toml" --release --quiet --bin dekey || die "dekey does not build"
        dekey=$(target_folder)/release/dekey
    fi
    [[ -x $dekey ]] || die "no dekey at $dekey"
}

# need_tenant N SEED: sets `tenant`. Always generated anew: the generator may have changed since, and is quick.
need_tenant() {
    tenant=${TENANT:-}
    if [[ -n $tenant ]]; then
        printf 'Tenant: %s\n' "$tenant"
        return
    fi
    printf 'Tenant: %s workspaces, seed %s\n' "$1" "$2"
    tenant=$(target_folder)/bench/tenant-$1-$2
    rm -rf "$tenant"
    mkdir -p "$tenant"
    (cd "$root" && cargo xtask tenant "$1" --seed "$2" --out "$tenant" >&2) || die "the tenant generator failed"
}
