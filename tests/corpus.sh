# shellcheck shell=bash
# Odd trees: every test script that compares programs over trees uses these.

# bytes N SEED: N bytes that do not compress, always the same for a SEED
bytes() {
    openssl enc -chacha20 -K "$(printf '%s' "$2" | sha256sum | cut -d' ' -f1)" \
        -iv 00000000000000000000000000000000 -in /dev/zero 2> /dev/null | head -c "$1"
}

# make_corpus DIR: one tree per entry of DIR
make_corpus() {
    mkdir -p "$1"
    (
        cd "$1" || exit 1
        : > empty-file
        : > empty-executable
        mkdir empty-dir
        printf 'hello\n' > file
        printf '#!/bin/sh\necho hello\n' > executable
        chmod 755 executable empty-executable
        ln -s file symlink
        ln -s /nowhere/at/all dangling

        mkdir -p order/a order/sub/a.d
        echo 1 > order/a/x; echo 2 > order/a.b; echo 3 > order/a-b; echo 4 > order/ab
        echo 5 > order/A; echo 6 > order/.dot; mkdir order/.hidden; echo 7 > order/.hidden/f
        echo 8 > order/sub/a.d/x; echo 9 > order/sub/a; echo 9 > order/sub/a-

        mkdir names
        echo 1 > names/"$(printf 'new\nline')"
        echo 2 > names/"quote ' and \" and \\ back"
        echo 3 > names/"$(printf 'not-utf8-\377\376')"
        echo 4 > names/"$(printf '%0255d' 0)"
        echo 5 > names/"$(printf 'tab\tbell\a')"
        echo 6 > names/' '
        echo 7 > names/"$(printf '\303\251')"
        echo 8 > names/"$(printf 'e\314\201')"

        mkdir sizes
        bytes 1048575 a > sizes/1MiB-1
        bytes 1048576 a > sizes/1MiB
        bytes 1048577 a > sizes/1MiB+1
        bytes 262144 b > sizes/256KiB
        bytes 262145 b > sizes/256KiB+1
        bytes 2100000 c > sizes/big-executable
        bytes 1048576 d > sizes/chunk-executable
        chmod 755 sizes/big-executable sizes/chunk-executable
        head -c 1500000 /dev/zero > sizes/zeros

        mkdir many
        seq 3000 | while read -r i; do
            echo "$i" > "many/a file with a rather long name so that directories are sharded $i"
        done

        d=deep
        for i in $(seq 59); do d=$d/$i; done
        mkdir -p "$d"
        echo bottom > "$d/f"

        mkdir -p mixed/bin mixed/share/empty mixed/lib
        cp executable mixed/bin/hello
        ln -s ../bin/hello mixed/share/link
        bytes 3000000 e > mixed/lib/big
        ln -s big mixed/lib/big.so
        cp file mixed/share/file
    )
}
