# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy file of a tenant as it is."""

from __future__ import annotations

import io
import re
from typing import Any, Callable, Iterable

from ..auth0.api.actions import Action, Binding
from ..auth0.factors import names
from ..auth0.tenant.actions import position_of
from ..auth0.tenant.mfa import POLICIES, TenantMfa
from ..auth0.wire.errors import RefusedError, visible
from ..yaml_file import document
from .schema import ABSENT, ADDRESS, CONTACTED, VERSION

_LINE_BREAKS = "\n\r\x85\u2028\u2029"


def policy_of(state: TenantMfa, actions: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What the file says, as plain data.

    :param actions: those of :func:`action_of`
    """
    known = names(lambda row: row.guardian_name)
    said: dict[str, Any] = {"version": VERSION}
    if state.factors:
        said["factors"] = {name: state.factors[name] for name in known if name in state.factors}
    # Auth0 sets them only while the factor is on.
    if state.message_types and all(state.factors.get(name, True) for name in CONTACTED):
        said["phone_message_types"] = list(state.message_types)
    if state.policy in POLICIES:
        said["policy"] = state.policy
    listed = list(actions)
    if listed:
        said["actions"] = listed
    return said


def action_of(name: str, action: Action | None, bindings: tuple[Binding, ...]) -> dict[str, Any]:
    """What the file says of an Action.

    Its position is left out: it depends on Actions that the file does not name.

    :param action: None where there is none
    :param bindings: of its trigger
    """
    if action is None:
        return {"name": name, "state": ABSENT}
    said: dict[str, Any] = {"name": name, "trigger": action.trigger}
    if action.trigger_version:
        said["trigger_version"] = action.trigger_version
    said.update(runtime=action.runtime, dependencies=dict(sorted(action.dependencies.items())))
    said["deployed"] = action.deployed
    bound = position_of(action.id, bindings) is not None
    # A draft of an Action that is bound: what runs is an earlier version, which nobody can write into a file.
    if action.deployed or not bound:
        said["bound"] = bound
    said["code"] = action.code
    return said


def as_file(said: dict[str, Any], tenant: str, notes: Iterable[str]) -> str:
    """The text of the file.

    :param tenant: its domain
    :param notes: what the reader should know
    :raises RefusedError: the tenant has something that YAML cannot say
    """
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

    head = [
        "# yaml-language-server: $schema=%s" % ADDRESS,
        "# The MFA policy of %s as it is. Whatever this file does not name stays as it is." % tenant,
        *("# " + visible(note) for note in notes),
    ]
    # Code is best read as it is, but not every text can be written so, and what cannot be seen is no text for a result.
    for style, all_characters in ((LiteralScalarString, True), (DoubleQuotedScalarString, False)):
        content = "\n".join([*head, _dumped(_styled(said, style), all_characters)])
        seen = all(part == visible(part) for part in re.split("[\t\n]", content))
        if seen and document.read(content).value == said:
            return content
    raise RefusedError(
        "The tenant's policy cannot be written as YAML, because an Action has characters that YAML does not allow",
        hint="Name the Actions to write in actions, without that one.",
    )


def _styled(value: Any, style: Callable[[str], str]) -> Any:
    """The value with every text of several lines in this style of YAML."""
    if isinstance(value, dict):
        return {name: _styled(each, style) for name, each in value.items()}
    if isinstance(value, list):
        return [_styled(each, style) for each in value]
    return style(value) if isinstance(value, str) and set(value) & set(_LINE_BREAKS) else value


def _dumped(value: Any, all_characters: bool) -> str:
    """
    :param all_characters: whether those beyond ASCII stand for themselves
    """
    from ruamel.yaml import YAML

    writer = YAML()
    writer.allow_unicode = all_characters
    writer.explicit_start = True
    writer.width = 10_000
    writer.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    writer.dump(value, text)
    return text.getvalue()
