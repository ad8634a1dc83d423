#!/usr/bin/env python3
"""Which built-in role permits which action: `roles.py DUMP ACTIONS`, with DUMP as `az role definition list` writes it.

Written apart from the crate, to be compared with it: a line for each pair, sorted."""
import json
import re
import sys


def expression(pattern):
    """`*` is any run of characters; the slashes around it may be one."""
    text = re.escape(pattern.strip())
    while "/\\*/" in text:
        text = text.replace("/\\*/", "/(?:.*/)?", 1)
    return re.compile(text.replace("\\*", ".*"), re.IGNORECASE | re.DOTALL)


def main(dump, actions):
    with open(actions, encoding="utf-8") as file:
        wanted = [line.split() for line in file if line[:2] in ("A ", "D ")]
    lists = {"A": ("actions", "notActions"), "D": ("dataActions", "notDataActions")}
    found = set()
    with open(dump, encoding="utf-8") as file:
        for role in json.load(file):
            for permission in role["permissions"]:
                mark = "?" if permission.get("condition") else "x"
                for plane, (yes, no) in lists.items():
                    allow = [expression(own) for own in permission[yes] or []]
                    refuse = [expression(own) for own in permission[no] or []]
                    for own_plane, action in wanted:
                        if own_plane != plane or not any(own.fullmatch(action) for own in allow):
                            continue
                        if not any(own.fullmatch(action) for own in refuse):
                            found.add((role["name"], plane, action, mark))
    # What one permission object permits always needs no condition of another.
    for name, plane, action, mark in sorted(found):
        if mark == "x" or (name, plane, action, "x") not in found:
            print(name, plane, action, mark)


main(*sys.argv[1:])
