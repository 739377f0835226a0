#!/usr/bin/env python3
"""path_info.py EXPECTED GOT PATHS: compares the `nix path-info --json --all` of two
stores, each of which holds the paths named in PATHS and no other; prints what differs.

When a path was registered is not compared. The JSON of Nix up to 2.18 is a list, of
later ones an object keyed by path.
"""
import json
import sys


def read(name):
    with open(name, encoding="utf-8") as file:
        paths = json.load(file)
    if isinstance(paths, dict):
        paths = [{**info, "path": path} for path, info in paths.items()]
    infos = {}
    for info in paths:
        info.pop("registrationTime", None)
        for key in ("references", "signatures"):
            info[key] = sorted(info.get(key, []))
        infos[info.pop("path")] = info
    return infos


def main():
    expected, got = read(sys.argv[1]), read(sys.argv[2])
    with open(sys.argv[3], encoding="utf-8") as file:
        named = set(file.read().split())
    for path in sorted(named | set(expected) | set(got)):
        for who, store in (("Nix", expected), ("we", got)):
            if (path in store) != (path in named):
                print(f"{who} {'have' if path in store else 'lack'} {path}")
        ours, theirs = got.get(path, {}), expected.get(path, {})
        for key in sorted(set(ours) | set(theirs)):
            if ours.get(key) != theirs.get(key):
                print(f"{path}: {key} is {ours.get(key)!r}, not {theirs.get(key)!r}")


if __name__ == "__main__":
    main()
