# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions: code that a tenant runs at its triggers (API.md §1.7). Times are nanoseconds since 1970.

The code is stored, built and deployed, but never run. Its only effect is whether the login page offers to remember the
browser, see ``actions/remember_browser.py``.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace

# What the current versions of triggers run, the default last; ``node18`` is another name of ``node18-actions``.
RUNTIMES = ("node12", "node16", "node18-actions", "node22")
DEFAULT_RUNTIME = RUNTIMES[-1]
ACCEPTED_RUNTIMES = (*RUNTIMES, "node18")
OLDEST_RUNTIMES = ("node12",)
POST_LOGIN = "post-login"
# Versions of each trigger, the current one last.
TRIGGERS = {
    POST_LOGIN: ("v1", "v2", "v3"),
    "credentials-exchange": ("v1", "v2"),
    "pre-user-registration": ("v1", "v2"),
    "post-user-registration": ("v1", "v2"),
    "post-change-password": ("v1", "v2"),
    "send-phone-message": ("v1", "v2"),
    "custom-phone-provider": ("v1",),
    "custom-email-provider": ("v1",),
    "password-reset-post-challenge": ("v1",),
    "custom-token-exchange": ("v1",),
    "event-stream": ("v1",),
    "password-hash-migration": ("v1",),
    "login-post-identifier": ("v1",),
    "signup-post-identifier": ("v1",),
    "mcp-tool": ("v1",),  # recorded, though OpenAPI does not know it
}
ENTITY_BOUND = ("custom-phone-provider", "custom-email-provider", "custom-token-exchange", "event-stream", "mcp-tool")
MOST_ACTIONS = 100
MOST_BINDINGS = 20
MOST_SECRETS = 30
MOST_DEPENDENCIES = 10
MOST_VERSIONS = 50


def runtimes_of(trigger_id: str, version: str) -> tuple[str, ...]:
    """The runtimes of a trigger's version, the default last; a first version that was replaced has the oldest alone."""
    return OLDEST_RUNTIMES if version == "v1" and len(TRIGGERS[trigger_id]) > 1 else RUNTIMES


@dataclass(frozen=True)
class Content:
    """The part of an Action that is built and deployed.

    :param trigger: ``id`` and ``version``.
    :param dependencies: npm packages: ``name``, ``version`` and perhaps ``registry_url``.
    :param secrets: when each was last set, by name; the values are not stored.
    :param build_started: every change of the content starts a build.
    """

    trigger: dict
    code: str
    runtime: str
    dependencies: tuple[dict, ...]
    secrets: dict[str, int]
    build_started: int


@dataclass(frozen=True)
class Version:
    """A deployed version."""

    id: str
    number: int
    created_at: int
    content: Content


@dataclass
class Action:
    """The draft that is edited, and the versions that were deployed, the newest one last."""

    id: str
    name: str
    created_at: int
    updated_at: int
    content: Content
    versions: list[Version] = field(default_factory=list)

    @property
    def deployed(self) -> Version | None:
        """The version that runs."""
        return self.versions[-1] if self.versions else None

    def deploy(self, now: int, content: Content | None = None) -> Version:
        """Make the draft, or this content of an earlier version, the deployed version; the oldest ones are forgotten."""
        number = self.deployed.number + 1 if self.deployed else 1
        version = Version(str(uuid.uuid4()), number, now, content or self.content)
        self.versions = [*self.versions, version][-MOST_VERSIONS:]
        return version


@dataclass
class Binding:
    """An Action at its place in a trigger's list."""

    id: str
    trigger_id: str
    action: Action
    display_name: str
    created_at: int
    updated_at: int


@dataclass
class Actions:
    """All Actions of a tenant, and each trigger's complete ordered list of bindings."""

    by_id: dict[str, Action] = field(default_factory=dict)
    bindings: dict[str, list[Binding]] = field(default_factory=dict)

    def is_bound(self, action: Action) -> bool:
        """Whether the Action is bound to any trigger."""
        return any(binding.action is action for bound in self.bindings.values() for binding in bound)

    def remove(self, action: Action) -> None:
        """Delete an Action with its bindings."""
        del self.by_id[action.id]
        for trigger_id, bound in self.bindings.items():
            self.bindings[trigger_id] = [binding for binding in bound if binding.action is not action]


def changed(content: Content, now: int, **values) -> Content:
    """The content with other values, to be built again."""
    return replace(content, **values, build_started=now)
