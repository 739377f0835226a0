#!/usr/bin/env python3
"""mkdebs.py FOLDER: a Nix expression with a derivation for each .deb in FOLDER.

What a package depends on is what it refers to; edges that would make a cycle are
left out. `nix-build -A NAME` unpacks it and all that it refers to.
"""
import glob
import json
import re
import subprocess
import sys

HEAD = """let
  mk = name: deps: src: derivation {
    inherit name deps;
    src = builtins.path { path = src; name = "deb"; };
    system = builtins.currentSystem;
    builder = "/bin/sh";
    PATH = "/usr/bin:/bin";
    # Nix lets no builder set the setuid bit
    args = [ "-ec" ''
      mkdir -p $out/nix-support
      dpkg-deb --fsys-tarfile $src | tar --no-same-permissions --no-same-owner -x -C $out
      echo $deps > $out/nix-support/deps
      echo $out > $out/nix-support/self
    '' ];
  };
  self = {"""


def fields(deb):
    """What dpkg-deb says of a package: its name, version and the names it depends on."""
    text = subprocess.run(["dpkg-deb", "-f", deb, "Package", "Version", "Depends", "Pre-Depends"],
                          check=True, capture_output=True, text=True).stdout
    said = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    depends = ", ".join(said[key] for key in ("Depends", "Pre-Depends") if key in said)
    names = [re.split(r"[ (:|]", word.strip())[0] for word in depends.split(",")]
    return said["Package"], said["Version"], names


def main():
    packages = {}
    for deb in sorted(glob.glob(sys.argv[1] + "/*.deb")):
        name, version, depends = fields(deb)
        packages[name] = (deb, version, depends)

    print(HEAD)
    done, begun = [], set()

    def visit(name):
        if name not in packages or name in begun:
            return
        begun.add(name)
        deb, version, depends = packages[name]
        for other in depends:
            visit(other)
        refs = [other for other in dict.fromkeys(depends) if other in done]
        legal = re.sub(r"[^0-9a-zA-Z+._?=-]", "_", f"{name}-{version}")
        print(f'    "{name}" = mk "{legal}" [', *(f'self."{other}"' for other in refs),
              f"] {json.dumps(deb)};")
        done.append(name)

    for name in sorted(packages):
        visit(name)
    print("  };\nin self")


if __name__ == "__main__":
    main()
