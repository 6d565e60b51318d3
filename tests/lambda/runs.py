# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of the real audit, a day apart, over users in memory, for what is told of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import Order
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Exemption, People, Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import Outcome, run
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ServerError

from tests.unit.audit.fake_tenant import NOW, TENANT, FakeTenant, authenticator, user

# Whatever is told must not contain these: parts of addresses, IDs and names, and who answers for an exemption.
CANARIES = ("@", "auth0|", "auth0%7C", "user0", "Nobody Inparticular", "Olga Owner", "a reason of hers")
PRIVILEGED = People(user_ids=("auth0|0000[12]", "auth0|00001", "auth0|00002"))
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:mfa-audit"
BUCKET = "mfa-reports"


def exemption(expires: date, number: int = 3, rule: str = "no-mfa") -> Exemption:
    """One of somebody whose name nobody is told."""
    people = People(emails=("user%05d@example.com" % number,))
    return Exemption(rule, people, "a reason of hers", "Olga Owner", expires)


def factor(*, created: float = 300, used: float = 0, **more):
    """One that is in use."""
    return authenticator("otp", created=created, used=used, **more)


@dataclass
class Runs:
    """A tenant whose users a test changes between runs.

    :ivar has: what users have, by number; the others have a factor in use and a recovery code
    """

    store: FolderStore
    users: int = 20
    has: dict[int, object] = field(default_factory=dict)
    policy: Policy = Policy(privileged=PRIVILEGED)
    day: int = 0

    def run(self, **options) -> Outcome:
        """One more run, a day after the last one."""
        now = NOW + timedelta(days=self.day)
        self.day += 1
        people = [
            user(number, name="Nobody Inparticular %d" % number, last_login=now.isoformat())
            for number in range(1, self.users + 1)
        ]
        code = authenticator("recovery-code", id="recovery-code|1")
        owned = {each["user_id"]: self.has.get(number + 1, [factor(), code]) for number, each in enumerate(people)}
        tenant = FakeTenant(people, owned)
        order = Order(TENANT, policy=self.policy, threads=1, patience=0.0, **{"full": True, **options})
        return run(tenant, tenant, self.store, order, clock=lambda: now)


def unreadable(number: int) -> ServerError:
    """What Auth0 answers about a user whom nobody can read."""
    return ServerError("Could not list the authenticators of auth0|%05d" % number, status=503)
