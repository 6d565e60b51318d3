# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module and state under every fault that the embedded tenant can inject; tests/README.md shows the same as a table.

A cell is ``done`` where the task reaches its goal all the same, and ``told`` where it fails with one line. What is told is
never sent twice, and the same task afterward, without a fault, finds its way. Each cell is a run of the module in the process of
the test; ansible-playbook runs one row of every module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Callable
from urllib.parse import unquote, urlsplit

import pytest

from tests.support.playbook import ROOT

from .conftest import PASSWORD, REALM, Tenant, code_of, email
from .test_failures import ACTION, AUTHENTICATOR, BROWSER, CODE, FACTOR, INFO, REFRESH_TOKEN, TICKET, TOKEN

OPTIONAL = ["confirmed", "name", "enrolled_at", "last_auth_at", "link_id", "scope", "trial_expired"]
REQUIRED = [
    *(
        "authenticators",
        "users",
        "tokens",
        "id",
        "type",
        "authenticator_type",
        "user_id",
        "total",
        "secret",
        "barcode_uri",
    ),
    *(
        "access_token",
        "recovery_code",
        "ticket_id",
        "ticket_url",
        "enabled",
        "actions",
        "bindings",
        "code",
        "trigger_id",
    ),
]
FAULTS: dict[str, dict] = {
    "status": {"status": 503},
    "limit": {"seconds": 0.5},
    "close": {},
    "lost": {},
    "slow": {"seconds": 0.3},
    "truncated": {},
    "malformed": {},
    "unknown": {},
    "sparse": {"members": OPTIONAL},
    "shift": {},
    "duplicate": {},
    "delete-user": {},
    "expire-token": {},
    "required": {"kind": "sparse", "members": REQUIRED},
    "retyped": {"members": REQUIRED},
    "error-200": {},
    "drip": {},
    "endless": {},
    "interim": {},
    "bomb": {},
    "broken-gzip": {},
    "wrong-length": {},
    "redirect": {},
    "proxy": {"status": 502},
    "nested": {},
}
PHONE = "+442071838750"
JS = "exports.onExecutePostLogin = async (event, api) => {};"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    :param task: makes what one user needs, and returns the module and its options
    :param request: method and path of the request that goes wrong
    :param told: faults that the task tells; the others it copes with
    :param told_again: faults after which the same task fails once more, because its user is gone or its code was used up
    """

    name: str
    task: Callable[[Tenant, int], dict]
    request: tuple[str, str]
    told: tuple[str, ...]
    told_again: tuple[str, ...] = ()


def set_methods(tenant: Tenant, number: int, *methods: dict) -> None:
    tenant.management(
        "PUT", "/users/%s/authentication-methods" % tenant.user_id(number).replace("|", "%7C"), [*methods]
    )


def as_operator(module: str, *methods: dict, **options):
    def task(tenant: Tenant, number: int) -> dict:
        set_methods(tenant, number, *methods)
        return {module: {**tenant.operator, "user_id": tenant.user_id(number), **options}}

    return task


def with_refresh_token(tenant: Tenant, number: int) -> dict:
    assert "refresh_token" in tenant.log_in(number, scope="enroll offline_access")
    return {REFRESH_TOKEN: {**tenant.operator, "user_id": tenant.user_id(number), "state": "absent"}}


def for_many(module: str, *methods: dict, others: tuple[dict, ...] = (), **options):
    """The same in a task with two more users, who need no change."""

    def task(tenant: Tenant, number: int) -> dict:
        set_methods(tenant, number, *methods)
        for other in (2, 3):
            set_methods(tenant, other, *others)
            if module == CODE:
                path = "/users/%s/recovery-code-regeneration" % tenant.user_id(other).replace("|", "%7C")
                tenant.management("POST", path)
        folder = {"codes_folder": str(tenant.folder / "codes")} if module == CODE else {}
        users = [{"user_id": tenant.user_id(user)} for user in (2, number, 3)]
        return {module: {**tenant.operator, **folder, "users": users, **options}}

    return task


def as_user(module: str, **options):
    def task(tenant: Tenant, number: int) -> dict:
        set_methods(tenant, number)
        return {module: {**tenant.application, "mfa_token": tenant.user_token(number), **options}}

    return task


def with_pending_otp(**options):
    def task(tenant: Tenant, number: int) -> dict:
        made = as_user(AUTHENTICATOR, **options)(tenant, number)
        token = made[AUTHENTICATOR]["mfa_token"]
        headers = {"Authorization": "Bearer " + token}
        enrolled = tenant.post("/mfa/associate", {"authenticator_types": ["otp"]}, headers=headers)
        if options["state"] == "confirmed":
            made[AUTHENTICATOR]["code"] = code_of(enrolled["secret"], tenant.running)
        return made

    return task


def many(tenant: Tenant, number: int) -> dict:
    return {INFO: {**tenant.operator, "query": 'email:"%s"' % email(number)}}


def by_password(tenant: Tenant, number: int) -> dict:
    set_methods(tenant, number)
    return {TOKEN: tenant.user(number)}


def by_refresh(tenant: Tenant, number: int) -> dict:
    set_methods(tenant, number)
    login = tenant.log_in(number, scope="enroll read:authenticators remove:authenticators offline_access")
    return {TOKEN: {**tenant.application, "grant": "refresh_token", "refresh_token": login["refresh_token"]}}


def factor(tenant: Tenant, number: int) -> dict:
    tenant.management("PUT", "/guardian/factors/duo", {"enabled": False})
    return {FACTOR: {**tenant.operator, "enabled": ["duo"]}}


def new_action(tenant: Tenant, number: int) -> dict:
    bindings = "/actions/triggers/post-login/bindings"
    if len(tenant.management("GET", bindings + "?per_page=50")["bindings"]) > 15:
        tenant.management("PATCH", bindings, {"bindings": []})  # a trigger takes 20
    return {ACTION: {**tenant.operator, "name": "action %d" % number, "code": JS}}


def old_action(tenant: Tenant, number: int) -> dict:
    trigger = [{"id": "post-login", "version": "v3"}]
    tenant.management(
        "POST", "/actions/actions", {"name": "old %d" % number, "supported_triggers": trigger, "code": JS}
    )
    return {ACTION: {**tenant.operator, "name": "old %d" % number, "state": "absent"}}


EMAIL = {"type": "email", "email": "chuck334@example.com", "name": "old"}
ADDRESS = {"factor": "email", "email_address": "chuck334@example.com"}
METHODS = "/api/v2/users/*/authentication-methods"
# Answers that came and cannot be used.
UNUSABLE = ("error-200", "endless", "bomb", "broken-gzip", "wrong-length", "redirect", "nested")
# Answers that do not come in time: lost ones.
LATE = ("drip", "interim")
# A reading is repeated until it comes whole, unless its answer cannot be used.
READ = ("malformed", *UNUSABLE)
# A write whose answer is lost may have happened, so it is told and not repeated; a removal may be repeated.
WRITE = ("status", "proxy", "close", "lost", "truncated", "malformed", "required", "retyped", *LATE, *UNUSABLE)
GONE = ("delete-user",)
# A list says how many rows it has.
LIST = ("shift", "required", "retyped")
# One that another reading proves is done all the same; a fault before it is carried out is told.
PROVED = ("status", "proxy", "close")
# The user's own token cannot be renewed by the task.
OLD = ("expire-token",)
ROWS = [
    Row("info, operator, one user", as_operator(INFO, EMAIL), ("GET", METHODS), READ + LIST + GONE, GONE),
    Row("info, operator, a search", many, ("GET", "/api/v2/users"), READ + ("required", "retyped")),
    Row("info, user", as_user(INFO), ("GET", "/mfa/authenticators"), READ + OLD + GONE, OLD + GONE),
    Row(
        "authenticator present, operator", as_operator(AUTHENTICATOR, **ADDRESS), ("POST", METHODS), PROVED + GONE, GONE
    ),
    Row(
        "authenticator present with a new name, operator",
        as_operator(AUTHENTICATOR, EMAIL, name="new", **ADDRESS),
        ("PATCH", METHODS + "/*"),
        PROVED + GONE,
        GONE,
    ),
    Row(
        "authenticator absent, operator",
        as_operator(AUTHENTICATOR, EMAIL, state="absent", allow_last_factor=True, masked_match="accept", **ADDRESS),
        ("DELETE", METHODS + "/*"),
        (),
        GONE,
    ),
    Row(
        "authenticator absent by selector, operator",
        as_operator(AUTHENTICATOR, EMAIL, state="absent", selector="all", allow_last_factor=True),
        ("DELETE", METHODS + "/*"),
        (),
        GONE,
    ),
    Row(
        "authenticator absent, everything, operator",
        as_operator(AUTHENTICATOR, EMAIL, state="absent", selector="everything", allow_last_factor=True),
        ("DELETE", METHODS),
        PROVED,
        GONE,
    ),
    Row(
        "authenticator present, many users",
        for_many(AUTHENTICATOR, others=(EMAIL,), **ADDRESS),
        ("POST", METHODS),
        PROVED + GONE,
        GONE,
    ),
    Row(
        "recovery_code present, many users",
        for_many(CODE),
        ("POST", "*/recovery-code-regeneration"),
        WRITE + GONE,
        GONE,
    ),
    Row(
        "authenticator present, user",
        as_user(AUTHENTICATOR, factor="otp"),
        ("POST", "/mfa/associate"),
        WRITE + OLD + GONE,
        OLD + GONE,
    ),
    Row(
        "authenticator confirmed, user",
        with_pending_otp(state="confirmed", factor="otp"),
        ("POST", "/oauth/token"),
        PROVED + GONE,
        GONE,
    ),
    Row(
        "authenticator absent, user",
        with_pending_otp(state="absent", factor="otp"),
        ("DELETE", "/mfa/authenticators/*"),
        OLD + GONE,
        OLD + GONE,
    ),
    Row("recovery_code present", as_operator(CODE), ("POST", "*/recovery-code-regeneration"), WRITE + GONE, GONE),
    Row(
        "recovery_code rotated",
        as_operator(CODE, state="rotated"),
        ("POST", "*/recovery-code-regeneration"),
        WRITE + GONE,
        GONE,
    ),
    Row("mfa_token, password", by_password, ("POST", "/oauth/token"), WRITE + GONE, GONE),
    Row("mfa_token, refresh_token", by_refresh, ("POST", "/oauth/token"), WRITE + GONE, GONE),
    Row("enrollment_ticket", as_operator(TICKET), ("POST", "*/enrollments/ticket"), WRITE + GONE, GONE),
    Row(
        # Its answer has no body that could be cut.
        "remembered_browser absent",
        as_operator(BROWSER, state="absent"),
        ("POST", "*/invalidate-remember-browser"),
        ("status", "proxy", "close", "lost", *LATE, "error-200", "wrong-length", "redirect") + GONE,
        GONE,
    ),
    Row(
        "refresh_token absent, when they are read",
        with_refresh_token,
        ("GET", "*/refresh-tokens"),
        READ + LIST + GONE,
        GONE,
    ),
    Row(
        # Its answer has no body that could be cut. The user is read again after a doubt.
        "refresh_token absent, when they end",
        with_refresh_token,
        ("DELETE", "*/refresh-tokens"),
        PROVED + GONE,
        GONE,
    ),
    Row("guardian_factor", factor, ("PUT", "/api/v2/guardian/factors/duo"), WRITE),
    Row("action present, when it is made", new_action, ("POST", "/api/v2/actions/actions"), WRITE + ("sparse",)),
    Row("action present, when it is deployed", new_action, ("POST", "/api/v2/actions/actions/*/deploy"), WRITE),
    Row("action present, when it is bound", new_action, ("PATCH", "*/bindings"), WRITE + ("shift", "duplicate")),
    Row("action absent", old_action, ("DELETE", "/api/v2/actions/actions/*"), ()),
]


def carried_out(log: list[dict]) -> list[str]:
    """Writes that may have happened and must not happen twice: neither removals nor what the limit turned away."""
    repeatable = ("GET", "DELETE")
    return [
        "%(method)s %(path)s" % entry
        for entry in log
        if entry["method"] not in repeatable and entry["status"] not in (401, 404, 429)
    ]


def user_and_task(tenant: Tenant, row: Row, number: int) -> dict:
    """The row's task, for a user of its own."""
    tenant.management("POST", "/users", {"connection": REALM, "email": email(number), "password": PASSWORD})
    return row.task(tenant, number)


def told_under_fault(tenant: Tenant, row: Row, kind: str, number: int) -> list[bool]:
    """Whether the task tells this fault, and whether it tells something when it runs again without one."""
    task = user_and_task(tenant, row, number)
    if kind in ("drip", "interim"):
        task = {module: {**options, "timeout": 1} for module, options in task.items()}
    fault = {"kind": kind, "method": row.request[0], "path": row.request[1], **FAULTS[kind]}
    if kind == "delete-user":
        fault["user_id"] = tenant.user_id(number)
    tenant.forget_requests()
    tenant.fault(**fault)
    (first,) = tenant.results({}, task)
    log = tenant.requests()
    tenant.running.control("DELETE", "faults")
    (second,) = tenant.results({}, task)
    if "users" in task.get(AUTHENTICATOR, task.get(CODE, {})):
        # The others are not kept from theirs, and the fault is told of the user who met it.
        assert [user["result"] for user in first["users"]][::2] == ["unchanged"] * 2, first
        assert first["users"][1]["failed"] is first["failed"], first
    if first["failed"]:
        assert "\n" not in first["msg"] and len(first["msg"]) > 20, first
    elif kind in ("shift", "duplicate") and "unread" in second:
        assert first["users"] == second["users"], (kind, "the list is not whole")
    hit = [path for path in carried_out(log) if matches(row.request, path)]
    assert len(hit) <= 1, (kind, hit)
    assert [entry for entry in log if matches(row.request, "%(method)s %(path)s" % entry)], kind
    return [first["failed"], second["failed"]]


@pytest.mark.run_by("module")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_under_every_fault(tenant, row):
    tenant.running.reset(users=5, switches={"action-build-seconds": 0})
    found = {kind: told_under_fault(tenant, row, kind, number) for number, kind in enumerate(FAULTS, 101)}
    told = [kind for kind, (first, _second) in found.items() if first]
    told_again = [kind for kind, (_first, second) in found.items() if second]
    assert (sorted(told), sorted(told_again)) == (sorted(row.told), sorted(row.told_again))


def test_a_lost_answer_in_a_playbook(tenant):
    """A row of every module once more by ansible-playbook, all in one play, with the fault that asks for the most care."""
    tenant.running.reset(users=5, switches={"action-build-seconds": 0})
    control = tenant.running.url + "/_control"
    steps = []
    # Where the fault is told if there is such a row, because nothing may be sent twice then.
    rows = {re.match(r"\w+", row.name)[0]: row for row in sorted(ROWS, key=lambda row: "lost" in row.told)}.values()
    assert len(rows) == 9
    for number, row in enumerate(rows, 101):
        task = user_and_task(tenant, row, number)
        fault = {"kind": "lost", "method": row.request[0], "path": row.request[1]}
        look = {"under_fault": {"control": control}}
        steps += [look, {"under_fault": {"control": control, "fault": fault}}, task, look, task]
    played = tenant.play({}, *steps)
    assert "Traceback" not in played.output
    for index, row in enumerate(rows):
        _look, _fault, first, log, second = played.results[index * 5 : index * 5 + 5]
        assert (first["failed"], second["failed"]) == ("lost" in row.told, False), (row.name, first, second)
        done = [path for path in carried_out(log["requests"]) if matches(row.request, path)]
        assert len(done) <= 1, (row.name, done)


def matches(request: tuple[str, str], line: str) -> bool:
    """Whether a line of the request log is of this method and path."""
    method, path = line.split(" ", 1)
    return method == request[0] and fnmatchcase(unquote(urlsplit(path).path), request[1])


def table() -> str:
    """The table of tests/README.md."""
    head = "| Module, state | %s |\n|%s" % (" | ".join(FAULTS), "---|" * (len(FAULTS) + 1))
    lines = [
        "| %s | %s |" % (row.name, " | ".join("told" if kind in row.told else "done" for kind in FAULTS))
        for row in ROWS
    ]
    return "\n".join([head, *lines])


def test_the_table_of_the_readme():
    assert table() in (ROOT / "tests" / "README.md").read_text()
