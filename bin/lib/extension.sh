# The extension: built by cargo, copied to .demo/ext, and loaded by the command .demo/php.
# Needs common.sh and machine.sh.

# Builds the release library as Makefile.frag does, and leaves .demo/ext/reverb.so, .demo/ext/reverb.ini and .demo/php behind.
build_extension() {
    local library

    need_cargo
    need_php_headers
    library="$(cargo_target)/release/libreverb.so"

    if ! cargo_is_fresh "$library"; then
        say "Building the extension with $(cargo --version) for PHP $PHP_VERSION_SHORT (minutes the first time)"
        (cd "$REVERB_ROOT" && cargo rustc --release --locked --lib --crate-type cdylib < /dev/null) || fail "cargo could not build the extension"
    fi

    install_extension "$library" "$REVERB_DEMO"
}

cargo_target() {
    printf '%s' "${CARGO_TARGET_DIR:-$REVERB_ROOT/target}"
}

# Whether the library is newer than everything it is made from.
cargo_is_fresh() {
    [ -f "$1" ] && [ -z "$(find "$REVERB_ROOT"/src "$REVERB_ROOT"/Cargo.toml "$REVERB_ROOT"/Cargo.lock \
        "$REVERB_ROOT"/build.rs -newer "$1" -print -quit 2> /dev/null)" ]
}

# Copies a library beside an ini file that loads it, and writes the PHP command that reads this ini file.
install_extension() {
    local library="$1" folder="$2"

    mkdir -p "$folder/ext"

    if ! cmp -s "$library" "$folder/ext/reverb.so"; then
        # A new file, never the old one overwritten: a running server may have that mapped.
        cp "$library" "$folder/ext/reverb.so.new"
        mv -f "$folder/ext/reverb.so.new" "$folder/ext/reverb.so"
    fi

    printf 'extension="%s/ext/reverb.so"\n' "$folder" > "$folder/ext/reverb.ini"
    write_php_command "$folder"
    "$folder/php" -r 'exit(extension_loaded("reverb") ? 0 : 1);' || fail "the extension was built, but PHP does not load it"
}

# An environment variable and not `-d extension=`, so that the PHP processes it starts have the extension too.
write_php_command() {
    cat > "$1/php.new" <<SCRIPT
#!/bin/sh
# PHP with the reverb extension, for itself and for every PHP it starts.
export PHP_INI_SCAN_DIR="\${PHP_INI_SCAN_DIR:-}:$1/ext"
exec "$PHP" "\$@"
SCRIPT
    chmod +x "$1/php.new"
    mv -f "$1/php.new" "$1/php"
}
