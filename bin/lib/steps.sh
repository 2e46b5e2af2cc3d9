# The steps of bin/test: for each a line in the table and a function, which runs in a process of its own with `set -e`.
# Needs common.sh, machine.sh, extension.sh and chroot.sh.

# name, minutes at most, which only what hangs should reach, title
steps=(
    'format     5  cargo fmt, and the syntax of every script'
    'clippy    25  lints of the layers without PHP, and of all of them'
    'rust      30  Rust tests of the layers below the binding, without PHP'
    'autobahn  45  the Autobahn test suite against the WebSocket code, compression included'
    'extension 30  the release build of the extension'
    'phpt      20  the extension itself'
    'stubs     10  stubs/ against reflection, and the examples of stubs/ and README.md'
    'unit      10  the Composer package with a fake server'
    'laravel   30  the Composer package in a real Laravel'
    'clients   20  stock pusher-js, Laravel Echo and the SDKs for Node.js and Python against the extension'
    'chaos     20  servers on one Redis: a storm of faults, an outage of a minute, and a network that is cut, in the eyes of pusher-js'
    'e2e       30  pusher-js and Laravel Echo against php-fpm, Apache, artisan serve, queue worker and command line'
    'fixture   20  an application written for Laravel Reverb, unchanged, with stock clients'
    'production 20  nginx, Supervisor and systemd around the server, as the README shows them'
    'demo      20  bin/demo --check: two tabs of a headless Chromium'
    'php84     60  PHP 8.4 and Laravel 13, in a Debian 13 of its own'
    'valkey    40  many servers on one Redis 8, and on one Valkey, both from that Debian 13'
    'pecl      40  phpize, configure, make, make test and make install on a copy'
)

step_format() {
    need_cargo
    need_rust_component rustfmt
    need_php
    need_node
    cargo fmt --check
    git ls-files -z '*.php' | xargs -0 -r -n1 "$PHP" -l | grep -v '^No syntax errors' && return 1
    git ls-files -z '*.mjs' 'resources/*.js' | xargs -0 -r -n1 sh -c 'node --input-type=module --check < "$0"'
    git grep -lzE '^#!(/usr/bin/env bash|/bin/sh)' -- ':!*.md' | xargs -0 -r -n1 bash -n
    git ls-files -z 'bin/lib/*.sh' | xargs -0 -r -n1 bash -n
}

step_clippy() {
    need_cargo
    need_rust_component clippy
    need_php_headers
    cargo clippy --locked --no-default-features --all-targets -- -D warnings
    cargo clippy --locked --all-targets -- -D warnings
}

# Servers that share one Redis are tested with real ones, and TLS with real certificates.
step_rust() {
    need_cargo
    need_apt redis-server redis-tools openssl
    cargo test --locked --no-default-features --no-fail-fast
}

step_autobahn() {
    tests/autobahn/run
}

step_extension() {
    build_extension
    "$REVERB_DEMO/php" --ri reverb
}

step_phpt() {
    build_extension
    TEST_PHP_EXECUTABLE="$PHP" NO_INTERACTION=1 REPORT_EXIT_STATUS=1 \
        "$PHP" -n "$("$PHP_CONFIG" --extension-dir)/build/run-tests.php" -n -q --show-diff \
        -d extension="$REVERB_DEMO/ext/reverb.so" phpt
}

step_stubs() {
    build_extension
    PHP="$REVERB_DEMO/php" tests/stubs/run
}

step_unit() {
    need_php
    tests/unit-php/run
}

step_laravel() {
    build_extension
    PHP="$REVERB_DEMO/php" tests/laravel/run
}

step_clients() {
    tests/clients/run
}

# The split needs root, for a network namespace.
step_chaos() {
    need_apt redis-server iproute2
    tests/clients/run chaos/chaos.test.mjs chaos/outage.test.mjs chaos/split.test.mjs
}

step_e2e() {
    tests/e2e/run
}

step_fixture() {
    tests/fixture/run
}

step_production() {
    tests/production/run
}

step_demo() {
    bin/demo --check
}

# The extension is built anew there, in a target folder of its own: a newer libc's build cannot be mixed with this one's.
# Laravel 13 comes from Debian sid. The inner run's last line is the only one that is counted.
step_php84() {
    local demo="$REVERB_DEMO/php84"

    need_chroot
    need_cargo
    cargo fetch --locked
    make_chroot trixie
    in_chroot "$(chroot_folder trixie)" env REVERB_DEMO="$demo" CARGO_TARGET_DIR="$demo/target" LARAVEL_SUITE=sid \
        bin/test extension phpt stubs unit laravel fixture
}

# The tests run here, as step_rust has built them; the servers' programs are those of the other Debian.
step_valkey() {
    local folder program status=0

    need_chroot
    need_cargo
    need_apt redis-tools openssl
    make_chroot trixie
    folder=$(chroot_folder trixie)
    in_chroot "$folder" bash -c '. bin/lib/common.sh; . bin/lib/machine.sh; need_apt redis-server valkey-server'

    for program in redis-server valkey-server; do
        make_launcher "$folder" "$program" "$REVERB_DEMO/launchers/$program"
        "$REVERB_DEMO/launchers/$program" --version
        REVERB_TEST_REDIS="$REVERB_DEMO/launchers/$program" \
            cargo test --locked --no-default-features --test cluster || status=1
    done

    return "$status"
}

# On a copy of what is committed, because `make clean` and `phpize --clean` delete more than they made.
# The copy shares cargo's target folder, so that only the crate itself is built again.
step_pecl() {
    local copy root
    need_cargo
    need_php_headers
    need_apt make
    copy=$(mktemp -d)
    root="$copy.root"
    # shellcheck disable=SC2064 # the paths as they are now: the variables are gone by then
    trap "rm -rf '$copy' '$root'" EXIT
    git archive HEAD | tar -x -C "$copy"
    mkdir -p "$(cargo_target)"
    ln -s "$(cargo_target)" "$copy/target"
    cd "$copy"

    "phpize$PHP_VERSION_SHORT"
    ./configure --with-php-config="$PHP_CONFIG"
    make
    make test NO_INTERACTION=1 REPORT_EXIT_STATUS=1 TESTS="-q --show-diff phpt"
    make install INSTALL_ROOT="$root"
    "$PHP" -n -d extension="$root$("$PHP_CONFIG" --extension-dir)/reverb.so" --ri reverb
}

need_rust_component() {
    cargo "${1#rust}" --version > /dev/null 2>&1 && return 0
    say "Adding $1 to the Rust toolchain"
    quietly rustup component add "$1" || fail "this needs $1; install it beside cargo"
}
