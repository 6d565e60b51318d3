# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One user's authenticators through any order of enrolling, confirming, deleting and waiting, in both views."""

from __future__ import annotations

from dataclasses import dataclass, field
from unittest import mock
from urllib.parse import quote

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.unit.emulator.client import APP, Api

LIMIT = 4  # authenticators of one user, in place of 50
USER = 1  # no factor, e-mail not verified
MINUTE, HOUR = 60, 3600
LIFE_OF_CODES, LIFE_OF_PENDING = 5 * MINUTE, 24 * HOUR
ENROLL = {
    "otp": {"authenticator_types": ["otp"]},
    "sms": {"authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "+15005550101"},
    "email": {"authenticator_types": ["oob"], "oob_channels": ["email"], "email": "second@example.com"},
    "push": {"authenticator_types": ["oob"], "oob_channels": ["auth0"]},
}
ROWS = {"otp": ["totp"], "sms": ["sms", "voice"], "email": ["email"], "push": ["push", "totp"]}


@dataclass(eq=False)
class Device:
    """What the user enrolled: the answer, the code that came with it, and the ids in the MFA API."""

    kind: str
    enrolled: int
    answer: dict
    code: str | None
    rows: list[str]
    confirmed: bool = False

    @property
    def methods(self):
        """The ids in the Management API."""
        if self.kind == "sms":
            return [f"phone|{self.rows[0].partition('|')[2]}"]
        return self.rows


@dataclass
class RecoveryCode:
    text: str
    issued: int
    confirmed: bool


@dataclass
class Model:
    """What must be there; ``now`` counts seconds."""

    now: int = 0
    devices: list[Device] = field(default_factory=list)
    recovery: RecoveryCode | None = None
    void: list[str] = field(default_factory=list)

    def of(self, confirmed):
        return [device for device in self.devices if device.confirmed == confirmed]

    def replace_recovery(self, code):
        if self.recovery is not None:
            self.void.append(self.recovery.text)
        self.recovery = code

    def pass_time(self, seconds):
        self.now += seconds
        oldest = self.now - LIFE_OF_PENDING
        self.devices = [device for device in self.devices if device.confirmed or device.enrolled > oldest]
        if self.recovery and not self.recovery.confirmed and self.recovery.issued <= oldest:
            self.replace_recovery(None)


class Authenticators(RuleBasedStateMachine):
    """A model beside the emulator: every rule does the same to both, every invariant compares them."""

    api = None

    @initialize()
    def start(self):
        # otp-reuse: the clock may stand still between two codes. user-quotas: they would soon end a run.
        self.api = Api({"otp-reuse": "on", "user-quotas": "off"}, "unlimited", USER)
        self.user_id = self.api.user_id(USER)
        self.management_token = self.api.management_token()
        self.model = Model()

    def teardown(self):
        if self.api is not None:
            self.api.close()

    # Means

    def mfa_token(self):
        return self.api.mfa_token(USER, audience=None)

    def jwt(self):
        """A token with every scope, in the way that the user's active factors demand."""
        answer = self.api.login(USER)
        strong = [device for device in self.model.of(confirmed=True) if device.kind != "email"]
        assert (answer.status_code == 200) == (not strong)
        if strong:
            answer = self.log_in_with(strong[0], answer.json()["mfa_token"])
        return answer.json()["access_token"]

    def log_in_with(self, device, mfa_token):
        challenge = self.challenge(mfa_token, device.rows[0])
        assert challenge.status_code == 200
        if device.kind == "push":
            self.approve_push()
        return self.verify(device, mfa_token, challenge.json().get("oob_code"), self.newest_code(device.kind))

    def challenge(self, mfa_token, row):
        kind = "otp" if row.startswith("totp|") else "oob"
        body = {**APP, "mfa_token": mfa_token, "challenge_type": kind, "authenticator_id": row}
        return self.api.call("POST", "/mfa/challenge", json=body)

    def verify(self, device, token, oob_code, code):
        if device.kind == "otp":
            return self.api.verify("otp", token, otp=self.api.otp(device.answer["secret"]))
        binding = {} if code is None else {"binding_code": code}
        return self.api.verify("oob", token, oob_code=oob_code, **binding)

    def approve_push(self):
        answer = self.api.call("POST", "/_control/push/approve", params={"user_id": self.user_id})
        assert answer.status_code == 200

    def received(self):
        return self.api.call("GET", "/_control/codes", params={"user_id": self.user_id}).json()

    def newest_code(self, kind):
        return self.received()[-1]["code"] if kind in ("sms", "email") else None

    def rows(self):
        return self.api.call("GET", "/mfa/authenticators", self.mfa_token()).json()

    def manage(self, method, path):
        """Call the Management API about the user."""
        path = f"/api/v2/users/{quote(self.user_id, safe='')}/{path}"
        return self.api.call(method, path, self.management_token)

    # Rules

    @rule(kind=st.sampled_from(sorted(ENROLL)))
    def enroll(self, kind):
        before = {row["id"] for row in self.rows()}
        answer = self.api.call("POST", "/mfa/associate", self.jwt(), json=ENROLL[kind])
        if len(self.model.devices) >= LIMIT:
            assert (
                answer.status_code == 400 and "maximum amount of authenticators" in answer.json()["error_description"]
            )
            return
        assert answer.status_code == 200
        new = [row["id"] for row in self.rows() if row["id"] not in before]
        rows = sorted(row for row in new if not row.startswith("recovery-code|"))
        assert [row.partition("|")[0] for row in rows] == ROWS[kind]
        assert len({row.partition("|")[2] for row in rows}) == (2 if kind == "push" else 1)
        if kind == "push":
            self.approve_push()
        self.model.devices.append(Device(kind, self.model.now, answer.json(), self.newest_code(kind), rows))
        codes = answer.json().get("recovery_codes", [])
        assert len(codes) == (0 if self.model.recovery else 1)
        if codes:
            self.model.replace_recovery(RecoveryCode(codes[0], self.model.now, False))

    @precondition(lambda self: self.model.of(confirmed=False))
    @rule(data=st.data())
    def confirm(self, data):
        device = data.draw(st.sampled_from(self.model.of(confirmed=False)))
        answer = self.verify(device, self.jwt(), device.answer.get("oob_code"), device.code)
        if device.kind != "otp" and self.model.now - device.enrolled >= LIFE_OF_CODES:
            assert (answer.status_code, answer.json()["error"]) == (401, "expired_token")
            return
        assert answer.status_code == 200
        device.confirmed = True
        if self.model.recovery:
            self.model.recovery.confirmed = True

    @precondition(lambda self: self.model.devices)
    @rule(data=st.data())
    def challenge_any_row(self, data):
        device = data.draw(st.sampled_from(self.model.devices))
        sent = len(self.received())
        answer = self.challenge(self.mfa_token(), data.draw(st.sampled_from(device.rows)))
        assert answer.status_code == (200 if device.confirmed else 400)
        assert len(self.received()) == sent + (device.confirmed and device.kind in ("sms", "email"))
        if device.confirmed and "oob_code" in answer.json() and device.kind == "push":
            self.approve_push()

    @precondition(lambda self: self.model.of(confirmed=True))
    @rule(data=st.data())
    def log_in(self, data):
        device = data.draw(st.sampled_from(self.model.of(confirmed=True)))
        assert self.log_in_with(device, self.mfa_token()).status_code == 200

    @precondition(lambda self: self.model.devices)
    @rule(data=st.data())
    def delete_as_user(self, data):
        device = data.draw(st.sampled_from(self.model.devices))
        row = quote(data.draw(st.sampled_from(device.rows)), safe="")
        assert self.api.call("DELETE", f"/mfa/authenticators/{row}", self.mfa_token()).status_code == 401
        token = self.jwt()
        assert self.api.call("DELETE", f"/mfa/authenticators/{row}", token).status_code == 204
        assert self.api.call("DELETE", f"/mfa/authenticators/{row}", token).status_code == 404
        self.model.devices.remove(device)

    @precondition(lambda self: self.model.of(confirmed=True))
    @rule(data=st.data())
    def delete_as_administrator(self, data):
        device = data.draw(st.sampled_from(self.model.of(confirmed=True)))
        method = quote(data.draw(st.sampled_from(device.methods)), safe="")
        assert self.manage("DELETE", f"authentication-methods/{method}").status_code == 204
        self.model.devices.remove(device)

    @rule()
    def delete_all(self):
        assert self.manage("DELETE", "authentication-methods").status_code == 204
        self.model.devices.clear()
        self.model.replace_recovery(None)

    @rule()
    def regenerate_recovery_code(self):
        code = self.manage("POST", "recovery-code-regeneration").json()["recovery_code"]
        self.model.replace_recovery(RecoveryCode(code, self.model.now, True))

    @precondition(lambda self: self.model.recovery and self.model.recovery.confirmed)
    @rule()
    def log_in_with_recovery_code(self):
        answer = self.api.verify("recovery-code", self.mfa_token(), recovery_code=self.model.recovery.text)
        assert answer.status_code == 200
        self.model.replace_recovery(RecoveryCode(answer.json()["recovery_code"], self.model.now, True))

    @precondition(lambda self: self.model.void)
    @rule(data=st.data())
    def try_void_recovery_code(self, data):
        code = data.draw(st.sampled_from(self.model.void))
        answer = self.api.verify("recovery-code", self.mfa_token(), recovery_code=code)
        assert (answer.status_code, answer.json()["error"]) == (403, "invalid_grant")

    @rule(seconds=st.sampled_from([MINUTE, 6 * MINUTE, 12 * HOUR, 25 * HOUR]))
    def wait(self, seconds):
        self.api.advance(seconds)
        self.management_token = self.api.management_token()
        self.model.pass_time(seconds)

    # Invariants

    @invariant()
    def user_sees_every_device_whole(self):
        if self.api is None:
            return
        seen = {row["id"]: row["active"] for row in self.rows()}
        recovery = [active for row, active in seen.items() if row.startswith("recovery-code|")]
        assert recovery == ([self.model.recovery.confirmed] if self.model.recovery else [])
        devices = {row: active for row, active in seen.items() if not row.startswith("recovery-code|")}
        assert devices == {row: device.confirmed for device in self.model.devices for row in device.rows}
        assert len(self.model.devices) <= LIMIT

    @invariant()
    def administrator_sees_the_confirmed_ones(self):
        if self.api is None:
            return
        items = self.manage("GET", "authentication-methods").json()
        seen = {item["id"]: item for item in items if item["type"] != "recovery-code"}
        confirmed = self.model.of(confirmed=True)
        assert set(seen) == {method for device in confirmed for method in device.methods}
        assert len(items) - len(seen) == bool(self.model.recovery and self.model.recovery.confirmed)
        for device in confirmed:
            assert len({seen[method].get("link_id", device.kind) for method in device.methods}) == 1
            if device.kind == "sms":
                channels = {part["id"] for part in seen[device.methods[0]]["authentication_methods"]}
                assert channels == set(device.rows)


class TestAuthenticators(Authenticators.TestCase):
    """Runs the machine."""

    settings = hypothesis.settings(
        max_examples=60,
        stateful_step_count=30,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )

    def runTest(self):
        with mock.patch("tests.emulator.state.tenant.MAX_AUTHENTICATORS", LIMIT):
            super().runTest()
