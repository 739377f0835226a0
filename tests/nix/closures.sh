# shellcheck shell=bash disable=SC2154
# Closures of every kind that a Nix store holds, each as a CAR of ours and as a
# binary cache of Nix's. Sourced after tests/lib.sh; the functions but the first
# run inside nix-env.sh, in the scratch folder of the script.

# fetch_packages: the Debian packages of the kind `packages`, once, in the folder of
# dependencies. They are seven store paths, with references and self-references.
packages=(gcc-12-base libgcc-s1 libc6 zlib1g libpcre2-8-0 libcurl3-gnutls git)
fetch_packages() {
    local partial
    [ -d "$NIPFS_DEPS/debs" ] && return 0
    command -v apt-get > /dev/null || { echo 'there is no apt-get here' >&2; return 1; }
    mkdir -p "$NIPFS_DEPS" && partial=$(mktemp -d "$NIPFS_DEPS/debs-XXXXXX") || return 1
    if (cd "$partial" && apt-get -q -o APT::Sandbox::User= download "${packages[@]}") > /dev/null &&
        chmod 755 "$partial" && mv -T "$partial" "$NIPFS_DEPS/debs"; then
        return 0
    fi
    rm -rf "$partial"
    # another run may have been faster
    [ -d "$NIPFS_DEPS/debs" ]
}

# carry KIND PATH: the closure of a path, as it is now signed: KIND.car,
# cache/KIND, KIND.cid, KIND.path, and KIND.all, its paths
carry() {
    local what=()
    # else Nix takes it for its outputs
    case $2 in *.drv) what=(--derivation) ;; esac
    echo "$2" > "$1.path"
    nix-store -qR "$2" | sort > "$1.all"
    "$NIX_IPFS" add -q "$2" > "$1.cid" && "$NIX_IPFS" export "$(cat "$1.cid")" -o "$1.car" &&
        nix copy --to "file://$scratch/cache/$1?compression=none" "${what[@]}" "$2"
}

# sign NAME PATH: the closure of PATH, by the key NAME.sk
sign() { nix store sign -k "$1.sk" -r "$2"; }

make_tree() {
    mkdir -p tree/bin tree/share/empty tree/.hidden
    printf '#!/bin/sh\necho hello\n' > tree/bin/hello
    chmod 755 tree/bin/hello
    ln -s ../bin/hello tree/share/link
    seq $((400000 * SCALE)) > tree/share/numbers
    echo seen > tree/.hidden/file
}

# input_addressed KIND PATH: one that Nix built, signed by the trusted key
input_addressed() { sign trusted "$2" && carry "$1" "$2"; }

# make_closures: says on stdout which kinds there are. The keys trusted-1 and
# unknown-1 are there already.
make_closures() {
    local hello drv self
    drv=$(nix-instantiate "$top/tests/closure/closure.nix" -A hello) &&
        hello=$(nix-store --realise "$drv") || return 1
    carry drv "$drv" && echo drv || return 1

    # the same paths unsigned, then signed by one key, then by two
    carry unsigned "$hello" && ln unsigned.car unchecked.car && ln -s unsigned cache/unchecked &&
        cp unsigned.cid unchecked.cid && cp unsigned.path unchecked.path &&
        cp unsigned.all unchecked.all && echo unsigned unchecked || return 1
    sign unknown "$hello" && carry unknown "$hello" && echo unknown || return 1
    input_addressed signed "$hello" && echo signed || return 1
    if [ -d "$NIPFS_DEPS/debs" ]; then
        python3 "$top/tests/support/mkdebs.py" "$NIPFS_DEPS/debs" > debs.nix &&
            input_addressed packages "$(nix-build --no-out-link debs.nix -A git)" &&
            echo packages || return 1
    fi

    make_tree
    carry recursive "$(nix-store --add-fixed --recursive sha256 tree)" && echo recursive || return 1
    carry flat "$(nix-store --add-fixed sha256 tree/share/numbers)" && echo flat || return 1
    # shellcheck disable=SC2016
    carry text "$(nix-instantiate --eval --read-write-mode -E \
        'builtins.toFile "second" "after ${builtins.toFile "first" "1\n"}\n"' | tr -d '"')" &&
        echo text || return 1
    nix store make-content-addressed "$hello" > rewritten 2>&1
    self=$(sed -n "s/.*' to '\([^']*\)'.*/\1/p" rewritten | tail -n 1)
    carry self "$self" && echo self
}
