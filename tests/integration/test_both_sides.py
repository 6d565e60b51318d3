# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client on both sides of everything that Auth0 does not document: the same work, the same results.

Where a switch of the embedded tenant is meant to make a difference to the client, the difference is in DIFFERENCES.
"""

from __future__ import annotations

import math
import tempfile
from contextlib import ExitStack

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import Order
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import run
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.stopping import Stop
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.converge import converge
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import Auth0Error
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.bearer import Bearer
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import ManagementApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.mfa import MfaApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.operator_side import OperatorSide
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.tokens import Application, TokenEndpoint
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.operator import ClientSecret
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.user import as_user
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.transport import Transport
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.user_side import UserSide
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.wanted import Wanted

from tests.emulator.launch import Running
from tests.emulator.switches import SWITCHES, Switch

from .conftest import PASSWORD, REALM, code_of, email

PHONE = "+442071838750"
OTP_OF_4 = "NBSWY3DPFQQHO33SNBSWY3DPFQQHO33S"
USERS = 25


class Hasty(Stop):
    """Waits by moving the tenant's clock."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self._work = work

    def sleep(self, seconds: float) -> None:
        self._work.later(math.ceil(seconds))


def other_values(name: str) -> list[str]:
    """Values of a switch, as written on the command line, that are not its default."""
    switch = SWITCHES[name]
    if isinstance(switch.default, bool):
        return ["off" if switch.default else "on"]
    if isinstance(switch.default, tuple):
        # Without the factors this work is about there would be none.
        spared = ("otp", "phone") if name == "enabled-factors" else ()
        left_out = [part for part in switch.default if part not in spared]
        return [",".join(part for part in switch.default if part != one) for one in left_out]
    if switch.choices:
        return [str(choice) for choice in switch.choices if choice != switch.default]
    if isinstance(switch.default, int):
        # The largest number that any switch takes would be waited for.
        return [str(switch.default + 60 if switch.highest == Switch.highest else switch.highest)]
    return ["no-such-connection"]


SIDES = [(name, value) for name in SWITCHES for value in other_values(name)]
DIFFERENCES = {
    ("message-types", "voice"): {
        "phone for the operator": [("phone", True, ("voice",))],
        "phone for the user": [("phone", True, ("voice",))],
        "phone removed": ["voice"],
    },
    ("message-types", "sms"): {
        "phone for the operator": [("phone", True, ("sms",))],
        "phone for the user": [("phone", True, ("sms",))],
        "phone removed": ["sms"],
    },
    ("recovery-code-factor", "off"): {"recovery codes of the first enrollment": 0},
    ("regenerate-without-factors-status", "404"): {"code for a user without factors": "NotFoundError"},
    ("unconfirmed-in-management", "on"): {"pending for the operator": [("otp", False, ())]},
    ("missing-method-status", "204"): {"removed twice": [True, True]},
}


class Work:
    """One tenant, and what the client does with it."""

    def __init__(self, running, stack: ExitStack, channel: str | None) -> None:
        self._running, self._channel = running, channel
        self._connection = Connection.from_options(base_url=running.url)
        self._transport = stack.enter_context(Transport(self._connection, Budget()))
        self._app = TokenEndpoint(self._transport, Application("app", "app-secret"))
        machine = ClientSecret(Application("m2m", "m2m-secret"), self._connection, Budget())
        self._budget = Budget()
        self._operator = stack.enter_context(ManagementApi(self._connection, self._budget, Bearer(machine)))

    def as_operator(self, number: int) -> OperatorSide:
        return OperatorSide(self._operator, email=email(number))

    def as_user(self, number: int, otp: str | None = None) -> UserSide:
        options = {"mfa_token": None, "username": email(number), "password": PASSWORD, "realm": REALM, "otp": otp}
        return UserSide(MfaApi(self._app, Bearer(as_user(options, self._app))))

    def later(self, seconds: int) -> None:
        self._running.control("PUT", "clock", {"advance_seconds": seconds})

    def do(self) -> dict[str, object]:
        """All of it; what came out, without what chance decides."""
        facts: dict[str, object] = {
            "phone for the operator": seen(self.as_operator(3)),
            "phone for the user": [row for row in seen(self.as_user(3)) if row[0] == "phone"],
            "pending for the operator": seen(self.as_operator(6)),
        }
        facts.update(self._an_otp_and_a_phone())
        facts["push removed"] = self._kinds_removed(self.as_user(4, code_of(OTP_OF_4, self._running)), "push")
        wanted = Wanted("present", "email", email_address="new@example.com")
        facts["e-mail, twice"] = [converge(self.as_operator(5), wanted).changed for _time in range(2)]
        facts["code for a user with factors"] = len(self.as_operator(2).regenerate_recovery_code())
        facts["code for a user without factors"] = outcome(lambda: len(self.as_operator(16).regenerate_recovery_code()))
        method = self.as_operator(9).authenticators()[0].id
        user_id = self._operator.find_user_id(email(9))
        facts["removed twice"] = [self._operator.delete_authenticator(user_id, method) for _time in range(2)]
        with tempfile.TemporaryDirectory() as folder:
            stop = Hasty(self)
            summary = run(self._operator, self._budget, FolderStore(folder), Order("t"), stop=stop).summary
        facts["audited"] = (summary["coverage"]["read"], summary["partial"])
        return facts

    def _an_otp_and_a_phone(self) -> dict[str, object]:
        user, wanted = self.as_user(1), Wanted("present", "otp")
        enrolled, again = converge(user, wanted), converge(user, wanted)
        code = code_of(enrolled.enrollment.secret, self._running)
        wrong = "%06d" % ((int(code) + 1) % 1_000_000)
        facts = {
            "otp, twice": [enrolled.changed, again.changed],
            "recovery codes of the first enrollment": len(enrolled.enrollment.recovery_codes),
            "wrong code": outcome(lambda: converge(user, Wanted("confirmed", "otp", code=wrong))),
        }
        confirmed = Wanted("confirmed", "otp", code=code)
        facts["confirmed, twice"] = [converge(user, confirmed).changed for _time in range(2)]
        phone = Wanted("present", "phone", channel=self._channel, phone_number=PHONE)
        enrolled = converge(user, phone)
        facts["phone, again"] = [enrolled.changed, converge(user, phone).changed]
        sent = self._running.control(
            "GET", "codes?user_id=" + self._operator.find_user_id(email(1)).replace("|", "%7C")
        )
        for code, name in (("%06d" % ((int(sent[-1]["code"]) + 1) % 1_000_000), "wrong"), (sent[-1]["code"], "right")):
            confirm = Wanted("confirmed", "phone", code=code, oob_code=enrolled.enrollment.oob_code)
            facts["%s code for the phone" % name] = outcome(lambda wanted=confirm: converge(user, wanted).changed)
        facts["phone removed"] = self._kinds_removed(user, "phone")
        self.later(700)
        facts["expired"] = outcome(user.authenticators)
        return facts

    @staticmethod
    def _kinds_removed(side: UserSide, factor: str) -> list[str]:
        removed = converge(side, Wanted("absent", factor, allow_last_factor=True)).removed
        return [each.partition("|")[0] for each in removed]


def seen(side) -> list[tuple]:
    return [(row.factor, row.confirmed, row.channels) for row in side.authenticators()]


def outcome(call):
    """What it returns, or the class of the error."""
    try:
        return call()
    except Auth0Error as error:
        return type(error).__name__


def facts_with(running: Running, channel: str | None = None, **switches: str) -> dict[str, object]:
    running.reset(users=USERS, switches=switches)
    with ExitStack() as stack:
        return Work(running, stack, channel).do()


EXPECTED = {
    "phone for the operator": [("phone", True, ("sms", "voice"))],
    "phone for the user": [("phone", True, ("sms",)), ("phone", True, ("voice",))],
    "pending for the operator": [],
    "otp, twice": [True, False],
    "recovery codes of the first enrollment": 1,
    "wrong code": "AuthenticationError",
    "confirmed, twice": [True, False],
    "phone, again": [True, False],
    "wrong code for the phone": "AuthenticationError",
    "right code for the phone": True,
    "phone removed": ["sms", "voice"],
    "expired": "AuthenticationError",
    "push removed": ["push", "totp"],
    "e-mail, twice": [True, False],
    "code for a user with factors": 24,
    "code for a user without factors": 24,
    "removed twice": [True, False],
    "audited": (USERS, False),
}


def test_with_all_defaults(emulator):
    assert facts_with(emulator) == EXPECTED


@pytest.mark.parametrize("name, value", SIDES, ids=lambda part: part or "nothing")
def test_on_the_other_side(emulator, name, value):
    channel = value if name == "message-types" else None
    assert facts_with(emulator, channel, **{name: value}) == {**EXPECTED, **DIFFERENCES.get((name, value), {})}


def test_every_difference_is_of_a_switch():
    assert DIFFERENCES.keys() <= set(SIDES)
