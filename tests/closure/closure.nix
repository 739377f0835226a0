# A small closure with one of each: references, self-references, executables,
# symlinks, several outputs, a store object that is a symlink or an executable
# file, text and source paths, a file of several chunks, awkward names. It is
# built from nothing but /bin/sh and coreutils.
# `-A hello` is the closure that `make quickstart` carries from store to store.
{ entries ? 3000 }:
let
  build = name: attrs: script: derivation ({
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    PATH = "/usr/bin:/bin";
    args = [ "-ec" script ];
  } // attrs);

  greeting = builtins.toFile "greeting.txt" "hello from the store\n";

  lib = build "libgreet-1.2" { outputs = [ "out" "doc" ]; inherit greeting; } ''
    mkdir -p $out/lib $out/share/empty $doc/share/doc
    head -c 3500000 /dev/zero | tr '\0' 'g' > $out/lib/libgreet.so.1.2
    ln -s libgreet.so.1.2 $out/lib/libgreet.so.1
    ln -s libgreet.so.1 $out/lib/libgreet.so
    ln -s $greeting $out/share/greeting.txt
    echo "see $out" > $doc/share/doc/README
    : > $doc/share/doc/empty
  '';

  shell = build "busyshell-0.1" { } ''
    mkdir -p $out/bin $out/libexec
    cp /bin/cat $out/bin/cat
    printf '#!/bin/sh\nexec %s/bin/cat "$@"\n' $out > $out/bin/show
    chmod +x $out/bin/show
    head -c 2500000 /dev/zero | tr '\0' 'x' > $out/libexec/big
    chmod +x $out/libexec/big
    : > $out/libexec/empty
    chmod +x $out/libexec/empty
    ln -s ../bin/cat $out/libexec/cat
  '';

  hello = build "hello-2.0" { inherit shell; lib = lib; doc = lib.doc; } ''
    mkdir -p $out/bin $out/etc
    printf '#!/bin/sh\nexec %s/bin/show %s/share/greeting.txt\n' $shell $lib > $out/bin/hello
    chmod +x $out/bin/hello
    ln -s $doc/share/doc $out/doc
    ln -s /nowhere/at/all $out/etc/dangling
    echo "prefix=$out" > $out/etc/hello.conf
  '';
in
{
  inherit hello lib shell;

  script = build "script-as-root" { inherit shell; } ''
    printf '#!/bin/sh\nexec %s/bin/show\n' $shell > $out
    chmod +x $out
  '';

  link = build "link-as-root" { inherit hello; } "ln -s $hello/bin/hello $out";

  nothing = build "empty-directory" { } "mkdir $out";

  names = build "awkward-names" { } ''
    mkdir -p "$out/a" "$out/.hidden/deeper"
    cd $out
    echo 1 > a/x; echo 2 > a.b; echo 3 > a-b; echo 4 > .dot
    echo 5 > "quote's and \"more\""
    echo 6 > "$(printf 'new\nline')"
    echo 7 > "$(printf 'not-utf8-\377\376')"
    echo 8 > "$(printf '%0255d' 0)"
    echo 9 > "$(printf 'tab\tand \303\251')"
  '';

  many = build "many-entries" { inherit entries; } ''
    mkdir $out
    i=0
    while [ $i -lt $entries ]; do
      echo $i > "$out/a file with a rather long name so that the directory is sharded soon $i"
      i=$((i + 1))
    done
  '';
}
