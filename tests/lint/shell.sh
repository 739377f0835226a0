#!/bin/bash
# Every script passes shellcheck.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$top" || exit 1
while read -r script; do
    if problem=$(shellcheck -x "$script" 2>&1); then pass "$script"; else fail "$script" "$problem"; fi
done < <(git ls-files '*.sh' .ci/run)
summary
