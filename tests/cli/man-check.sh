#!/bin/bash
# The table of options, --help and the man pages say the same: every command has
# a page with its description and exactly its options, and there is no other page.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$top" || exit 1

"$NIX_IPFS" __table > "$scratch/table" || fail '__table'
shared='--help --version --quiet --verbose --json --store --via --null --from --api --gateway --timeout'

# The options of a page as "--name -letter METAVAR", from lines such as
#   .It Fl s , Fl -chunker Ar CHUNKER
# With a second argument only those of that subsection.
page_options() {
    awk -v section="${2:-}" '
        /^\.S[sh] / { here = $0; sub(/^\.S[sh] /, "", here) }
        /^\.It Fl / && (section == "" || here == section) {
            letter = name = metavar = ""
            for (i = 2; i <= NF; i++) {
                if ($i == "Fl") { i++; if ($i ~ /^-/) name = "-" $i; else letter = "-" $i }
                if ($i == "Ar") metavar = $(i + 1)
            }
            print name, letter, metavar
        }' "$1" | sed 's/ *$//' | sort
}

# The same out of the table: its own options, or those that are shared.
table_options() {
    awk -F'\t' -v command="$1" -v shared=" $shared " -v want="$2" '
        $1 == "option" && ($2 == command || command == "") {
            is_shared = index(shared, " " $3 " ") > 0
            if (is_shared == (want == "shared")) print $3, $4, $5
        }' "$scratch/table" | sed 's/ *$//' | sort -u
}

same 'nix-ipfs.1 has the shared options' "$(table_options '' shared)" \
    "$(page_options man/nix-ipfs.1)"

declare -A has_page
while IFS=$'\t' read -r kind command _ brief; do
    [ "$kind" = command ] || continue
    page=man/nix-ipfs-${command%% *}.1
    has_page[$page]=1
    if [ ! -e "$page" ]; then
        fail "$command has a man page"
        continue
    fi
    if [ "$command" = "${command%% *}" ]; then
        same "$command: the page has its description" "$brief" \
            "$(sed -n 's/^\.Nd //p' "$page")"
        same "$command: the page has its options" "$(table_options "$command" own)" \
            "$(page_options "$page" | sed 's/ *true|false$//')"
    else
        same "$command: the page has its options" "$(table_options "$command" own)" \
            "$(page_options "$page" "nix-ipfs $command")"
    fi
    grep -qx "\.It Xr nix-ipfs-${command%% *} 1" man/nix-ipfs.1 ||
        fail "$command is named in nix-ipfs.1"

    # --help says the same, in 80 columns, on stdout
    # shellcheck disable=SC2086
    exits "$command --help" 0 "$NIX_IPFS" $command --help
    same "$command --help says nothing on stderr" '' "$err"
    case $out in *"$brief"*) pass "$command --help: description" ;;
    *) fail "$command --help: description" "$brief" ;; esac
    long=$(printf '%s\n' "$out" | awk 'length > 80')
    same "$command --help has lines of 80 columns" '' "$long"
    { table_options "$command" own; table_options "$command" shared; } | cut -d' ' -f1 |
        while read -r option; do
            grep -qE -- "$option( |\[|\$)" <<< "$out" || echo "$option"
        done > "$scratch/absent"
    same "$command --help has all options" '' "$(tr '\n' ' ' < "$scratch/absent")"
done < <(sed "s/\t\t/\t-\t/" "$scratch/table") # read takes two tabs for one

# a program of its own
has_page[man/nix-ipfs-post-build-hook.1]=1
for page in man/nix-ipfs-*.1; do
    [ -n "${has_page[$page]:-}" ] || fail "$page is about no command"
done

for page in man/*.[1-9]; do
    problem=$(mandoc -Tlint -Wwarning "$page" 2>&1)
    same "mandoc takes $page" '' "$problem"
    for section in 'SEE ALSO' EXAMPLES; do
        grep -q "^\.Sh $section" "$page" || fail "$page has $section"
    done
done

# Every public header is named in libnixipfs.3.
for header in lib/include/nixipfs/*.h; do
    grep -qxF ".In nixipfs/${header##*/}" <(sed 's/^\.It In /.In /' man/libnixipfs.3) ||
        fail "libnixipfs.3 names ${header##*/}"
done
pass 'libnixipfs.3 names the headers'
summary
