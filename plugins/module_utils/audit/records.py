# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an audit writes as JSON: what was read of each user, a row for each in ``users.jsonl.gz``, and ``summary.json``."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from ..auth0.api.profiles import Identity

# Version of the forms below. What an earlier version stored lacks members that came later.
SCHEMA_VERSION = 3

Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")

# How well a user is protected: elsewhere where the identity provider sees to it, unknown where nobody can tell, because the
# authenticators could not be read or because there is none but of a type that this version does not know.
State = Literal["strong", "weak", "none", "elsewhere", "unknown"]
STATES: tuple[State, ...] = ("strong", "weak", "none", "elsewhere", "unknown")

# Whether the policy means a user: as everybody, out of scope, or in a section of their own, where nothing counts for
# ``fail_on``.
Place = Literal["in", "out", "aside"]

# What became of a finding since the run before. A finding is resolved only where the user was read and is in scope, and the
# rule still asks. ``not-asked``: the rule is off by now, its threshold higher, or a worse finding in its place.
Status = Literal["new", "persisting", "reopened", "resolved", "not-read", "out-of-scope", "gone", "not-asked"]
STATUSES: tuple[Status, ...] = (
    "new",
    "persisting",
    "reopened",
    "resolved",
    "not-read",
    "out-of-scope",
    "gone",
    "not-asked",
)

# The dates that an age can be counted from: those of an authenticator, and of an account its creation and last login.
AgeFrom = Literal["last_auth_at", "enrolled_at", "created_at", "last_login"]
AGE_FROM: tuple[AgeFrom, ...] = ("last_auth_at", "enrolled_at", "created_at")

# Where the users of a run were taken from.
EXPORT, SEARCH, GIVEN = "export", "search", "given"
SOURCES = (EXPORT, SEARCH, GIVEN)


class ProfileRow(TypedDict):
    """A user as the list of users shows it.

    ``unreadable`` names what Auth0 gave in a form that nobody can read: those members are None, which does not mean that there
    is nothing.
    """

    user_id: str
    email: str | None
    name: str | None
    created_at: str | None
    last_login: str | None
    blocked: bool
    identities: list[Identity]
    unreadable: list[str]


class ProfileRecord(ProfileRow):
    """The same as a run keeps it, with the mark of change that only exports have.

    ``app_metadata`` is no more of it than the policy asks for, and schema 2 lacks it.
    """

    multifactor_last_modified: str | None
    app_metadata: dict[str, Any]


class _Known(TypedDict):
    id: str
    factor: str
    confirmed: bool


class AuthenticatorRecord(_Known, total=False):
    """An authenticator as it was read. What it lacks is left out."""

    channels: list[str]
    channel_ids: list[str]
    link_id: str
    name: str
    phone_number: str
    email: str
    created_at: str
    enrolled_at: str
    last_auth_at: str
    preferred_method: str
    key_id: str
    unread_dates: list[str]


class Had(TypedDict):
    """A second factor or a recovery code that an earlier reading found."""

    id: str
    factor: str
    link_id: str | None


class PlanRow(TypedDict):
    """A user in the plan of a run; ``before`` and ``before_at`` as in :class:`Record`."""

    number: int
    profile: ProfileRecord
    before: list[Had] | None
    before_at: str | None


class OutRow(TypedDict):
    """A user who is out of scope by the policy of a run."""

    profile: ProfileRecord


class Record(TypedDict):
    """What was read of one user, and nothing that depends on the policy or on the day of the report.

    ``number`` is the user's place in the plan of the run. ``authenticators`` is None for a user who could not be read, and
    ``error`` says why. A user who is ``gone`` was deleted after the plan was made. ``before`` is what the reading before this one
    found, at ``before_at``; both are None where there was none or where this reading was carried over, and schema 2 lacks both.
    """

    number: int
    profile: ProfileRecord
    read_at: str
    authenticators: list[AuthenticatorRecord] | None
    error: str | None
    gone: bool
    before: list[Had] | None
    before_at: str | None


class ExemptedRow(TypedDict):
    """Why a finding does not count: the exemption that fits it. ``expires`` is its last day."""

    reason: str
    owner: str
    expires: str


Action = Literal["remove", "ticket", "rotate"]


class ActedNote(TypedDict):
    """What a remediation did last about a finding, and when: an authenticator was removed, the user was mailed an enrollment
    ticket, or the recovery code was rotated.
    """

    action: Action
    at: str


class FindingRow(TypedDict):
    """One thing that is wrong with a user. The IDs are as in :mod:`.findings`.

    ``warning``: the age has not reached the threshold, and will. ``first_seen`` is the time of the first run that found it.
    ``acted`` is what was done about it before the report; None where nothing was.
    """

    id: str
    rule: str
    severity: Severity
    warning: bool
    authenticator_id: str | None
    link_id: str | None
    factor: str | None
    age_days: int | None
    age_from: AgeFrom | None
    exempted: ExemptedRow | None
    status: Status
    first_seen: str
    acted: ActedNote | None


class AuthenticatorRow(TypedDict):
    """One authenticator as the Management API shows it. Times are ISO 8601 in UTC.

    ``protects``: it is a second factor, confirmed, and not switched off in the tenant. ``unreadable`` names the dates that nobody
    can read.
    """

    id: str
    factor: str
    confirmed: bool
    protects: bool
    name: str | None
    channels: list[str]
    phone_number: str | None
    email: str | None
    created_at: str | None
    enrolled_at: str | None
    last_auth_at: str | None
    unreadable: list[str]
    age_days: int | None
    age_from: AgeFrom | None


class UserRow(ProfileRow):
    """One user, judged. ``error`` says why the authenticators could not be read; None where they were. ``read_at`` says when.

    ``why`` says in words what put the user out of scope or aside. ``by_idp``: the identity provider does MFA for this user.
    ``in_grace``: the account is too new to need a second factor. ``connections`` are the names of all connections of the user.
    """

    schema_version: int
    tenant: str
    read_at: str
    protection: State
    place: Place
    why: str | None
    by_idp: bool
    privileged: bool
    break_glass: bool
    in_grace: bool
    connections: list[str]
    error: str | None
    authenticators: list[AuthenticatorRow]
    findings: list[FindingRow]


class SeenDates(TypedDict):
    """The dates of an authenticator as the audit saw them at ``read_at``: what was used since then is another case."""

    read_at: str
    created_at: str | None
    enrolled_at: str | None
    last_auth_at: str | None


class FoundRow(FindingRow):
    """A finding as it stands alone, a line of ``findings.jsonl.gz``: with what its reader needs to know of the user.

    ``user`` is the e-mail address, the name or the ID. ``device`` is what a person knows the authenticator by. ``seen`` is None
    where the finding is about the user as a whole. A finding about the policy itself has no user: ``user_id`` is None, and
    ``user`` says what it is about. ``run`` is the last run that found it, and ``last_seen`` its time. ``closed_at`` is the time of
    the run that first said that it is no longer found; None while it is.
    """

    schema_version: int
    tenant: str
    run: str
    user_id: str | None
    user: str
    email: str | None
    connections: list[str]
    privileged: bool
    break_glass: bool
    place: Place
    protection: State
    device: str | None
    seen: SeenDates | None
    last_seen: str
    closed_at: str | None


class ActedRow(TypedDict):
    """What became of a decision about a finding, a line of the results of a remediation.

    ``finding`` is the ID of the finding. ``result`` is ``done``, ``skipped``, ``failed`` or ``not-reached``, and ``reason`` says
    why it is not ``done``. ``removed`` are the IDs of the authenticators that are gone. ``path`` is the file with the new
    recovery code; None where none was made.
    """

    schema_version: int
    tenant: str
    finding: str
    rule: str
    user_id: str
    user: str
    authenticator_id: str | None
    action: Action
    result: Literal["done", "skipped", "failed", "not-reached"]
    reason: str | None
    removed: list[str]
    path: str | None
    at: str


Change = Literal["added", "removed"]


class ChangeRow(TypedDict):
    """A device that a user has added or lost, a line of ``changes.jsonl.gz``. It is no finding.

    ``at`` is when it was enrolled, by its own date; None for one that was removed. It happened between the two readings,
    ``since`` and ``until``.
    """

    schema_version: int
    tenant: str
    run: str
    user_id: str
    user: str
    email: str | None
    connections: list[str]
    privileged: bool
    break_glass: bool
    place: Place
    change: Change
    authenticator_id: str
    factor: str
    device: str | None
    at: str | None
    since: str | None
    until: str


class ShownFinding(FindingRow):
    """A finding with what its reader needs to know of the user. Only in the HTML report."""

    user: str
    user_id: str | None
    privileged: bool
    break_glass: bool
    device: str | None
    note: str | None


class CoverageFigures(TypedDict):
    """What became of every user: ``listed`` is the sum of ``read``, ``unread``, ``gone``, ``out_of_scope`` and ``not_reached``.

    ``source`` is where the users were taken from, one of :data:`SOURCES`. ``carried`` are those of ``read`` who were read by an
    earlier run and have not changed since. ``listed_is_lower_bound``: there are more, and nobody knows how many.
    """

    source: str
    listed: int
    listed_is_lower_bound: bool
    read: int
    carried: int
    unread: int
    gone: int
    out_of_scope: int
    not_reached: int


class Census(TypedDict):
    """The users who were created before their list was begun: how many of them the tenant counts, and how many are listed.

    ``until`` is when the list was begun. ``counted`` is the smallest number that the tenant told, because who was deleted
    meanwhile is no longer counted; None where it cannot tell. At the end of the run ``listed`` is without those who are gone.
    """

    until: str
    listed: int
    counted: int | None


class ChangesFigures(TypedDict):
    """How many devices were added and removed, and how many of those added are of privileged or break-glass users."""

    added: int
    removed: int
    added_to_privileged: int


class HistoryFigures(TypedDict):
    """How a run differs from the one that it is compared with, ``base``, whose time was ``since``.

    All three are None where there was none. ``statuses``: the findings that hold, and those that no longer do since that run,
    without those of users who stand aside.
    ``new``: those of them that count for ``fail_on`` and are new or reopened, by severity, without users who could not be read:
    these are in the coverage.
    """

    base: str | None
    since: str | None
    until: str
    days: float | None
    statuses: dict[Status, int]
    new: dict[Severity, int]


class RuleFigures(TypedDict):
    """What one rule found. All but ``exempted`` and ``aside`` are of the findings that count for ``fail_on``.

    ``people`` are the users who have one, and ``privileged`` those of them. ``new``: the run before did not have it.
    """

    people: int
    privileged: int
    severities: dict[Severity, int]
    new: int
    warnings: int
    exempted: int
    aside: int


class ExemptedFigures(ExemptedRow):
    """How many findings an exemption keeps from counting."""

    findings: int


class OneGroup(TypedDict):
    """The users of one connection, or of one e-mail domain, by protection."""

    name: str
    users: dict[State, int]


class GroupFigures(TypedDict):
    """The largest groups; and of the ``others``, so many as were told apart, the users together in ``rest``."""

    largest: list[OneGroup]
    others: int
    rest: dict[State, int]


class AgeFigures(TypedDict):
    """Confirmed second factors by the age of their last use: a count for each ``days`` days, and the last for all older ones."""

    days: int
    counts: list[int]
    never_used: int


class FactsRow(TypedDict):
    """What is known of the tenant; None is what could not be read."""

    mfa_policies: list[str] | None
    enabled_factors: list[str] | None


class TallyFigures(TypedDict):
    """What is counted over the rows.

    ``users`` are in scope, ``privileged`` are those of them, and ``aside`` are the others by the reason. Those who stand aside are
    in no other figure but ``aside`` of a rule. ``findings`` are by rule, the exempted ones among them; ``counted`` those that
    count for ``fail_on``, by severity, which are all but the exempted ones.
    """

    users: dict[State, int]
    privileged: dict[State, int]
    aside: dict[str, dict[State, int]]
    findings: dict[str, int]
    counted: dict[Severity, int]
    rules: dict[str, RuleFigures]
    exempted: list[ExemptedFigures]
    factors: dict[str, int]
    unknown_types: dict[str, int]
    connections: GroupFigures
    domains: GroupFigures
    ages: AgeFigures


class Summary(TallyFigures):
    """A run in numbers. The same records, policy and times give the same summary, so what a run cost is elsewhere.

    ``history`` and ``changes`` are None where nobody looked.
    """

    schema_version: int
    tenant: str
    run: str
    base: str | None
    planned: str
    reported: str
    oldest_reading: str | None
    partial: bool
    reason: str | None
    note: str | None
    coverage: CoverageFigures
    history: HistoryFigures | None
    changes: ChangesFigures | None
    tenant_facts: FactsRow
    policy: dict[str, Any]
    limits: list[str]
    versions: dict[str, str]


class Costs(TypedDict):
    """What a run cost, over all the times that it was gone on with."""

    requests: int
    rate_limited: int
    waited_seconds: float
    duration_seconds: float
