# Programs a command starts, and their end. Each runs in a process group of its own, so that whatever it
# starts ends with it. Needs common.sh.

started_names=()
started_groups=()

# start NAME LOG COMMAND...   starts a program in the background; its process id is then in $started
start() {
    local name="$1" log="$2"
    shift 2

    setsid "$@" > "$log" 2>&1 < /dev/null &
    started=$!
    started_names+=("$name")
    started_groups+=("$started")
}

stop_all() {
    local group

    trap '' INT TERM

    for group in "${started_groups[@]}"; do
        kill -TERM -- "-$group" 2> /dev/null || true
    done

    for group in "${started_groups[@]}"; do
        await_end "$group" 80 || kill -KILL -- "-$group" 2> /dev/null || true
    done

    started_groups=()
}

# Waits for the end of a process group, asking every tenth of a second, so many times.
await_end() {
    local group="$1" times="$2"

    while kill -0 -- "-$group" 2> /dev/null; do
        [ "$times" -gt 0 ] || return 1
        times=$((times - 1))
        sleep 0.1
    done
}

# Waits until a port answers, for at most so many seconds, or until the program that should answer has ended.
await_port() {
    local port="$1" program="$2" end=$((SECONDS + $3))

    until port_answers "$port"; do
        kill -0 "$program" 2> /dev/null || return 1
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.05
    done
}

port_answers() {
    (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null
}

require_free_port() {
    local port="$1" option="$2"

    case "$port" in
        '' | *[!0-9]*) fail "$option must be a number from 1 to 65535, not '$port'" ;;
    esac
    [ "$port" -ge 1 ] && [ "$port" -le 65535 ] || fail "$option must be a number from 1 to 65535, not '$port'"
    ! port_answers "$port" || fail "port $port is in use; stop the program that uses it, or choose another with $option"
}
