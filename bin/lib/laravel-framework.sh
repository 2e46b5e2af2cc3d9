# Laravel without Packagist: Debian's packages, unpacked beside each other, nothing installed, no root needed.
#
# Source this file, then call:
#
#   laravel_framework     prints the folder of the framework, fetching it on the first call
#   fetch_laravel DIR     makes DIR a Composer package `laravel/framework` (PHPUnit and Mockery included)
#   make_app DIR FW       makes DIR a Laravel application on the framework FW and this package
#
# Progress goes to stderr. The cache lies in $REVERB_CACHE (default: .cache in the repository).
# LARAVEL_SUITE names the Debian release the packages come from (default: trixie, which has Laravel 10.48).

REVERB_ROOT="${REVERB_ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
REVERB_CACHE="${REVERB_CACHE:-$REVERB_ROOT/.cache}"
LARAVEL_SUITE="${LARAVEL_SUITE:-trixie}"
LARAVEL_MIRROR="${LARAVEL_MIRROR:-http://deb.debian.org/debian}"
LARAVEL_PACKAGES=(php-laravel-framework phpunit php-mockery)
LARAVEL_RECIPE=3  # to be raised when an older cache must not be used any more

laravel_say() { printf '  %s\n' "$*" >&2; }

laravel_framework() {
    local framework="$REVERB_CACHE/laravel-$LARAVEL_SUITE-$LARAVEL_RECIPE"
    fetch_laravel "$framework" && printf '%s\n' "$framework"
}

# Runs apt-get on a private state with an empty package database, so that every dependency is resolved
# from the suite alone and the machine's own apt is neither asked nor locked.
laravel_apt() {
    local state="$1"; shift
    apt-get -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
        -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status" -o Dir::Cache="$state/cache" \
        -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o Acquire::Retries=3 \
        -o APT::Architecture=amd64 -o APT::Sandbox::User=root -o Debug::NoLocking=1 -o Dpkg::Use-Pty=0 "$@"
}

fetch_laravel() {
    local target="$1"

    mkdir -p "$(dirname "$target")"
    exec 8> "$target.lock"
    flock 8
    laravel_is_ready "$target" || laravel_fetch "$target" || { exec 8>&-; return 1; }
    exec 8>&-
}

# A cache that was moved is of no use: the files in it require one another by absolute path.
laravel_is_ready() {
    [ -f "$1/composer.json" ] && grep -qF "'$1/root/" "$1/root/usr/share/php/Illuminate/autoload.php"
}

laravel_fetch() {
    local target="$1" work="$1.partial"

    rm -rf "$work"
    mkdir -p "$work/state/lists/partial" "$work/state/cache/archives/partial" "$work/debs"
    laravel_download "$work" || return 1
    laravel_unpack "$work" "$target" || return 1
    rm -rf "$work/state" "$work/debs" "$target"
    mv "$work" "$target"
    laravel_say "Laravel $(laravel_version "$target") is ready in $target"
}

laravel_download() {
    local work="$1" state="$1/state" uris

    : > "$state/status"
    echo "deb [$(laravel_trust)] $LARAVEL_MIRROR $LARAVEL_SUITE main" > "$state/sources.list"
    laravel_say "reading Debian $LARAVEL_SUITE's package list"
    laravel_apt "$state" -qq update >&2 || return 1
    uris=$(laravel_apt "$state" install -y --no-install-recommends --print-uris "${LARAVEL_PACKAGES[@]}") || return 1
    mapfile -t debs < <(grep -oE "/(php-[a-z0-9.+-]+|phpunit[a-z0-9.+-]*)_[^/']*_all\.deb" <<< "$uris" \
        | sed -E 's#^/([^_]+)_.*#\1#' | grep -vxE 'php-(common|intl|json|mbstring|xml)' | sort -u)
    laravel_say "downloading ${#debs[@]} packages"
    (cd "$work/debs" && laravel_apt "$state" -qq download "${debs[@]}" >&2)
}

# The archive's signature is checked wherever the machine has Debian's keys.
laravel_trust() {
    local keys=/usr/share/keyrings/debian-archive-keyring.gpg

    if [ -f "$keys" ]; then echo "signed-by=$keys"; else echo trusted=yes; fi
}

laravel_unpack() {
    local work="$1" target="$2" root="$1/root" deb

    mkdir -p "$root"
    for deb in "$work"/debs/*.deb; do
        dpkg-deb -x "$deb" "$root" || return 1
    done
    rm -rf "$root/usr/share/doc" "$root/usr/share/man"

    # Debian's autoload files require one another by absolute path.
    grep -rlZ /usr/share/php "$root/usr/share/php" \
        | xargs -0 sed -i "s#/usr/share/php#$target/root/usr/share/php#g"
    # Laravel 11 and later look for their base configuration there, and Debian does not ship it there.
    ln -sfn php/Illuminate/config "$root/usr/share/config"
    laravel_manifest "$work" > "$work/composer.json"
}

laravel_version() {
    sed -nE "s/^ *const VERSION = '([^']+)';.*/\1/p" "$1/root/usr/share/php/Illuminate/Foundation/Application.php"
}

# Lists every component as replaced, and has Composer find its classes, as the framework's own package does.
# What else there is, and the functions, come with Debian's own loaders: one for each of some 90 packages.
laravel_manifest() {
    local component components="" php=root/usr/share/php

    for component in "$1"/root/usr/share/php/Illuminate/*/; do
        component=$(basename "$component" | tr '[:upper:]' '[:lower:]')
        [ "$component" = foundation ] || components+="\"illuminate/$component\": \"self.version\", "
    done

    cat <<JSON
{
    "name": "laravel/framework",
    "description": "Laravel, PHPUnit and Mockery as Debian $LARAVEL_SUITE packages them",
    "version": "$(laravel_version "$1")",
    "replace": {${components%, }, $(laravel_replace "$1")},
    "autoload": {
        "files": ["$php/Illuminate/autoload.php"],
        "psr-4": {
            "Illuminate\\\\": "$php/Illuminate/",
            "Illuminate\\\\Support\\\\": [$(laravel_support "$php/Illuminate")]
        }
    }
}
JSON
}

# The folders whose classes are in the namespace of the component Support, besides its own.
laravel_support() {
    local folder folders=""

    for folder in Macroable Collections Conditionable Reflection; do
        folders+=", \"$1/$folder/\""
    done

    printf '%s' "${folders#, }"
}

# The other packages of the folder that a composer.json may ask for, with their upstream versions.
laravel_replace() {
    local pair version replaced=""

    for pair in php-laravel-prompts=laravel/prompts php-mockery=mockery/mockery \
        phpunit=phpunit/phpunit php-symfony-console=symfony/console; do
        version=$(dpkg-deb -f "$1"/debs/"${pair%%=*}"_*.deb Version | sed -E 's/^[0-9]+://; s/^([0-9.]+).*/\1/')
        replaced+=", \"${pair#*=}\": \"$version\""
    done

    printf '%s' "${replaced#, }"
}

# Makes (or brings up to date) a Laravel application of resources/demo-app, with a class map, as Laravel's guide to
# deployment has it. PHP=/path/to/php chooses the interpreter; PHP_INI_SCAN_DIR is how the extension gets into it and
# into its children.
make_app() {
    local app="$1" framework="$2" php="${PHP:-php}" stamp

    stamp=$(laravel_app_stamp "$framework")
    mkdir -p "$app"
    cp -R --preserve=timestamps "$REVERB_ROOT/resources/demo-app/." "$app/"
    laravel_app_manifest "$app/composer.json" "$framework" "$php" || return 1

    if [ "$(cat "$app/vendor/.stamp" 2> /dev/null)" = "$stamp" ]; then
        return 0
    fi

    laravel_say "making a Laravel application in $app"
    rm -rf "$app/vendor" "$app/composer.lock" "$app/config/reverb.php" "$app"/bootstrap/cache/*.php
    laravel_install "$app" "$php" || return 1
    laravel_configure "$app" "$php" || return 1
    echo "$stamp" > "$app/vendor/.stamp"
}

laravel_app_stamp() {
    { echo "$1"; cat "$REVERB_ROOT/composer.json" "$REVERB_ROOT/resources/demo-app/composer.json" \
        "$REVERB_ROOT/php/config/reverb.php" "$1/composer.json"; } | sha256sum | cut -d' ' -f1
}

# Points composer at the two folders instead of at Packagist.
laravel_app_manifest() {
    "$3" -r '
        [, $file, $framework, $package] = $argv;
        $manifest = json_decode(file_get_contents($file), true);
        $manifest["repositories"] = [
            ["packagist.org" => false],
            ["type" => "path", "url" => $framework],
            ["type" => "path", "url" => $package, "options" => ["versions" => ["reverb-php/reverb" => "0.1.0"]]],
        ];
        file_put_contents($file, json_encode($manifest, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES)."\n");
    ' -- "$1" "$2" "$REVERB_ROOT"
}

laravel_install() {
    local app="$1" php="$2" ignore=() log="$1/storage/logs/composer.log"

    "$php" -r 'exit((int) ! extension_loaded("reverb"));' || ignore=(--ignore-platform-req=ext-reverb)
    COMPOSER_ALLOW_SUPERUSER=1 COMPOSER_ROOT_VERSION=0.1.0 "$php" "$(command -v composer)" install \
        --working-dir="$app" --no-interaction --no-progress --optimize-autoloader "${ignore[@]}" > "$log" 2>&1 || { cat "$log" >&2; return 1; }
}

# What a person does after `composer require`: an application key, Reverb's installer, the jobs table.
laravel_configure() (
    cd "$1" || exit 1
    log="storage/logs/install.log"
    [ -f .env ] || cp .env.example .env
    {
        grep -q '^APP_KEY=.' .env || "$2" artisan key:generate --no-interaction --force || exit 1
        "$2" artisan reverb:install --no-interaction || exit 1

        if "$2" -r 'exit((int) ! extension_loaded("pdo_sqlite"));'; then
            touch database/database.sqlite
            "$2" artisan migrate --force --no-interaction || exit 1
        fi
    } > "$log" 2>&1 || { cat "$log" >&2; exit 1; }
)
