# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds the variables of a playbook against what it says of them, before anything else is done."""

from __future__ import annotations

import difflib
import os
import re
from itertools import islice
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping

import yaml
from ansible import constants
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.redaction import SHORTEST_SECRET
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, secrets_below, suggesting, texts

# What every playbook has that runs for tenants of the inventory, and what belongs to Ansible and to controllers.
OF_EVERY_PLAYBOOK = ("target", "tenant")
_OF_OTHERS = ("ansible_", "awx_", "tower_")


# An inventory has names for many purposes, so one of it has to be nearer than one of the command line.
NEAR, NEARER = 0.7, 0.85
# So many hosts of an inventory are asked whether they are tenants.
MOST_HOSTS = 100
PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"


def nearest(names: Iterable[str], known: Iterable[str], least: float = NEAR) -> dict[str, str]:
    """Each name that is not known but probably meant for one that is, and that one.

    :param least: how alike they are, from 0 to 1
    """
    known = [*known]
    found = {name: difflib.get_close_matches(name, known, 1, least) for name in names if name not in known}
    return {name: near[0] for name, near in found.items() if near}


def unknown(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """What to say of each name that is probably meant for one that is known."""
    return ["%s is not a variable of this playbook. Did you mean %s?" % each for each in nearest(names, known).items()]


def of_inventory(names: Iterable[str], known: Iterable[str], playbooks: Path = PLAYBOOKS) -> list[str]:
    """The same for names of an inventory, which may be for other playbooks or for other things.

    :param playbooks: the directory of playbooks whose variables are no mistakes
    """
    unset = set(known) - {*names}
    near = nearest([name for name in names if name not in known], unset, NEARER)
    others = variables_of(playbooks) if near else set()
    return [
        "This host has the variable %s, which no playbook of this collection has. Did you mean %s?" % each
        for each in near.items()
        if each[0] not in others
    ]


def variables_of(playbooks: Path) -> set[str]:
    """The names of all variables of the playbooks in a directory."""
    found: set[str] = set()
    for path in playbooks.glob("*.yml"):
        for play in yaml.safe_load(path.read_text(encoding="utf-8")):
            found.update(play.get("vars", {}))
            for task in play["tasks"]:
                found.update(task.get("mfaops.auth0.variables", {}).get("options", {}))
    return found


def of_tenant(tenant: object) -> list[str]:
    """What is wrong with the options that name the tenant and who calls."""
    if not isinstance(tenant, Mapping):
        return ["tenant is not a mapping of options such as auth0_domain and client_id."]
    near = nearest(tenant, CONNECTION.options)
    return [
        "tenant has an option that no module has: %s.%s"
        % (name, " Did you mean %s?" % near[name] if name in near else "")
        for name in tenant
        if name not in CONNECTION.options
    ]


def check(options: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The variables as the playbook uses them, and what is wrong with them. That has no value of a ``no_log`` option in it.

    :param options: name to argument spec; ``example`` is shown for a required one, and may be a file of variables
    :param given: those that are set
    """
    wrong = [
        "%s is required. Set it in the inventory or on the command line: -e %s."
        % (name, typed(name, option["example"]))
        for name, option in options.items()
        if option.get("required") and given.get(name) in (None, "")
    ]
    optional = {name: {**option, "required": False} for name, option in options.items()}
    validated = ArgumentSpecValidator(optional).validate({**given})
    hidden = {text for text in secrets(options, given) if len(text.strip()) >= SHORTEST_SECRET}
    messages = [suggesting(misspelled(remove_values(each, hidden))) for each in validated.error_messages]
    wrong += [each if each.endswith(("?", ".")) else each + "." for each in messages]
    return (validated.validated_parameters if wrong else _absolute(options, validated.validated_parameters)), wrong


def misspelled(message: str) -> str:
    """Ansible's message about members that do not exist, with those that are probably meant."""
    refused = re.fullmatch(r"(\S+(?:, \S+)*)\. Supported parameters include: (.+)\.", message)
    if refused is None:
        return message
    known = refused[2].split(", ")
    near = {name: nearest([name.rpartition(".")[2]], known) for name in refused[1].split(", ")}
    return " ".join(
        "%s does not exist.%s" % (name, "".join(" Did you mean %s?" % meant for meant in found.values()))
        for name, found in near.items()
    )


def typed(name: str, example: str) -> str:
    """An example of a variable as it is given on the command line."""
    return example if example.startswith("@") else "%s=%s" % (name, example)


def secrets(options: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]) -> Iterator[str]:
    """Every text of a ``no_log`` option, of whatever type it is, and what stands in place of options that have such a one."""
    for name, option in options.items():
        value = given.get(name)
        if option.get("no_log"):
            yield from texts(value)
        elif has_secrets(option):
            for each in value if isinstance(value, list) else [value]:
                yield from secrets_below(option, [each]) if isinstance(each, Mapping) else texts(each)


def has_secrets(option: Mapping[str, Any]) -> bool:
    """Whether it is ``no_log``, or has an option below that is."""
    return bool(option.get("no_log")) or any(map(has_secrets, option.get("options", {}).values()))


def _absolute(options: Mapping[str, Mapping[str, Any]], values: dict[str, Any]) -> dict[str, Any]:
    """The values with paths that start in the directory of the caller. Modules start in the playbook's."""
    for name, option in options.items():
        value = values[name]
        if option.get("type") == "path" and value:
            values[name] = os.path.realpath(value)
        elif "options" in option and value:
            for each in value if isinstance(value, list) else [value]:
                _absolute(option["options"], each)
    return values


class ActionModule(ActionBase):
    """Fails with everything that is wrong; otherwise the result has each variable with its type, or its default."""

    _requires_connection = False
    _VALID_ARGS = frozenset(("options", "for_tenants"))

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """As every action plugin."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        options: dict[str, dict[str, Any]] = self._task.args["options"]
        for_tenants = boolean(self._task.args.get("for_tenants", True))
        known = (*options, *(OF_EVERY_PLAYBOOK if for_tenants else ()))
        values, wrong = check(
            options, self._templar.template({name: variables[name] for name in options if name in variables})
        )
        extra = {name for name in load_extra_vars(self._loader) if not name.startswith(_OF_OTHERS)}
        wrong = unknown(extra, known) + wrong
        if for_tenants:
            wrong += of_tenant(self._templar.template(variables.get("tenant", {})))
        if wrong:
            return {**result, "failed": True, "msg": "Nothing was done. " + " ".join(wrong)}
        doubts = self._doubts(variables, extra, known)
        # Not with no_log on the task: that would hide what is wrong as well, before ansible-core 2.19.
        hides = {"_ansible_no_log": True} if any(map(has_secrets, options.values())) else {}
        return {**result, "changed": False, **({"warnings": doubts} if doubts else {}), **values, **hides}

    def _doubts(self, variables: dict[str, Any], extra: set[str], known: tuple[str, ...]) -> list[str]:
        """What may be a mistake in the inventory, or in its use."""
        hostvars, host = variables["hostvars"], variables["inventory_hostname"]
        theirs = [name for name in hostvars.raw_get(host) if name in known or not _is_of_others(name, extra)]
        doubts = of_inventory(theirs, known)
        if "target" in known and "target" not in variables and "tenant" not in variables:
            hosts = islice(variables["groups"]["all"], MOST_HOSTS)
            tenant = next((name for name in hosts if "tenant" in hostvars.raw_get(name)), None)
            if tenant is not None:
                said = "The inventory has tenants, but this playbook runs for %s. Name a tenant with -e target=%s."
                doubts.append(said % (host, tenant))
        return doubts


def _is_of_others(name: str, extra: set[str]) -> bool:
    """Whether a variable of a host does not come from the inventory."""
    return name in extra or name in constants.INTERNAL_STATIC_VARS or name.startswith(_OF_OTHERS)
