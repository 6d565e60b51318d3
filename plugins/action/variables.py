# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds the variables of a playbook against what it says of them, before anything else is done."""

from __future__ import annotations

import difflib
import os
from typing import Any, Iterable, Mapping

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars

from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION

# What every playbook of this collection has, and what belongs to Ansible and to controllers.
OF_EVERY_PLAYBOOK = ("target", "tenant")
_OF_OTHERS = ("ansible_", "awx_", "tower_")


def unknown(names: Iterable[str], known: Iterable[str], what: str) -> list[str]:
    """What to say of each name that is probably meant for one that is known.

    :param what: what is known, as in "variable of this playbook"
    """
    known = [*known]
    nearest = {name: difflib.get_close_matches(name, known, 1, 0.7) for name in names if name not in known}
    return ["%s is not a %s. Did you mean %s?" % (name, what, near[0]) for name, near in nearest.items() if near]


def check(options: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The variables as the playbook uses them, and what is wrong with them.

    :param options: name to argument spec; ``example`` is shown for a required one
    :param given: those that are set
    """
    wrong = [
        "%s is required. Set it in the inventory or on the command line: -e %s=%s." % (name, name, option["example"])
        for name, option in options.items()
        if option.get("required") and given.get(name) in (None, "")
    ]
    optional = {name: {**option, "required": False} for name, option in options.items()}
    validated = ArgumentSpecValidator(optional).validate({**given})
    values = validated.validated_parameters
    for name, option in options.items():
        # The directory of the caller; modules start in the playbook's.
        if option.get("type") == "path" and values[name]:
            values[name] = os.path.realpath(values[name])
    return values, wrong + [each.rstrip(".") + "." for each in validated.error_messages]


class ActionModule(ActionBase):
    """Fails with everything that is wrong; otherwise the result has each variable with its type, or its default."""

    _requires_connection = False
    _VALID_ARGS = frozenset(("options",))

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """As every action plugin."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        options: dict[str, dict[str, Any]] = self._task.args["options"]
        tenant = self._templar.template(variables.get("tenant", {}))
        values, wrong = check(
            options, self._templar.template({name: variables[name] for name in options if name in variables})
        )
        # Those of the inventory may be another playbook's.
        extra = [name for name in load_extra_vars(self._loader) if not name.startswith(_OF_OTHERS)]
        wrong = unknown(extra, (*options, *OF_EVERY_PLAYBOOK), "variable of this playbook") + wrong
        if isinstance(tenant, Mapping):
            wrong += [
                "tenant has an option that no module has: %s." % name
                for name in tenant
                if name not in CONNECTION.options
            ]
        else:
            wrong.append("tenant is not a mapping of options such as auth0_domain and client_id.")
        if wrong:
            return {**result, "failed": True, "msg": "Nothing was done. " + " ".join(wrong)}
        return {**result, "changed": False, **values}
