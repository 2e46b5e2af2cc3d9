# Steps with a heading, a time limit and a result, and what their test runners counted.
# Needs common.sh; the program that sources this runs one step when it is called as `$0 --run NAME`.

total_passed=0
total_failed=0
failed_steps=()
failures=()

# run_step NAME MINUTES TITLE   goes on after a failure; the output is shown as it comes, and kept
run_step() {
    local name="$1" minutes="$2" title="$3" log="$REVERB_DEMO/log/test/$1.log" began=$SECONDS status=0

    mkdir -p "${log%/*}"
    printf '\n%s── %s: %s%s %s(at most %s min)%s\n' "$bold" "$name" "$title" "$plain" "$dim" "$minutes" "$plain"
    timeout --kill-after=20 "${minutes}m" "$0" --run "$name" < /dev/null 2>&1 | tee "$log" | sed -u 's/^/  /'
    status=${PIPESTATUS[0]}
    add_result "$name" "$status" $((SECONDS - began)) "$log"
}

add_result() {
    local name="$1" status="$2" seconds="$3" log="$4" passed failed verdict="${green}passed${plain}"

    read -r passed failed < <(count_tests "$log")

    # A step without tests of its own is one check.
    [ $((passed + failed)) -gt 0 ] || { [ "$status" = 0 ] && passed=1; }
    [ "$status" = 0 ] || [ "$failed" -gt 0 ] || failed=1
    [ "$status" != 124 ] || printf '  %s ran into its time limit\n' "$name"

    if [ "$status" != 0 ] || [ "$failed" -gt 0 ]; then
        failed_steps+=("$name")
        mapfile -t -O "${#failures[@]}" failures < <(failed_tests "$log" | sed "s/^/$name: /")
        verdict="${red}FAILED${plain}"
    fi

    total_passed=$((total_passed + passed))
    total_failed=$((total_failed + failed))
    printf '%s── %s%s %s in %s s (passed: %s, failed: %s)\n' "$bold" "$name" "$plain" "$verdict" "$seconds" "$passed" "$failed"
}

# Prints the passed and the failed tests of a log. A plain `N passed, N failed` line is a runner's own summary;
# without one the summaries of cargo, PHPUnit, run-tests.php, Node and Python's unittest are added up.
count_tests() {
    sed -E 's/\x1b\[[0-9;]*m//g' "$1" | awk '
        /^[0-9]+ passed, [0-9]+ failed$/ { plain = 1; own_passed += $1; own_failed += $3 }
        /^test result: / { passed += $4; failed += $6 }
        /^OK \([0-9]+ tests?,/ { sub(/\(/, "", $2); passed += $2 }
        /^Tests: [0-9]+, Assertions:/ {
            bad = 0
            for (i = 1; i < NF; i++) if ($i ~ /^(Errors|Failures|Skipped|Incomplete):$/) bad += $(i + 1)
            passed += $2 - bad; failed += bad
        }
        /^Tests passed +:/ { passed += $4 }
        /^Tests failed +:/ { failed += $4 }
        /^(#|ℹ) pass [0-9]+$/ { passed += $3 }
        /^(#|ℹ) fail [0-9]+$/ { failed += $3 }
        /^Ran [0-9]+ tests? in / { ran = $2 }
        /^OK$/ { passed += ran; ran = 0 }
        /^FAILED \((failures|errors|skipped)=/ {
            bad = 0
            count = split($0, parts, /[=,)]/)
            for (i = 2; i <= count; i += 2) bad += parts[i]
            failed += bad; passed += ran > bad ? ran - bad : 0; ran = 0
        }
        END { if (plain) print own_passed, own_failed; else print passed + 0, failed + 0 }
    '
}

# Prints the names of a log's failed tests, 20 at the most, as their runners show them; those of an inner run of bin/test
# as that has printed them at its end. Where no test failed by name, it is the last lines that tell what happened.
failed_tests() {
    sed -E 's/\x1b\[[0-9;]*m//g; s/.*\r//' "$1" | awk '
        function found(name) { if (!(name in seen)) { seen[name] = 1; names[++count] = name } }
        /^failed: / { found(substr($0, 9)); next }
        /^test .+ \.\.\. FAILED$/ { sub(/^test /, ""); sub(/ \.\.\. FAILED$/, ""); found($0) }
        /^[0-9]+\) / { sub(/^[0-9]+\) /, ""); found($0) }
        /^[A-Z&]+ .*\[[^\]]+\.phpt\]/ && !/^(PASS|SKIP) / { gsub(/^.*\[|\].*$/, ""); found($0); next }
        /^ *✖ .+ \([0-9.]+ms\)/ { sub(/^ *✖ /, ""); sub(/ \([0-9.]+ms\).*$/, ""); found($0) }
        /^(FAIL|ERROR): / { sub(/^[A-Z]+: /, ""); found($0) }
        /^ *✗ / { sub(/^ *✗ /, ""); found($0) }
        /^(case [0-9.]+|[^ ]+\.(php|md):[0-9]+): / { found($0) }
        /^error(\[E[0-9]+\])?: / { found($0) }
        /[^ ]/ { last[++lines] = $0 }
        END {
            if (!count) for (i = lines > 3 ? lines - 2 : 1; i <= lines; i++) found(last[i])
            for (i = 1; i <= count && i <= 20; i++) print names[i]
            if (count > 20) print "and " count - 20 " more"
        }
    '
}

# Ends with what failed, and then the one line that says everything.
summarise() {
    printf '\n'
    [ "${#failures[@]}" = 0 ] || printf 'failed: %s\n' "${failures[@]}"
    [ "${#failed_steps[@]}" = 0 ] || printf 'failed steps: %s (again: bin/test %s)\n' "${failed_steps[*]}" "${failed_steps[*]}"
    printf '%s passed, %s failed\n' "$total_passed" "$total_failed"
    [ "$total_failed" = 0 ]
}
