# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of a run: environment variables, each overridden by the event's key of the same name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Mapping

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import (
    LONGEST_DAYS,
    SECOND_FACTORS,
    Policy,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.tokens import Application
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

# Seconds for one attempt of a request. Short, because what is in flight has to end before the function's deadline does.
REQUEST_TIMEOUT = 8.0

# A name, or the ARN or alias of an access point.
_BUCKET = r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9]|arn:[a-zA-Z0-9:/_-]+)$"


def _not_a_truth_value(number: object) -> object:
    if isinstance(number, bool):
        raise ValueError  # pydantic would take true for 1
    return number


def _split(words: object) -> object:
    return words.split(",") if isinstance(words, str) else words


def _second_factors(words: tuple[str, ...]) -> tuple[str, ...]:
    distinct = set(words) - {""}
    if distinct - SECOND_FACTORS:
        raise ValueError
    return tuple(sorted(distinct))


def _with_slash(prefix: str) -> str:
    return prefix if not prefix or prefix.endswith("/") else prefix + "/"


_Days = Annotated[
    int,
    BeforeValidator(_not_a_truth_value),
    Field(ge=1, le=LONGEST_DAYS, description="a whole number of days from 1 to %d" % LONGEST_DAYS),
]


class Settings(BaseModel):
    """What a run needs to know. A description says what the value has to be, for the error that names it.

    :ivar secret: with the tenant's credentials
    :ivar bucket: where reports go
    :ivar prefix: put before every key; empty, or ends with a slash
    :ivar rate_limit_share: the part of the tenant's bucket of requests to use
    :ivar max_rate: the most requests each second; None for as many as the tenant has left
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    secret: str = Field(min_length=1, description="the name or ARN of a secret")
    bucket: str = Field(pattern=_BUCKET, description="the name of a bucket")
    prefix: Annotated[str, AfterValidator(_with_slash)] = Field(
        "", pattern="^([^/].*)?$", description="a prefix of keys, without a slash in front"
    )
    rate_limit_share: Annotated[float, BeforeValidator(_not_a_truth_value)] = Field(
        0.5, gt=0, le=1, description="a number above 0 and at most 1"
    )
    max_rate: Annotated[float | None, BeforeValidator(_not_a_truth_value)] = Field(
        None, gt=0, allow_inf_nan=False, description="a number of requests each second, above 0"
    )
    stale_days: _Days = Policy.stale_days
    never_used_days: _Days = Policy.never_used_days
    unconfirmed_days: _Days = Policy.unconfirmed_days
    weak_factors: Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_second_factors)] = Field(
        Policy.weak_factors, description="a list of second factors (%s)" % ", ".join(sorted(SECOND_FACTORS))
    )

    @property
    def policy(self) -> Policy:
        """The thresholds."""
        return Policy(
            stale_days=self.stale_days,
            never_used_days=self.never_used_days,
            unconfirmed_days=self.unconfirmed_days,
            weak_factors=self.weak_factors,
        )


_Text = Annotated[str, Field(min_length=1)]


class _Secret(BaseModel):
    """The JSON in the secret. It may have other keys, too."""

    domain: _Text
    client_id: _Text
    client_secret: _Text
    base_url: str | None = None


_PROBLEMS = {"missing": "missing", "string_too_short": "empty"}


@dataclass(frozen=True)
class Credentials:
    """How to reach the tenant and as whom."""

    connection: Connection
    application: Application


def read_settings(environment: Mapping[str, str], event: object) -> Settings:
    """Settings from the environment, the event's keys first.

    :raises ConfigurationError: names everything that is missing, wrong or unknown
    """
    if not isinstance(event, dict):
        raise ConfigurationError("The event is not an object", hint="Invoke with {} or with the settings to override.")
    variables = {name: "AUDIT_" + name.upper() for name in Settings.model_fields}
    given = {name: environment[variable] for name, variable in variables.items() if variable in environment} | event
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        wrong = {str(each["loc"][0]): each["type"] for each in error.errors()}
    problems, hint = [], None
    for name, problem in wrong.items():
        source = "The event's %s" % name if name in event else variables[name]
        if problem == "extra_forbidden":
            problems.append("%s is not a setting" % source)
            hint = "Settings: %s." % ", ".join(variables)
        elif problem == "missing":
            problems.append("%s is not set" % source)
        else:
            # Somebody may have put the secret itself where its name belongs.
            shown = source if name == "secret" else "%s %r" % (source, given[name])
            problems.append("%s is not %s" % (shown, Settings.model_fields[name].description))
    raise ConfigurationError(". ".join(problems), hint=hint)


def read_credentials(name: str, secret: object) -> Credentials:
    """Credentials from a secret of the form ``{"domain", "client_id", "client_secret", "base_url"?}``.

    :param name: name of the secret, for messages; they never quote its values
    :param secret: the parsed JSON
    :raises ConfigurationError: the secret is not of this form, or the address cannot be right
    """
    try:
        read = _Secret.model_validate(secret)
    except ValidationError as error:
        wrong = {".".join(map(str, each["loc"])): each["type"] for each in error.errors()}
        problems = ["%s is %s" % (key, _PROBLEMS.get(type_, "not text")) for key, type_ in wrong.items() if key]
    else:
        try:
            connection = Connection.from_options(
                auth0_domain=read.domain, base_url=read.base_url, timeout=REQUEST_TIMEOUT
            )
        except ConfigurationError:
            # Its message quotes the address, and two values of a secret are easily swapped.
            problems = ["domain is not a host name, or base_url is not an address that begins with https://"]
        else:
            connection.secrets.add(read.client_secret)
            return Credentials(connection, Application(read.client_id, read.client_secret))
    raise ConfigurationError(
        "The secret %s cannot be used: %s" % (name, ", ".join(problems) or "it is not a JSON object"),
        hint='It must be JSON of the form {"domain": ..., "client_id": ..., "client_secret": ...}.',
    )
