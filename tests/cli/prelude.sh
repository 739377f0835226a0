# shellcheck shell=bash
# What the tests of the command line have: `t COMMAND...` shows a command on both
# stdout and stderr, runs it, and shows its exit status when that is not 0.
t() {
    local status=0
    printf '$ %s\n' "$*"
    printf '$ %s\n' "$*" >&2
    "$@" || status=$?
    [ $status = 0 ] || printf 'exit %d\n' $status
    return 0
}

# The roots of the CAR files in fixtures/cli.
# shellcheck disable=SC2034,SC2154
{
    tree=$(sed -n 's/  tree$//p' "$fixtures/roots")
    one=$(sed -n 's/  one$//p' "$fixtures/roots")
    two=$(sed -n 's/  two$//p' "$fixtures/roots")
}

# CAR: copies one here, so that no message depends on where the project is
car() {
    # shellcheck disable=SC2154
    cp "$fixtures/$1.car" .
}

# A command whose stdout and stderr are a terminal, shown with ^ and M- for odd bytes.
tty_of() {
    local line
    printf -v line '%q ' "$@"
    script -qec "$line" /dev/null < /dev/null | tr -d '\r' | cat -v
}
