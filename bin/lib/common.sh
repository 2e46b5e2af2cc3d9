# What every command in bin/ begins with: where things are, and how to speak.
#
# REVERB_ROOT   the repository
# REVERB_DEMO   what the commands build and make (default: .demo in the repository, which git ignores)
# REVERB_CACHE  what may be fetched once and kept, such as npm's packages and Laravel's

REVERB_ROOT="${REVERB_ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
REVERB_DEMO="${REVERB_DEMO:-$REVERB_ROOT/.demo}"
REVERB_CACHE="${REVERB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/reverb-php}"
export REVERB_ROOT REVERB_DEMO REVERB_CACHE

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
    bold='' dim='' red='' green='' plain=''
fi

say() { printf '%s==>%s %s\n' "$bold" "$plain" "$*"; }

note() { printf '    %s%s%s\n' "$dim" "$*" "$plain"; }

# Ends the command with one line that names the cause and, where there is one, the remedy.
fail() {
    printf '%serror:%s %s\n' "$red" "$plain" "$*" >&2
    exit 1
}

# Runs a command that is only worth reading when it fails: its output goes to a file, whose end is shown then.
quietly() {
    local log
    log=$(mktemp)

    if "$@" > "$log" 2>&1; then
        rm -f "$log"
        return 0
    fi

    tail -n 40 "$log" >&2
    rm -f "$log"
    return 1
}
