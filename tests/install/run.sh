#!/bin/bash
# What `make install` puts where, that a program can be built with it, and that
# `make uninstall` leaves nothing.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$top" || exit 1

dest=$scratch/dest
prefix=/opt/nix-ipfs
mk() { make --no-print-directory O="${O#"$top"/}" DESTDIR="$dest" PREFIX=$prefix "$@"; }
if ! problem=$(mk install 2>&1); then
    fail 'make install' "$problem"
    summary
    exit
fi
pass 'make install'
here=$dest$prefix

for file in bin/nix-ipfs bin/nix-ipfs-post-build-hook lib/libnixipfs.so.0 lib/libnixipfs.a lib/pkgconfig/libnixipfs.pc \
    include/nixipfs/cid.h share/man/man1/nix-ipfs.1 share/man/man1/nix-ipfs-add.1 \
    share/man/man3/libnixipfs.3 share/man/man5/nix-ipfs-dag.5 \
    share/bash-completion/completions/nix-ipfs share/zsh/site-functions/_nix-ipfs \
    share/fish/vendor_completions.d/nix-ipfs.fish; do
    if [ -f "$here/$file" ]; then pass "$file"; else fail "$file" 'is not installed'; fi
done
same 'the link for the linker' libnixipfs.so.0 "$(readlink "$here/lib/libnixipfs.so")"
same 'the name in the library' libnixipfs.so.0 \
    "$(objdump -p "$here/lib/libnixipfs.so.0" | awk '$1 == "SONAME" { print $2 }')"
same 'nothing is outside of the prefix' '' \
    "$(find "$dest" -type f -not -path "$here/*" | tr '\n' ' ')"
same 'all can be read' '' "$(find "$dest" -not -perm -444 | tr '\n' ' ')"
same 'no build folder is named' '' "$(grep -rl "$top" "$here"/lib/pkgconfig "$here"/share | tr '\n' ' ')"
exits 'the command runs' 0 "$here/bin/nix-ipfs" --version
exits 'the hook runs' 0 "$here/bin/nix-ipfs-post-build-hook" --version
exits 'the command finds the hook' 0 "$here/bin/nix-ipfs" hook --print-config
same 'where it is installed' "post-build-hook = $here/bin/nix-ipfs-post-build-hook" \
    "$(sed -n 2p <<< "$out")"

# The example of libnixipfs(3), with what pkg-config says, as the man page has it.
sed -n '/^\.Bd -literal$/,/^\.Ed/p' man/libnixipfs.3 | sed '/^\.[BE]d/d; s/\\e/\\/g' > "$scratch/example.c"
config() {
    PKG_CONFIG_PATH=$here/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dest pkg-config "$@" libnixipfs
}
mkdir "$scratch/tree"
printf '#!/bin/sh\necho hello\n' > "$scratch/tree/hello"
chmod 755 "$scratch/tree/hello"
# vector of the reference: a folder with one executable file
want=bafybeiclod3f62nyb65sjzlfl7r5jsqqnrgxcztjuxkbks5k7eijompkx4
try() {
    local name=$1
    shift
    # shellcheck disable=SC2046
    if problem=$("$@" 2>&1); then pass "$name: built"; else fail "$name: built" "$problem"; fi
    same "$name: runs" "$want" "$(LD_LIBRARY_PATH=$here/lib "$scratch/example" "$scratch/tree" 2>&1)"
}
# shellcheck disable=SC2046
{
    try 'with the shared library' gcc -Wall -Wextra -Wpedantic -Werror -o "$scratch/example" \
        "$scratch/example.c" $(config --cflags --libs)
    # of a library without a sysroot, the dependencies are those of this machine
    try 'with the static library' gcc -o "$scratch/example" "$scratch/example.c" \
        $(config --cflags) "$here/lib/libnixipfs.a" \
        $(pkg-config --libs $(config --print-requires-private)) -pthread
    try 'as C++' g++ -x c++ -std=c++11 -Wall -Wextra -Werror -o "$scratch/example" \
        "$scratch/example.c" $(config --cflags --libs)
}
same 'the version' "$("$here/bin/nix-ipfs" --version)" "nix-ipfs $(config --modversion)"

mk uninstall > "$scratch/uninstall" 2>&1 || fail 'make uninstall' "$(cat "$scratch/uninstall")"
same 'make uninstall leaves nothing' '' "$(find "$dest" -not -type d | tr '\n' ' ')"
same 'not even its own folders' '' "$(find "$dest" -type d -name '*nixipfs*' | tr '\n' ' ')"
summary
