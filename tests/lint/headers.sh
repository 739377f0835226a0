#!/bin/bash
# Each public header compiles alone, as C11 and as C++11, without a warning, and
# the shared library exports nothing but the API.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$top" || exit 1

for header in lib/include/nixipfs/*.h; do
    name=${header##*/}
    if problem=$(gcc -std=c11 -Wall -Wextra -Wpedantic -Werror -Ilib/include -fsyntax-only -x c "$header" 2>&1)
    then pass "$name as C11"; else fail "$name as C11" "$problem"; fi
    if problem=$(g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -Ilib/include -fsyntax-only -x c++ "$header" 2>&1)
    then pass "$name as C++11"; else fail "$name as C++11" "$problem"; fi
done

odd=$(nm -D --defined-only "$O"/libnixipfs.so.0 | awk '$2 != "A" { print $3 }' | sed 's/@.*//' |
    grep -vE '^nipfs_[a-z]' | tr '\n' ' ')
same 'only nipfs_ symbols are exported' '' "$odd"

# Every function that a public header declares is there, and the other way round.
declared=$(cat lib/include/nixipfs/*.h | sed 's/^ \*.*//' | tr '\n\t' '  ' |
    grep -oE 'NIPFS_API[^;{]*' | grep -oE 'nipfs_[a-z0-9_]+ ?\(' | tr -d ' (' | sort -u)
exported=$(nm -D --defined-only "$O"/libnixipfs.so.0 | awk '$2 == "T" { print $3 }' | sed 's/@.*//' | sort -u)
same 'the headers and the exported functions agree' '' \
    "$(comm -3 <(echo "$declared") <(echo "$exported") | tr '\n' ' ')"
summary
