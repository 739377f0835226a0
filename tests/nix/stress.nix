# Closures that overlap: applications on shared parts, which stand on shared bases. Each path has
# files enough to be met half written.
{ apps }:
let
  build = name: needs: files: derivation {
    inherit name needs files;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    PATH = "/usr/bin:/bin";
    args = [ "-ec" ''
      mkdir -p $out/bin $out/share
      for need in $needs; do echo $need; done > $out/needs
      echo $out > $out/self
      i=0
      while [ $i -lt $files ]; do
        echo "$name $i" > $out/share/$i
        i=$((i + 1))
      done
      head -c 400000 /dev/zero | tr '\0' x > $out/bin/$name
      chmod +x $out/bin/$name
      ln -s bin/$name $out/run
    '' ];
  };
  pick = list: i: builtins.elemAt list (i - builtins.length list * (i / builtins.length list));
  bases = builtins.genList (i: build "base-${toString i}" [ ] (100 + 50 * i)) 5;
  parts = builtins.genList (i: build "part-${toString i}" [ (pick bases i) (pick bases (i + 1)) ] 60) 5;
in
builtins.genList
  (i: build "app-${toString i}" [ (pick parts i) (pick parts (i + 2)) (pick bases (3 * i)) ] 20) apps
