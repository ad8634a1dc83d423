#!/usr/bin/env python3
"""What a plain script makes of a tenant's access: `access_scan.py N DIR`, over what `access_scan generate N DIR` wrote.

Written apart from dekey. It does what such scripts do over `az role assignment list --all`, and a little better: assignments
are kept by principal, and what a role permits is found once. Unlike most it follows groups through groups, management groups
and deny assignments. It prints the totals that dekey prints."""
import json
import re
import sys
import time
from pathlib import Path

EVERYONE = "00000000-0000-0000-0000-000000000000"
ANYWHERE = ("microsoft.authorization/", "microsoft.insights/diagnosticsettings/", "microsoft.resources/deployments/")


def expression(pattern):
    """`*` is any run of characters; the slashes around it may be one."""
    text = re.escape(pattern.strip().lower())
    while "/\\*/" in text:
        text = text.replace("/\\*/", "/(?:.*/)?", 1)
    return re.compile(text.replace("\\*", ".*"), re.DOTALL)


def permitted(permission, actions):
    """The actions that one permission object permits."""
    found = set()
    for plane, (yes, no) in enumerate((("actions", "notActions"), ("dataActions", "notDataActions"))):
        allow = [expression(own) for own in permission[yes]]
        refuse = [expression(own) for own in permission[no]]
        for action in actions:
            if action[0] == plane and any(own.fullmatch(action[1]) for own in allow):
                if not any(own.fullmatch(action[1]) for own in refuse):
                    found.add(action)
    return found


def known_at(scope, actions):
    """The actions that can be done to a resource of this type."""
    provider, kind, _ = scope.lower().split("/providers/")[1].split("/")
    start = f"{provider}/{kind}/"
    untyped = re.compile(r"microsoft\.insights/[^/]+/[^/]+") if start == "microsoft.insights/components/" else None
    return {
        own
        for own in actions
        if own[1].startswith(start) or own[1].startswith(ANYWHERE) or (untyped and untyped.fullmatch(own[1]))
    }


def without_effect(own):
    """These registries know no roles on single repositories."""
    plane, name = own
    rest = name.removeprefix("microsoft.containerregistry/registries/")
    return plane == 1 and rest != name and (rest.startswith("repositories/") or rest == "catalog/read")


class Tenant:
    def __init__(self, folder, actions):
        def read(name):
            with open(folder / name, encoding="utf-8") as file:
                return json.load(file)

        self.actions = actions
        self.roles = {}
        for role in read("roles.json"):
            always, sometimes = set(), set()
            for own in role["properties"]["permissions"]:
                (sometimes if own["condition"] else always).update(permitted(own, actions))
            self.roles[role["name"].lower()] = (always, sometimes - always)
        self.there, self.groups, self.above = set(), {}, {}
        for own in read("directory.json"):
            if own["type"] == "Microsoft.Resources/subscriptions":
                chain = own["properties"]["managementGroupAncestorsChain"]
                start = "/providers/microsoft.management/managementgroups/"
                self.above[own["id"].lower()] = [start + above["name"].lower() for above in chain]
                continue
            self.there.add(own["name"].lower())
            for member in own["properties"].get("transitiveMembers", []):
                self.groups.setdefault(member.lower(), set()).add(own["name"].lower())
        self.denials = {}
        for own in (own["properties"] for own in read("denials.json")):
            denied = set().union(*(permitted(one, actions) for one in own["permissions"]))
            names = [{one["id"].lower() for one in own[side]} for side in ("principals", "excludePrincipals")]
            self.denials.setdefault(own["scope"].lower(), []).append((denied, *names, own["doNotApplyToChildScopes"]))
        self.assignments = {}
        for own in (own["properties"] for own in read("assignments.json")):
            row = (own["scope"].lower(), own["roleDefinitionId"].rsplit("/", 1)[1].lower(), own["condition"])
            self.assignments.setdefault(own["principalId"].lower(), []).append(row)

    def names(self, who):
        """Somebody, and every group that is about them."""
        found, open_ = {who}, [who]
        while open_:
            for group in self.groups.get(open_.pop(), ()):
                if group not in found:
                    found.add(group)
                    open_.append(group)
        return found

    def scopes(self, scope):
        """A scope and everything above it."""
        parts = scope.lower().split("/")
        own = ["/".join(parts[:end]) for end in range(len(parts), 1, -1)]
        return {*own, *self.above.get("/".join(parts[:3]), ()), "/"}

    def effective(self, names, scope):
        here, own = scope.lower(), self.scopes(scope)
        allowed, conditional, unknown = set(), set(), set()
        for name in names:
            for at, role, condition in self.assignments.get(name, ()):
                if at not in own:
                    continue
                if role not in self.roles:
                    unknown = self.actions
                    continue
                always, sometimes = self.roles[role]
                (conditional if condition else allowed).update(always)
                conditional.update(sometimes)
        denied = set()
        for at in own:
            for what, principals, excluded, this_scope_only in self.denials.get(at, ()):
                named = EVERYONE in principals or names & principals
                if named and not names & excluded and (at == here or not this_scope_only):
                    denied |= what
        unknown = unknown - allowed - denied
        return allowed - denied, conditional - allowed - unknown - denied, unknown


def main(_, folder):
    start = time.monotonic()
    data = Path(__file__).resolve().parents[2] / "crates/rbac/data/actions.txt"
    with open(data, encoding="utf-8") as file:
        rows = [line.split() for line in file if line[:2] in ("A ", "D ")]
    actions = frozenset((int(mark == "D"), name.lower()) for mark, name in rows)
    folder = Path(folder)
    with open(folder / "needs.list", encoding="utf-8") as file:
        uses, *asked = json.load(file)
    tenant = Tenant(folder, actions)
    read = time.monotonic() - start
    uses = [{tuple(own) for own in use} for use in uses]
    known = [known_at(scope, actions) for scope in asked[0][1]]
    dead = {own for own in actions if without_effect(own)}
    found = dict.fromkeys(("missing", "beyond", "conditional", "unknown", "orphans"), 0)
    for who, scopes in asked:
        names = tenant.names(who.lower())
        for scope, needed, own in zip(scopes, uses, known):
            sets = tenant.effective(names, scope)
            if "/registries/" in scope:
                sets = (own - dead for own in sets)
            allowed, conditional, unknown = sets
            found["missing"] += len(needed - allowed)
            found["beyond"] += len((allowed & own) - needed)
            found["conditional"] += len(conditional)
            found["unknown"] += len(unknown)
    found["orphans"] = sum(len(rows) for who, rows in tenant.assignments.items() if who not in tenant.there)
    count = sum(map(len, tenant.assignments.values()))
    seconds = {"read": read, "analyse": time.monotonic() - start - read}
    print(json.dumps({"assignments": count, "found": found, "seconds": seconds}))


main(*sys.argv[1:])
