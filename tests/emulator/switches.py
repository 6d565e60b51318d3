# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Named switches: for what a tenant's administrator configures, and for what Auth0 does not document. Presets set several of them.

The README lists every switch with its meaning and evidence; a test compares the two lists.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .yaml_file import FileMistake, compose, read_file

FACTORS = ("otp", "phone", "push-notification", "email", "webauthn-roaming", "webauthn-platform")
_PRESETS = Path(__file__).parent / "presets"
PRESETS = tuple(sorted(path.stem for path in _PRESETS.glob("*.yml")))
Value = bool | int | str | tuple


@dataclass(frozen=True)
class Switch:
    """One switch: its default, and the values it may take (an empty tuple: any value of the default's type).

    ``highest`` is the largest value of a whole number without choices; the default is 31 years of seconds.

    A ``bool`` is written ``on``/``off``, a ``tuple`` as a comma-separated list (empty text: the empty list).
    """

    default: Value
    choices: tuple = ()
    highest: int = 1_000_000_000

    @property
    def expected(self) -> str:
        """What its value may be, in words."""
        if isinstance(self.default, bool):
            return "on or off"
        if isinstance(self.default, tuple):
            return f"a comma-separated list of {', '.join(self.choices)}"
        if isinstance(self.default, int) and not self.choices:
            return f"a whole number up to {self.highest}"
        return " or ".join(map(str, self.choices)) or "a text"

    def parse(self, text: str) -> Value:
        """The value written as ``text``; raises ``ValueError`` that names the allowed values."""
        value = self._value(text)
        if value is None:
            raise ValueError(f"expected {self.expected}")
        return value

    def _value(self, text: str) -> Value | None:
        """The value; None if it is not allowed."""
        if isinstance(self.default, bool):
            return {"on": True, "off": False}.get(text)
        if isinstance(self.default, tuple):
            values = _parts(text)
            return values if set(values) <= set(self.choices) else None
        if isinstance(self.default, int):
            number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else -1
            return number if number in (self.choices or range(self.highest + 1)) else None
        return text if not self.choices or text in self.choices else None


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


# Percent of the users by kind, of a tenant such as companies have; users/kinds.py says what the kinds are. The rest are "database".
MIXED = (
    "google-oauth2:12", "samlp:8", "samlp-without-email:2", "waad:8", "adfs:3", "oidc:4", "sms:5", "email:4", "username:4", "phone:3",
    "linked:5", "imported:2",
)  # fmt: skip
_LABEL = "(?!-)[a-z0-9-]{1,63}(?<!-)"
_HOST_NAME = re.compile(rf"({_LABEL}\.)+(?=.*[a-z]){_LABEL}", re.ASCII)
KINDS = ("database", *(share.partition(":")[0] for share in MIXED))


class Shares(Switch):
    """How many percent of the users are of which kind: such as ``samlp:30,sms:10``, or ``mixed``."""

    expected = f"mixed, or such as samlp:30,sms:10 of {', '.join(KINDS)}, with no more than 100 percent together"

    def _value(self, text: str) -> tuple | None:
        if text == "mixed":
            return MIXED
        shares = _parts(text)
        pairs = [share.partition(":")[::2] for share in shares]
        names, percents = [name for name, _percent in pairs], [percent for _name, percent in pairs]
        if not set(names) <= set(KINDS) or len(set(names)) < len(names):
            return None
        right = all(re.fullmatch("[0-9]{1,3}", percent) for percent in percents) and sum(map(int, percents)) <= 100
        return shares if right else None


class Domains(Switch):
    """Host names."""

    expected = "host names in lower case such as login.example.com, each once, with commas between them"

    def _value(self, text: str) -> tuple | None:
        names = _parts(text)
        right = all(len(name) < 254 and _HOST_NAME.fullmatch(name) for name in names) and len(set(names)) == len(names)
        return names if right else None


SWITCHES = {
    # The tenant's configuration.
    "adaptive-mfa": Switch(True),
    "action-build-outcome": Switch("built", ("built", "failed")),
    "brute-force-protection": Switch(True),
    "brute-force-threshold": Switch(10),
    "compression": Switch(False),
    "custom-domains": Domains(("login.example.com",)),
    "default-directory": Switch("Username-Password-Authentication"),
    "enabled-factors": Switch(FACTORS, FACTORS),
    "latency-by-path": Switch(False),
    "latency-ms": Switch(0),
    "latency-spread": Switch(0),
    "latency-tail": Switch(0, highest=40),
    "message-types": Switch(("sms", "voice"), ("sms", "voice")),
    "mfa-policy": Switch("all-applications", ("all-applications", "never")),
    "password-policy": Switch("good", ("none", "low", "fair", "good", "excellent")),
    "recovery-code-factor": Switch(True),
    "request-id": Switch(False),
    "rotating-applications": Switch(("spa",), ("app", "spa")),
    "session-management": Switch(True),
    "user-kinds": Shares(("google-oauth2:12",)),
    "user-quotas": Switch(True),
    # Undocumented behavior.
    "action-bind-delay-seconds": Switch(0),
    "action-build-seconds": Switch(2),
    "action-deploy-status": Switch(200, (200, 202)),
    "already-enrolled-status": Switch(400, (400, 403)),
    "authenticator-details": Switch(False),
    "authentication-methods-group": Switch("other", ("other", "read-users")),
    "bind-undeployed-status": Switch(400, (400, 200)),
    "delete-all-unknown-user-status": Switch(204, (204, 404)),
    "deploy-unbuilt-status": Switch(400, (400, 200)),
    "disabled-factor": Switch("challenged", ("challenged", "passed-over")),
    "existing-action-name-status": Switch(400, (400, 201)),
    "expired-token-status": Switch(401, (401, 403)),
    "export-outcome": Switch("completed", ("completed", "failed")),
    "export-seconds": Switch(2),
    "failed-build-errors": Switch(False),
    "foreign-mfa-token-status": Switch(400, (400, 403)),
    "implicit-email-delete-status": Switch(400, (400, 403, 404)),
    "longest-address": Switch(8192),
    "log-delay": Switch(0),
    "malformed-mfa-token-status": Switch(401, (401, 403)),
    "message-types-without-phone-status": Switch(200, (200, 404)),
    "method-order": Switch("recorded", ("recorded", "shuffled")),
    "mfa-on-refresh": Switch(False),
    "mfa-required-status": Switch(403, (403, 401)),
    "mfa-requirements": Switch(False),
    "mfa-token-lifetime": Switch(300),
    "mismatched-oob-code-status": Switch(400, (400, 403)),
    "missing-custom-domain-status": Switch(200, (200, 409)),
    "missing-binding-code-status": Switch(400, (400, 403)),
    "missing-method-status": Switch(404, (404, 204)),
    "my-account-masked": Switch(False),
    "my-account-missing-status": Switch(404, (404, 400)),
    "otp-reuse": Switch(False),
    "poll-interval": Switch(5),
    "post-equal-method-status": Switch(409, (409, 201)),
    "provider-delete": Switch("otp", ("otp", "nothing")),
    "put-keeps-ids": Switch(False),
    "recovery-code-delete-status": Switch(204, (204, 400)),
    "refill": Switch("continuous", ("continuous", "window")),
    "regenerate-without-factors-status": Switch(200, (200, 404)),
    "retry-after": Switch(False),
    "revocation-delay": Switch(0),
    "search-delay": Switch(0),
    "search-total": Switch("all", ("all", "capped")),
    "slow-down-status": Switch(400, (400, 429)),
    "social-users": Switch("refused", ("refused", "created")),
    "unconfirmed-enrollment": Switch(False),
    "unconfirmed-in-management": Switch(False),
    "unknown-custom-domain-status": Switch(400, (400, 404, 409)),
    "unenrolled-challenge": Switch(
        "unsupported_challenge_type", ("unsupported_challenge_type", "association_required")
    ),
    "wrong-binding-code-status": Switch(403, (403, 400)),
    "wrong-recovery-code-status": Switch(403, (403, 400)),
}


# What the tenant starts with; an administrator changes it later, or nobody does.
OF_THE_START = (
    "brute-force-protection", "brute-force-threshold", "default-directory", "enabled-factors", "message-types", "mfa-policy",
    "recovery-code-factor", "user-kinds",
)  # fmt: skip


def written(value: Value) -> str:
    """A switch's value as on the command line."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def read_switches(assignments: list[str], preset: str | None = None) -> dict[str, Any]:
    """All switches: the defaults, changed by a preset, changed by ``NAME=VALUE`` texts.

    :param preset: one of :data:`PRESETS`, or the path of a file like theirs.

    Raises ``ValueError`` whose text is one line that names what is wrong.
    """
    values = {name: switch.default for name, switch in SWITCHES.items()}
    if preset is not None:
        values |= read_preset(preset)
    given = [assignment.partition("=") for assignment in assignments]
    for assignment, (name, separator, _text) in zip(assignments, given):
        if not separator:
            raise ValueError(f"switch '{assignment}': expected NAME=VALUE")
        if sum(other == name for other, *_value in given) > 1:
            raise ValueError(f"switch '{name}': is given twice")
    return values | {name: _value(name, text) for name, _separator, text in given}


def listed() -> str:
    """Every switch with its default and what its value may be, a line each, for people."""
    lines = (f"{name}={written(switch.default)}  ({switch.expected})" for name, switch in sorted(SWITCHES.items()))
    return "\n".join(lines)


def read_preset(preset: str) -> dict[str, Any]:
    """The values by switch name in the preset of this name or in the file at this path; raises ``ValueError``."""
    path = _PRESETS / f"{preset}.yml" if preset in PRESETS else Path(preset)
    if not path.exists():
        raise FileMistake(f"preset '{preset}': no such file, and the known names are {', '.join(PRESETS)}")
    # Without types, so that on, off and numbers are read as the command line writes them.
    expected = "lines such as 'otp-reuse: on'"
    document = compose(read_file(str(path)), preset, yaml.BaseLoader, expected)
    if not isinstance(document, yaml.MappingNode):
        raise FileMistake(f"{preset}:{document.start_mark.line + 1}: expected {expected}")
    values: dict[str, Any] = {}
    for key, value in document.value:
        where = f"{preset}:{key.start_mark.line + 1}"
        if not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode):
            raise ValueError(f"{where}: expected a switch and its value, such as 'otp-reuse: on'")
        if key.value in values:
            raise ValueError(f"{where}: switch '{key.value}' is there twice")
        try:
            values[key.value] = _value(key.value, value.value)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
    return values


def _value(name: str, text: str) -> Value:
    if name not in SWITCHES:
        near = difflib.get_close_matches(name, SWITCHES, n=3)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise ValueError(f"switch '{name}': unknown; {hint}python -m tests.emulator --list-switches lists all")
    try:
        return SWITCHES[name].parse(text)
    except ValueError as error:
        raise ValueError(f"switch '{name}': {error}, not '{text}'") from None
