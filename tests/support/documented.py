# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a module returns only what its documentation says."""

from __future__ import annotations

from functools import cache
from importlib import import_module

import yaml

PREFIX = "ansible_collections.mfaops.auth0.plugins.modules."
COLLECTION = "mfaops.auth0."
# What any task may have, whatever its module.
OF_ANSIBLE = {"changed", "failed", "msg", "diff", "invocation", "warnings", "deprecations", "exception"}
# What AnsibleModule adds to a result with a path.
OF_FILES = {"uid", "gid", "owner", "group", "mode", "state", "size"}


@cache
def returned(module: str) -> dict[str, dict]:
    """What a module documents as its result.

    :param module: its name without the collection
    """
    return yaml.safe_load(import_module(PREFIX + module).RETURN)


def undocumented(task: dict, result: dict) -> list[str]:
    """What a result has that its module does not document; ``a.b`` for a member of a member.

    :param task: as in a playbook; one of another collection, with a loop or in the background is not looked at
    :param result: as it was registered
    """
    names = [name for name in task if name.startswith(COLLECTION)]
    if not names or "async" in task or "results" in result and "loop" in task or result.get("skipped"):
        return []
    own = {
        name: value
        for name, value in result.items()
        if name not in (OF_ANSIBLE | OF_FILES if "path" in result else OF_ANSIBLE)
    }
    return [*_beyond(own, returned(names[0].removeprefix(COLLECTION)), "")]


def _beyond(value: object, documented: dict[str, dict], place: str) -> set[str]:
    """The members of a mapping, or of the mappings in a list, that are not documented."""
    if isinstance(value, list):
        return {found for each in value for found in _beyond(each, documented, place)}
    if not isinstance(value, dict):
        return set()
    found = set()
    for name, below in value.items():
        if name not in documented:
            found.add(place + name)
        elif "contains" in documented[name]:
            found |= _beyond(below, documented[name]["contains"], "%s%s." % (place, name))
    return found
