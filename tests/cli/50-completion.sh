# shellcheck shell=bash
# The scripts are made for all three shells; bash's is tried.
# shellcheck source=tests/cli/prelude.sh
. "${prelude:?tests/cli/run.sh sets it}"
for shell in bash zsh fish; do
    nix-ipfs __complete $shell > script.$shell
    [ -s script.$shell ] && echo "$shell: made"
done
# shellcheck disable=SC1091
. ./script.bash
try() {
    COMP_WORDS=("$@")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    _nix_ipfs
    printf '%s: %s\n' "$*" "${COMPREPLY[*]}"
}
try nix-ipfs ''
try nix-ipfs re
try nix-ipfs cid --mo
try nix-ipfs cid --mode ''
try nix-ipfs cid --mode = pre
try nix-ipfs cid --layout t
try nix-ipfs cid 'fi'
try nix-ipfs index ''
try nix-ipfs index b
try nix-ipfs index build --a
try nix-ipfs cat --f
try nix-ipfs pin ''
try nix-ipfs pin re
try nix-ipfs pin remote ''
try nix-ipfs pin remote l
try nix-ipfs pin rm --k
try nix-ipfs pin remote rm --s
