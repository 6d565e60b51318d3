# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of a run: environment variables, each overridden by the event's key of the same name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable, Mapping

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.tokens import Application

# Seconds for one attempt of a request. Short, because what is in flight has to end before the function's deadline does.
REQUEST_TIMEOUT = 8.0


@dataclass(frozen=True)
class Settings:
    """What a run needs to know.

    :ivar secret: name or ARN of the secret with the tenant's credentials
    :ivar bucket: where reports go
    :ivar prefix: put before every key; empty, or ends with a slash
    :ivar rate_limit_share: part of the tenant's request limit to use, above 0, at most 1
    """

    secret: str
    bucket: str
    prefix: str
    rate_limit_share: float
    policy: Policy


@dataclass(frozen=True)
class Credentials:
    """How to reach the tenant and as whom."""

    connection: Connection
    application: Application


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


def _bucket(value: object) -> str:
    bucket = _text(value)
    # A name, or the ARN or alias of an access point.
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]|arn:[a-zA-Z0-9:/_-]+", bucket):
        raise ValueError
    return bucket


def _prefix(value: object) -> str:
    if not isinstance(value, str) or value.startswith("/"):
        raise ValueError
    return value if not value or value.endswith("/") else value + "/"


def _share(value: object) -> float:
    share = float(value)
    if isinstance(value, bool) or not 0 < share <= 1:
        raise ValueError
    return share


def _days(value: object) -> int:
    if isinstance(value, (bool, float)):
        raise ValueError
    return int(value)


def _words(value: object) -> tuple[str, ...]:
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError
    return tuple(sorted({word.strip() for word in words} - {""}))


# How each setting is read, and what it is; a variable is always text, a key of the event may be a number or a list.
_SETTINGS: dict[str, tuple[Callable[[object], object], str]] = {
    "secret": (_text, "the name or ARN of a secret"),
    "bucket": (_bucket, "the name of a bucket"),
    "prefix": (_prefix, "a prefix of keys (no slash in front)"),
    "rate_limit_share": (_share, "a number above 0 and at most 1"),
    "stale_days": (_days, "a whole number of days"),
    "never_used_days": (_days, "a whole number of days"),
    "unconfirmed_days": (_days, "a whole number of days"),
    "weak_factors": (_words, "a list of factors"),
}
_THRESHOLDS = ("stale_days", "never_used_days", "unconfirmed_days", "weak_factors")


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return "AUDIT_" + name.upper()


def read_settings(environment: Mapping[str, str], event: object) -> Settings:
    """Settings from the environment, the event's keys first.

    :raises ConfigurationError: a value is missing or wrong, or the event has a key that is no setting
    """
    if not isinstance(event, dict):
        raise ConfigurationError("The event is not an object", hint="Invoke with {} or with the settings to override.")
    unknown = sorted(set(event) - set(_SETTINGS))
    if unknown:
        raise ConfigurationError(
            "The event has %s, which is no setting" % ", ".join(map(repr, unknown)),
            hint="Settings: %s." % ", ".join(_SETTINGS),
        )
    values = {}
    for name, (read, meaning) in _SETTINGS.items():
        if name not in event and variable(name) not in environment:
            continue
        given = event[name] if name in event else environment[variable(name)]
        try:
            values[name] = read(given)
        except (TypeError, ValueError):
            raise ConfigurationError("%s %r is not %s" % (_source(name, event), given, meaning)) from None
    for name in ("secret", "bucket"):
        if name not in values:
            raise ConfigurationError("%s is not set" % variable(name))
    return Settings(
        secret=values["secret"],
        bucket=values["bucket"],
        prefix=values.get("prefix", ""),
        rate_limit_share=values.get("rate_limit_share", 0.5),
        policy=Policy(**{name: values[name] for name in _THRESHOLDS if name in values}),
    )


def _source(name: str, event: dict) -> str:
    return "The event's %s" % name if name in event else variable(name)


def read_credentials(name: str, secret: object) -> Credentials:
    """Credentials from a secret of the form C({"domain", "client_id", "client_secret", "base_url"?}).

    :param name: name of the secret, for messages; they never quote its values
    :param secret: the parsed JSON
    :raises ConfigurationError: a key is missing or no text, or the address cannot be right
    """
    secret = secret if isinstance(secret, dict) else {}
    missing = [
        key
        for key in ("domain", "client_id", "client_secret")
        if not isinstance(secret.get(key), str) or not secret[key]
    ]
    if missing:
        raise ConfigurationError(
            "The secret %s lacks %s" % (name, ", ".join(missing)),
            hint='It is JSON of the form {"domain": …, "client_id": …, "client_secret": …}.',
        )
    base_url = secret.get("base_url")
    if base_url is not None and not isinstance(base_url, str):
        raise ConfigurationError("The secret %s has a base_url that is no text" % name)
    connection = Connection.from_options(auth0_domain=secret["domain"], base_url=base_url, timeout=REQUEST_TIMEOUT)
    return Credentials(connection, Application(secret["client_id"], secret["client_secret"]))
