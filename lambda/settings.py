# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a deployment fixes (the environment) and what an invocation may choose (the event). Nothing is in both."""

from __future__ import annotations

from typing import Annotated, Callable, Literal, Mapping, Sequence, TypeVar

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import MOST_THREADS, Order
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.population import Scope
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, ValidationError

# A host name, with a port where tests need one.
_DOMAIN = r"^[a-z0-9_][a-z0-9._-]*(:[0-9]+)?$"
# A name, or the ARN or alias of an access point.
_BUCKET = r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9]|arn:[a-zA-Z0-9:/_-]+)$"
_POLICY = r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.ya?ml)?$"
_RUN = r"^[0-9]{6,}-[0-9]{8}T[0-9]{6}Z$"
_TOPIC = r"^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]+:[A-Za-z0-9_-]+$"
_KEY = r"^(arn:[a-z-]+:kms:.+|alias/.+|[0-9a-f-]{36})$"
_BUS = r"^[A-Za-z0-9._:/-]+$"
_PREFIX = "AUDIT_"


def _not_a_truth_value(number: object) -> object:
    if isinstance(number, bool):
        raise ValueError  # pydantic would take true for 1
    return number


def _truth(word: object) -> object:
    if word not in ("true", "false"):
        raise ValueError
    return word == "true"


def _with_slash(prefix: str) -> str:
    return prefix if prefix.endswith("/") else prefix + "/"


class Settings(BaseModel):
    """What the template fixes. A description says what the value has to be, for the error that names it. What is empty is left out.

    :ivar tenant: its domain
    :ivar secret: with the tenant's credentials: a secret of Secrets Manager, or ``ssm:`` and the name of a SecureString
    :ivar bucket: where everything is kept
    :ivar prefix: put before every key; ends with a slash
    :ivar policy: the file below ``policies/`` in place of the policy in the package
    :ivar rate_limit_share: the part of the tenant's bucket of requests to use
    :ivar max_rate: the most requests each second; None for as many as the tenant has left
    :ivar threads: how many requests may be under way at once
    :ivar topic: of the message about each run
    :ivar event_bus: for an event about each run
    :ivar security_hub: whether findings go there
    :ivar digest: when there is a message: if something changed, or always
    :ivar kms_key: encrypts what is stored, in place of the bucket's own default
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    tenant: str = Field(pattern=_DOMAIN, description="the domain of a tenant, such as example.eu.auth0.com")
    secret: str = Field(min_length=1, description="the name or ARN of a secret, or ssm: and the name of a parameter")
    bucket: str = Field(pattern=_BUCKET, description="the name of a bucket")
    prefix: Annotated[str, AfterValidator(_with_slash)] = Field(
        "", pattern="^([^/].*)?$", description="a prefix of keys, without a slash in front"
    )
    policy: str | None = Field(None, pattern=_POLICY, description="the name of a file below policies/")
    rate_limit_share: Annotated[float, BeforeValidator(_not_a_truth_value)] = Field(
        0.5, gt=0, le=1, description="a number above 0 and at most 1"
    )
    max_rate: Annotated[float | None, BeforeValidator(_not_a_truth_value)] = Field(
        None, gt=0, allow_inf_nan=False, description="a number of requests each second, above 0"
    )
    threads: int = Field(Order.threads, ge=1, le=MOST_THREADS, description="a whole number from 1 to %d" % MOST_THREADS)
    topic: str | None = Field(None, pattern=_TOPIC, description="the ARN of an SNS topic")
    event_bus: str | None = Field(None, pattern=_BUS, description="the name or ARN of an event bus")
    security_hub: Annotated[bool, BeforeValidator(_truth)] = Field(False, description="true or false")
    digest: Literal["changes", "always"] = Field("changes", description="changes or always")
    kms_key: str | None = Field(None, pattern=_KEY, description="the ARN, the alias or the ID of a KMS key")


Next = Literal["read", "report", "end"]
_Count = Annotated[int, Field(ge=0)]
Status = Literal["running", "complete", "partial", "already running", "planned"]


class State(BaseModel):
    """What a segment returns, and the next one gets. As JSON it is below 1 KB.

    :ivar run: None while there is none
    :ivar next: what comes next
    :ivar wait: seconds until that makes sense
    :ivar segment: how many there were, this one included
    :ivar read: how many users the run has read, or tried
    :ivar to_read: how many it has to read
    :ivar partial: whether the reports, if there are any, lack somebody
    :ivar idle: how many segments in a row stored nothing new, although the tenant answered
    :ivar held: for how many seconds in a row the tenant was away, or its rate limit let nothing through
    :ivar hint: what to do about a run that is already running
    :ivar worker: who has the run; another execution that goes on with this state is the same worker
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    run: Annotated[str | None, Field(pattern=_RUN)] = None
    next: Next = "read"
    wait: _Count = 0
    segment: _Count = 0
    read: _Count = 0
    to_read: _Count = 0
    partial: bool = False
    status: Status = "running"
    idle: _Count = 0
    held: _Count = 0
    hint: str | None = None
    worker: Annotated[str, Field(max_length=64)] = ""


class Ask(BaseModel):
    """What an event may choose.

    :ivar users: IDs and e-mail addresses in place of everybody
    :ivar full: read everybody, also who has not changed
    :ivar policy: another policy than that of the template
    :ivar dry_run: tell what would be read
    :ivar report_only: make the reports again
    :ivar execution: who asks: an ID of the execution, or of the invocation where there is none
    :ivar state: what the segment before returned
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    tenant: str | None = Field(None, description="a domain")
    users: tuple[Annotated[str, Field(min_length=1)], ...] | None = Field(
        None, min_length=1, description="a list of user IDs and e-mail addresses"
    )
    full: StrictBool = Field(False, description="true or false")
    policy: str | None = Field(None, pattern=_POLICY, description="the name of a file below policies/")
    dry_run: StrictBool = Field(False, description="true or false")
    report_only: StrictBool = Field(False, description="true or false")
    execution: str | None = Field(None, min_length=1, description="the ID of an execution")
    state: State | None = Field(None, description="what a segment returned")

    @property
    def is_audit(self) -> bool:
        """Whether it is the audit that others rely on, and not a question of whoever invokes."""
        return not (self.users or self.dry_run or self.report_only)

    @property
    def scope(self) -> Scope:
        """Who is in the run."""
        return _scope(self.users or ())


_Model = TypeVar("_Model", bound=BaseModel)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from the environment.

    :raises ConfigurationError: names everything that is missing, wrong or unknown
    """
    given = {
        name.removeprefix(_PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(_PREFIX) and value.strip()
    }
    if "tenant" in given:
        given["tenant"] = given["tenant"].lower()
        given.setdefault("prefix", given["tenant"])
    return _checked(Settings, given, lambda name: _PREFIX + name.upper(), "Put thresholds into a policy file.")


def read_event(event: object, settings: Settings) -> Ask:
    """What the event asks for.

    :raises ConfigurationError: names everything that is wrong, unknown, or not for an event to choose
    """
    if not isinstance(event, dict):
        raise ConfigurationError("The event is not an object", hint="Invoke with {}, or with what the run is to do.")
    ask = _checked(Ask, event, lambda name: "The event's %s" % name, "Everything else is set by the deployment.")
    if ask.tenant is not None and ask.tenant.lower() != settings.tenant:
        raise ConfigurationError(
            "The event's tenant %r is not that of this function, %s" % (ask.tenant, settings.tenant),
            hint="Each tenant has a deployment of its own. Invoke that one.",
        )
    chosen = [name for name in ("users", "full", "dry_run") if getattr(ask, name)]
    if ask.report_only and chosen:
        raise ConfigurationError(
            "The event's report_only does not go together with %s" % " and ".join(chosen),
            hint="Reports are made again of all that the last run read.",
        )
    for number, user in enumerate(ask.users or (), 1):
        try:
            _scope((user,))
        except ConfigurationError:
            # It may be a person's name, and this goes to the log.
            raise ConfigurationError(
                "The event's users has an entry, number %d, that is neither a user ID nor an e-mail address" % number
            ) from None
    return ask


def _scope(users: Sequence[str]) -> Scope:
    """These users. What has a ``|`` is an ID, as no address of Auth0's has one."""
    return Scope(
        user_ids=tuple(each for each in users if "|" in each or "@" not in each),
        emails=tuple(each for each in users if "|" not in each and "@" in each),
    )


def _checked(model: type[_Model], given: Mapping[str, object], named: Callable[[str], str], hint: str) -> _Model:
    """The values in their form.

    :param named: what a person calls the value of this name
    :param hint: what to do about a name that there is not
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        # What is unknown in a value makes the value wrong.
        wrong = {str(each["loc"][0]): each["type"] if len(each["loc"]) == 1 else "wrong" for each in error.errors()}
    problems, unknown = [], ""
    for name, problem in wrong.items():
        if problem == "extra_forbidden":
            problems.append("%s is not a setting" % named(name))
            unknown = "Settings: %s. %s" % (", ".join(model.model_fields), hint)
        elif problem == "missing":
            problems.append("%s is not set" % named(name))
        else:
            # Somebody may have put the secret itself where its name belongs. Users are named in no log.
            shown = named(name) if name in _NOT_SHOWN else "%s %r" % (named(name), given[name])
            problems.append("%s is not %s" % (shown, model.model_fields[name].description))
    raise ConfigurationError(". ".join(problems), hint=unknown or None)


_NOT_SHOWN = ("secret", "users", "state")
