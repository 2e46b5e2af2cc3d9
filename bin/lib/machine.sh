# What must be on the machine: Debian's packages, a Rust toolchain, Node.js, PHP.
# Each function says what it is about to install, and does nothing where it is already there.

need_apt() {
    local missing=() package

    for package in "$@"; do
        has_package "$package" || missing+=("$package")
    done

    [ "${#missing[@]}" -gt 0 ] || return 0

    command -v apt-get > /dev/null \
        || fail "this machine has no apt-get; install the equivalent of ${missing[*]} yourself and run this again"

    say "Installing Debian packages: ${missing[*]}"
    refresh_apt
    DEBIAN_FRONTEND=noninteractive quietly as_root apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 \
        install -y --no-install-recommends "${missing[@]}" < /dev/null \
        || fail "apt-get could not install ${missing[*]}; its last lines are above"
}

has_package() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2> /dev/null)" = installed ]
}

# Reads the package lists once per command; one unreachable extra source must not stop Debian's own.
refresh_apt() {
    [ -z "${apt_is_fresh:-}" ] || return 0
    apt_is_fresh=yes

    quietly as_root apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -qq update < /dev/null \
        || note "apt-get update reported a problem; going on with the lists it has"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo > /dev/null; then
        sudo --preserve-env=DEBIAN_FRONTEND "$@"
    else
        fail "installing packages needs root, and there is no sudo; as root run: $*"
    fi
}

# The PHP to build for and to run: $PHP, else Debian's, always as the absolute path that php-config also gives,
# because ext-php-rs rebuilds when it is spelled differently and refuses a relative PHP_CONFIG.
need_php() {
    if [ -z "${PHP:-}" ] && ! command -v php > /dev/null; then
        need_apt php-cli
    fi

    PHP=$(readlink -f "$(command -v "${PHP:-php}")") || fail "PHP is set to a command that does not exist"
    PHP_VERSION_SHORT=$("$PHP" -n -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')
    need_apt "php$PHP_VERSION_SHORT-cli" "php$PHP_VERSION_SHORT-mbstring" "php$PHP_VERSION_SHORT-xml" \
        "php$PHP_VERSION_SHORT-sqlite3" composer unzip
    export PHP PHP_VERSION_SHORT
}

need_php_headers() {
    need_php
    need_apt "php$PHP_VERSION_SHORT-dev" libclang-dev gcc
    PHP_CONFIG=$(command -v "php-config$PHP_VERSION_SHORT") || fail "php-config$PHP_VERSION_SHORT is not on this machine"
    export PHP_CONFIG
}

# A cargo that is as new as Cargo.toml asks for. Debian 12's own is too old, so the fallback is rustup.
need_cargo() {
    local wanted
    wanted=$(sed -nE 's/^rust-version = "([^"]+)"/\1/p' "$REVERB_ROOT/Cargo.toml")

    [ -d "$HOME/.cargo/bin" ] && PATH=$(path_with "$HOME/.cargo/bin")
    export PATH

    if cargo_is_at_least "$wanted"; then
        return 0
    fi

    need_apt ca-certificates curl gcc libc6-dev
    install_rust
    PATH=$(path_with "$HOME/.cargo/bin")
    export PATH
    cargo_is_at_least "$wanted" || fail "this needs cargo $wanted or newer; install it from https://rustup.rs and run this again"
}

cargo_is_at_least() {
    local present
    present=$(cargo --version 2> /dev/null | awk '{ print $2 }') || return 1
    [ -n "$present" ] && [ "$(printf '%s\n%s\n' "$1" "$present" | sort -V | head -n 1)" = "$1" ]
}

install_rust() {
    if command -v rustup > /dev/null; then
        say "Installing the stable Rust toolchain with rustup, in $HOME/.rustup"
        quietly rustup toolchain install stable --profile default && quietly rustup default stable
        return
    fi

    local script
    script=$(mktemp)
    say "Installing Rust's stable toolchain with rustup, in $HOME/.cargo and $HOME/.rustup"
    curl --proto '=https' --tlsv1.2 -fsSL https://sh.rustup.rs -o "$script" \
        || fail "https://sh.rustup.rs is unreachable; install cargo by other means and run this again"
    quietly sh "$script" -y --no-modify-path --profile default \
        || fail "rustup's installer failed; its last lines are above"
    rm -f "$script"
}

# Puts a folder first in PATH once: cargo rebuilds what depends on PATH whenever it changes.
path_with() {
    case ":$PATH:" in
        *":$1:"*) printf '%s' "$PATH" ;;
        *) printf '%s' "$1:$PATH" ;;
    esac
}

need_node() {
    local major packages=()
    major=$(node -p 'process.versions.node.split(".")[0]' 2> /dev/null) || major=0

    [ "$major" -ge 18 ] || packages+=(nodejs)
    command -v npm > /dev/null || packages+=(npm)
    need_apt "${packages[@]}"
}

# Python with what makes virtual environments; Debian's lacks it.
need_python() {
    python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 9))' 2> /dev/null || need_apt python3 python3-venv
}

need_chromium() {
    [ -x /usr/bin/chromium ] || need_apt chromium
}

# Installs the packages of a folder's package-lock.json, unless that very lock file has been installed there.
npm_install() {
    local folder="$1" stamp="$1/node_modules/.reverb-lock"

    cmp -s "$folder/package-lock.json" "$stamp" && return 0

    say "Fetching npm packages for ${folder#"$REVERB_ROOT"/}"
    (cd "$folder" && npm_config_cache="$REVERB_CACHE/npm" quietly npm ci --ignore-scripts --no-audit --no-fund --prefer-offline < /dev/null) \
        || fail "npm could not install the packages of $folder"
    cp "$folder/package-lock.json" "$stamp"
}

# python_install FOLDER ENVIRONMENT   installs the folder's requirements.txt, unless that very file has been installed there
python_install() {
    local folder="$1" environment="$2"

    cmp -s "$folder/requirements.txt" "$environment/requirements.txt" && return 0

    need_python
    say "Fetching Python packages for ${folder#"$REVERB_ROOT"/}"
    quietly python3 -m venv --clear "$environment" || fail "python3 could not make a virtual environment in $environment"
    quietly "$environment/bin/pip" install --disable-pip-version-check --cache-dir "$REVERB_CACHE/pip" \
        --no-deps -r "$folder/requirements.txt" < /dev/null || fail "pip could not install the packages of $folder"
    cp "$folder/requirements.txt" "$environment/requirements.txt"
}
