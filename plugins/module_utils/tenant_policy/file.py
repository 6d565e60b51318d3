# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tenant's policy from its file. Everything that is wrong with the file is told at once, each with its place."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from ..auth0.tenant.actions import WantedAction
from ..auth0.tenant.mfa import TenantMfa
from ..auth0.wire.errors import visible
from ..yaml_file.checked import Reader, content_of, file_error, name_of, read
from ..yaml_file.document import START, Document, Mistake, Path, shown
from .schema import ABSENT, CONTACTED, PRESENT, schema

# What says nothing of an Action that is to go.
_OF_ABSENT = frozenset({"name", "state", "force"})


@dataclass(frozen=True)
class TenantPolicy:
    """What is wanted of a tenant; what the file does not name is left as it is."""

    mfa: TenantMfa
    actions: tuple[WantedAction, ...] = ()


def load(path: str) -> TenantPolicy:
    """The policy in a file.

    :raises FileError: the file cannot be read, or anything in it is wrong
    :raises ConfigurationError: ruamel.yaml or jsonschema is not installed, or too old
    """
    reader = _Reader(read(path), os.path.dirname(path))
    policy = reader.policy()
    if policy is None:
        raise file_error(path, reader.mistakes)
    return policy


class _Reader(Reader):
    """Reads the policy of a document."""

    def __init__(self, document: Document, directory: str) -> None:
        super().__init__(document, schema())
        self._directory = directory

    def policy(self) -> TenantPolicy | None:
        """The policy; None where anything is wrong."""
        factors = {name: self.get(("factors", name)) for name in self.get(("factors",), {})}
        types = self.get(("phone_message_types",))
        mfa = TenantMfa(
            factors,
            # Auth0 sets them only while the factor is on.
            (
                None
                if types is None or False in map(factors.get, CONTACTED)
                else tuple(sorted(set(self.items(("phone_message_types",)))))
            ),
            self.get(("policy",)),
        )
        actions = tuple(self._actions())
        if mfa == TenantMfa() and types is None and not actions and not self.mistakes:
            self.tell((), "the file sets nothing", "factors, phone_message_types, policy or actions")
        return None if self.mistakes else TenantPolicy(mfa, actions)

    def _actions(self) -> list[WantedAction]:
        made: list[WantedAction] = []
        seen: set[str] = set()
        for number in range(len(self.get(("actions",), ()))):
            path: Path = ("actions", number)
            given = self.get(path)
            if not isinstance(given, dict):
                continue
            name = self.get((*path, "name"))
            if name is not None and visible(name) != name:
                self.tell((*path, "name"), "%s has characters that cannot be seen" % shown(name), "text without them")
            elif name in seen:
                self.tell((*path, "name"), "the Action %s a second time" % shown(name), "it once")
            seen.add(name)
            wanted = self._action(path, given)
            if wanted is not None:
                made.append(wanted)
        return made

    def _action(self, path: Path, given: dict[str, Any]) -> WantedAction | None:
        """One Action; None where the file is wrong."""

        def own(member: str, otherwise: Any = None) -> Any:
            return self.get((*path, member), otherwise)

        state = own("state", PRESENT)
        if state == ABSENT:
            for member in sorted(given.keys() - _OF_ABSENT):
                self.tell((*path, member), "%s of an Action that is absent" % name_of((*path, member)), "no such key")
            return WantedAction(own("name") or "", state=state, force=own("force", False))
        deployed = own("deployed", True)
        bound = own("bound", True if deployed else None)
        if bound and not deployed:
            self.tell((*path, "bound"), "%s is bound and not deployed" % name_of(path), "deployed: true, or no bound")
        if own("position") is not None and not bound:
            self.tell((*path, "position"), "%s has a position and is not bound" % name_of(path), "bound: true")
        code = self._code(path, given)
        if code is None:
            return None
        return WantedAction(
            own("name") or "",
            code=code,
            trigger=own("trigger", WantedAction.trigger),
            trigger_version=own("trigger_version"),
            runtime=own("runtime"),
            dependencies=own("dependencies"),
            deploy=deployed,
            bound=bound,
            position=own("position"),
        )

    def _code(self, path: Path, given: dict[str, Any]) -> str | None:
        if ("code" in given) is ("code_file" in given):
            self.tell(
                path, "%s has %s" % (name_of(path), "both" if "code" in given else "no code"), "code or code_file"
            )
            return None
        where: Path = (*path, "code" if "code" in given else "code_file")
        said = self.get(where)
        if said is None:
            return None
        code = said if "code" in given else self._content(where, said)
        if code is not None and not code.strip():
            self.tell(where, "%s is empty" % name_of(where), "JavaScript")
        return code

    def _content(self, path: Path, name: str) -> str | None:
        file = os.path.join(self._directory, name)
        content = content_of(file)
        if not isinstance(content, Mistake):
            return content
        place, wrong, expected, _file = content
        # Its own place only where that says something.
        if place != START:
            self.told(path, Mistake(place, wrong, expected, file))
        else:
            self.tell(path, "%s: %s" % (visible(name), wrong), expected)
        return None
