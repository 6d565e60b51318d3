# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions: code that a tenant runs at its triggers (API.md §1.7). Times are nanoseconds since 1970.

The code is kept, built and deployed, but never run. The one effect that is read from it is whether the login page
offers to remember the browser, see :func:`remember_browser_choice`.
"""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .tenant import Tenant

RUNTIMES = ("node22", "node18", "node16", "node12")
DEFAULT_RUNTIME = RUNTIMES[0]
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
}
ENTITY_BOUND = ("custom-phone-provider", "custom-email-provider", "custom-token-exchange", "event-stream")
MOST_ACTIONS = 100
MOST_BINDINGS = 20
MOST_SECRETS = 30
MOST_DEPENDENCIES = 10

_STRING_OR_COMMENT = re.compile(
    r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`)|//[^\n]*|/\*.*?\*/""", re.DOTALL
)
_ENABLE = re.compile(r"""\bapi\.multifactor\.enable\(\s*(["'])([\w-]+)\1\s*(?:,\s*\{([^{}]*)\}\s*,?\s*)?\)""")
_ALLOW_REMEMBER = re.compile(r"""(?:^|[\s,"'])allowRememberBrowser["']?\s*:\s*(true|false)\b""")


@dataclass(frozen=True)
class Content:
    """What of an Action is built and deployed.

    :param trigger: ``id`` and ``version``.
    :param dependencies: npm packages: ``name``, ``version`` and perhaps ``registry_url``.
    :param secrets: when each was last set, by name; their values are not kept.
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
    """The draft that is edited, and the version that was deployed last."""

    id: str
    name: str
    created_at: int
    updated_at: int
    content: Content
    deployed: Version | None = None

    def deploy(self, now: int) -> Version:
        """Make the draft the deployed version."""
        number = self.deployed.number + 1 if self.deployed else 1
        self.deployed = Version(str(uuid.uuid4()), number, now, self.content)
        return self.deployed


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
    """All Actions of a tenant, and per trigger the complete ordered list of what is bound to it."""

    by_id: dict[str, Action] = field(default_factory=dict)
    bindings: dict[str, list[Binding]] = field(default_factory=dict)

    def is_bound(self, action: Action) -> bool:
        """Whether any trigger has it."""
        return any(binding.action is action for bound in self.bindings.values() for binding in bound)

    def remove(self, action: Action) -> None:
        """Delete an Action with its bindings."""
        del self.by_id[action.id]
        for trigger_id, bound in self.bindings.items():
            self.bindings[trigger_id] = [binding for binding in bound if binding.action is not action]


def nanoseconds(tenant: Tenant) -> int:
    """The tenant's time."""
    return tenant.now() * 1_000_000 + time.time_ns() % 1_000_000


def build_status(content: Content, tenant: Tenant) -> str:
    """``pending`` for the first half of the build's time, then ``building``, then ``built``."""
    duration = build_nanoseconds(tenant)
    elapsed = nanoseconds(tenant) - content.build_started
    if elapsed >= duration:
        return "built"
    return "pending" if elapsed < duration / 2 else "building"


def build_nanoseconds(tenant: Tenant) -> int:
    """How long a build takes."""
    return tenant.switches["action-build-seconds"] * 1_000_000_000


def remember_browser_choice(tenant: Tenant) -> bool | None:
    """What the Actions that are deployed and bound to ``post-login`` say about remembering the browser.

    A reader of code, not an interpreter: it finds calls such as
    ``api.multifactor.enable("any", {allowRememberBrowser: false})`` with literal arguments, wherever they stand and
    under whatever condition, and leaves out comments. The last one in the order of the bindings wins. A call without
    the option means False, its documented default; ``enable("none")`` and a call with options that are no literal say
    nothing.

    :returns: whether the login page offers to remember the browser; None when no Action says anything.
    """
    choice = None
    for binding in tenant.actions.bindings.get(POST_LOGIN, ()):
        version = binding.action.deployed
        if version is not None and build_status(version.content, tenant) == "built":
            said = choices(version.content.code)
            choice = said[-1] if said else choice
    return choice


def choices(code: str) -> list[bool]:
    """What each readable call of ``api.multifactor.enable`` in the code says, in the order of the text."""
    plain = _STRING_OR_COMMENT.sub(lambda match: match[1] or " ", code)
    found = []
    for match in _ENABLE.finditer(plain):
        if match[2] != "none":
            option = _ALLOW_REMEMBER.search(match[3] or "")
            found.append(option is not None and option[1] == "true")
    return found


def changed(content: Content, now: int, **values) -> Content:
    """The content with other values, to be built again."""
    return replace(content, **values, build_started=now)


def iso_nanoseconds(moment: int) -> str:
    """``2025-01-13T06:20:55.301776679Z``, as Actions write times."""
    seconds, rest = divmod(moment, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
