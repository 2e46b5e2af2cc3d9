# Another Debian release beside this one, for a PHP that this one does not have: debootstrap, chroot, and a mount
# namespace of its own for every command, so that no mount outlives it and no `rm -rf` reaches anything through one.
# Needs common.sh and machine.sh.
#
#   need_chroot                   ends the step where this machine cannot do it, and says why
#   make_chroot SUITE             makes $REVERB_CACHE/debian-SUITE-…, unless it is there
#   chroot_folder SUITE           prints where that is
#   make_launcher FOLDER PROGRAM FILE  makes a script that runs a program of it outside of it, with its own libraries
#   in_chroot FOLDER COMMAND...   runs a command in it, in the repository, which has the same path there
#
# The repository and $REVERB_CACHE are the machine's own; Rust and the crates too, read-only; /tmp is empty.

CHROOT_MIRROR="${CHROOT_MIRROR:-http://deb.debian.org/debian}"
CHROOT_RECIPE=1  # to be raised when an older cache must not be used any more, as when it needs further packages

chroot_folder() { printf '%s' "$REVERB_CACHE/debian-$1-$CHROOT_RECIPE"; }

need_chroot() {
    [ "$(id -u)" = 0 ] || fail "this makes another Debian and changes into it, which only root may: run bin/test as root"
    need_apt debootstrap
    unshare --mount --pid --fork --propagation private true 2> /dev/null \
        || fail "the kernel lets this machine make no namespaces for mounts and processes; a container needs --privileged"
}

# Made under another name and then renamed: what was interrupted is begun again.
make_chroot() (
    suite="$1"
    folder=$(chroot_folder "$suite")
    partial="$folder.partial"

    mkdir -p "$REVERB_CACHE"
    exec 9> "$folder.lock"
    flock 9
    [ ! -d "$folder" ] || exit 0

    say "Making a Debian $suite in $folder (some 1.3 GB)"
    rm -rf "$partial"
    quietly debootstrap --variant=minbase "$suite" "$partial" "$CHROOT_MIRROR" 9>&- \
        || fail "debootstrap could not make a Debian $suite from $CHROOT_MIRROR; its last lines are above"
    in_chroot "$partial" bash -c '. bin/lib/common.sh; . bin/lib/machine.sh; need_php_headers; apt-get clean' 9>&- \
        || fail "the packages for the tests could not be installed in the Debian $suite; see above"
    mv "$partial" "$folder"
)

make_launcher() {
    local folder="$1" program="$2" file="$3" loader libraries

    loader=$(compgen -G "$folder/lib*/ld-linux*.so.*" | head -n 1)
    libraries=$(compgen -G "$folder/usr/lib/*-linux-gnu*" | paste -sd :)
    mkdir -p "$(dirname "$file")"
    printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' \
        "$loader" "$libraries" "$folder/usr/bin/$program" > "$file"
    chmod +x "$file"
}

in_chroot() {
    local root="$1" toolchain cargo_home="${CARGO_HOME:-$HOME/.cargo}"

    toolchain=$(rustc --print sysroot) || fail "rustc does not say where its toolchain is"
    [ "$toolchain" != /usr ] \
        || fail "the Rust toolchain must be in a folder of its own, as rustup's are, to be seen in another Debian"

    unshare --mount --pid --fork --kill-child --propagation private \
        bash -euc "$chroot_program" bash "$root" "$toolchain" "$cargo_home" "${@:2}"
}

# Runs in the new namespaces. Arguments: root, toolchain, cargo's home, then the command.
# shellcheck disable=SC2016 # its variables are its own
chroot_program='
    root="$1" toolchain="$2" cargo_home="$3"
    shift 3

    bind() { mkdir -p "$root$2" && mount --bind "$1" "$root$2"; }
    bind_read_only() { bind "$1" "$2" && mount -o remount,bind,ro "$root$2"; }

    # A mount of its own, so that whatever runs in it can make namespaces in turn.
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/tmp"
    bind_read_only "$toolchain" /opt/rust
    bind_read_only "$cargo_home" /opt/cargo
    bind "$REVERB_CACHE" "$REVERB_CACHE"
    bind "$REVERB_ROOT" "$REVERB_ROOT"
    mkdir -p "$REVERB_DEMO" && bind "$REVERB_DEMO" "$REVERB_DEMO"
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"

    proxies=()
    for name in http_proxy https_proxy no_proxy; do
        [ -z "${!name:-}" ] || proxies+=("$name=${!name}")
    done

    exec chroot "$root" env -i --chdir="$REVERB_ROOT" "${proxies[@]}" HOME=/root LANG=C.UTF-8 \
        PATH=/opt/rust/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        CARGO_HOME=/opt/cargo CARGO_NET_OFFLINE=true \
        REVERB_ROOT="$REVERB_ROOT" REVERB_CACHE="$REVERB_CACHE" REVERB_DEMO="$REVERB_DEMO" "$@"
'
