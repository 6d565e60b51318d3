# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of one tenant: clock, users, keys, limits, and what may be done to a user's authenticators."""

from __future__ import annotations

import copy
import secrets
import time
from collections.abc import Iterator

from ..users.connections import CONNECTIONS
from ..users.models import Authenticator, Challenge, User, device_suffix, recovery_code
from ..users.newcomers import newcomer
from ..users.profiles import logged_in
from ..users.search_delay import SearchDelay
from ..users.seed import Population
from ..users.store import UserStore
from ..users.times import DAY
from ..users.views import active_factors, challengeable, is_factor, profile_view
from .actions import Actions
from .applications import Applications
from .configuration import BRUTE_FORCE, PLAIN_NUMBERS, Configuration
from .event_log import EventLog, event_fields
from .guardian import Guardian
from .jobs import Job
from .latency import Latency
from .logins import Browsers, Logins
from .organizations import Organization
from .quotas import FailedLogins, Quotas
from .rate_limits import Limiter
from .refresh_tokens import RefreshTokens
from .request_ids import RequestIds
from .sessions import Sessions
from .token_quotas import TokenQuotas
from .tokens import OpaqueTokens, Sealer, Signer
from .used_assertions import UsedAssertions

CODE_LIFETIME = 300_000
PENDING_LIFETIME = DAY
MAX_AUTHENTICATORS = 50


class Tenant:
    """One Auth0 tenant.

    :param domain: ``host:port``; issuer and audiences are ``https://`` with it.
    :param users: how many seeded users there are.
    :param seed: what makes them.
    :param plan: name of a rate-limit preset.
    :param switches: every switch's value by name.
    :param signer: what signs access tokens; None makes a key, which takes longer than all the rest.
    """

    name = "Emulated tenant"

    def __init__(self, domain: str, users: int, seed: int, plan: str, switches: dict, signer: Signer | None = None):
        self.domain = domain
        self.issuer = f"https://{domain}/"
        self.management_audience = f"https://{domain}/api/v2/"
        self.mfa_audience = f"https://{domain}/mfa/"
        self.my_account_audience = f"https://{domain}/me/"
        self.userinfo_audience = f"https://{domain}/userinfo"
        self.switches = switches
        self.connections = dict(CONNECTIONS)  # by name
        self.actions = Actions()
        self.configuration = Configuration(self.name, switches["default-directory"])
        self.configuration.documents[BRUTE_FORCE] = {
            "enabled": switches["brute-force-protection"],
            "shields": ["block", "user_notification"],
            "mode": "count_per_identifier_and_ip",
            "allowlist": [],
            "max_attempts": switches["brute-force-threshold"],
        }
        self.applications = Applications(self.configuration)
        self.token_quotas = TokenQuotas()
        self.opaque_tokens = OpaqueTokens()
        self.guardian = Guardian.from_switches(switches)
        self.jobs: dict[str, Job] = {}
        self.log = EventLog(plan, switches["log-delay"], seed)
        self.signer = signer or Signer()
        self.sealer = Sealer()
        self.failed_logins = FailedLogins()
        self.used_assertions = UsedAssertions()
        self.refresh_tokens = RefreshTokens()
        self.logins = Logins()
        self.sessions = Sessions()
        self.browsers = Browsers()
        self.organizations: dict[str, Organization] = {}  # by ID
        self.linked: dict[str, User] = {}  # by ID: who is an identity of another user now
        self.offset = 0  # milliseconds by which the tenant's clock was moved
        self._newcomers = 0
        self.change_plan(plan)
        population = Population(seed, users, self.now(), switches["message-types"], switches["user-kinds"])
        self.store = UserStore(population)
        self._follow_switches()

    def change_switches(self, changes: dict) -> None:
        """Have these values from now on. What the user search still hid, it shows; buckets and quotas begin anew if one of them is meant."""
        self.switches = {**self.switches, **changes}
        self._follow_switches()
        if not changes.keys().isdisjoint(("refill", "user-quotas")):
            self.change_plan(self.plan)

    def _follow_switches(self) -> None:
        seed = self.store.population.seed
        self.search_delay = SearchDelay(self.switches["search-delay"])
        self.latency = Latency(self.switches, seed)
        self.request_ids = RequestIds(self.switches["request-id"], seed)
        self.log.delay = self.switches["log-delay"]

    def change_plan(self, plan: str) -> None:
        """Have the limits of another plan from now on; all buckets and quotas begin anew."""
        self.plan = plan
        self.limiter = Limiter(plan, refill=self.switches["refill"], ahead=lambda: self.offset / 1000)
        self.quotas = Quotas(plan, self.switches["user-quotas"])
        self.log.keep_as(plan)

    def under(self, host: str) -> Tenant:
        """The same tenant as it is seen under the name ``host`` of a request: a custom domain is the issuer of what it issues."""
        names = self.switches["custom-domains"]
        if not names or host.partition(":")[0].lower() not in names:
            return self
        other = copy.copy(self)
        other.domain, other.issuer = host, f"https://{host}/"
        return other

    # Clock

    def now(self) -> int:
        """The tenant's time, milliseconds since 1970."""
        return time.time_ns() // 1_000_000 + self.offset

    def move_clock(self, milliseconds: int) -> None:
        """Move the tenant's time by ``milliseconds``; the clock keeps running."""
        self.offset += milliseconds

    # Users

    def find(self, user_id: str) -> User | None:
        """The user, without pending authenticators that are too old; None if the user does not exist.

        Use it during one request only. Store the ID, not the user, in anything that lives longer.
        """
        user = self.store.find(user_id)
        if user is not None:
            self._forget_overdue(user)
        return user

    def find_by_email(self, address: str) -> list[User]:
        """All users with exactly this address."""
        users = [self.find(user_id) for user_id in self.store.ids_at(address)]
        return [user for user in users if user is not None and user.email == address]

    def find_by_name(self, name: str, connection: str) -> list[User]:
        """All users of a connection with exactly this e-mail address, username or phone number."""
        users = [self.find(user_id) for user_id in self.store.ids_at(name)]
        return [user for user in users if user is not None and user.connection == connection and name in user.names]

    def users_with_device(self, suffix: str) -> Iterator[User]:
        """Users that may have the authenticator ``dev_...``: the seeded user it names, then all changed ones."""
        population = self.store.population
        i = population.index_of_device(suffix)
        seeded = self.find(population.user_id(i)) if i is not None else None
        if seeded is not None:
            yield seeded
        for user in self.store.aside().values():
            if user is not None:
                self._forget_overdue(user)
                yield user

    def users(self) -> Iterator[User]:
        """All users, for reading only: the seeded ones in their order, then the created ones."""
        for user in self.store:
            self._forget_overdue(user)
            yield user

    def add(self, user: User) -> None:
        """Register a new user."""
        self.store.add(user)
        self.search_delay.note(self.store.position(user.id), None, self.now())

    def before_write(self, user: User) -> None:
        """Call this before a profile is written; the user search keeps showing the old profile for a while."""
        self.search_delay.note(self.store.position(user.id), profile_view(user), self.now())

    def index_address(self, user: User) -> None:
        """Make the user findable by the present address; call this after a change."""
        self.store.index_address(user)

    def record_login(self, user: User) -> None:
        """Record in the profile that the user logged in now."""
        self.before_write(user)
        user.profile = logged_in(user.profile, self.now())

    def log_in_many(self, every: int) -> int:
        """Let every so-many-th seeded user log in now; returns how many did. The user search sees it at once."""
        return self.store.log_in(every, self.now())

    def sign_up_many(self, count: int) -> list[User]:
        """Add so many new users. The user search sees them at once."""
        seed, now = self.store.population.seed, self.now()
        users = [newcomer(self._newcomers + number, seed, now) for number in range(1, count + 1)]
        self._newcomers += count
        for user in users:
            self.store.add(user)
        return users

    def record_event(
        self,
        code: str,
        user: User | None = None,
        client_id: str | None = None,
        authenticator: Authenticator | None = None,
        description: str = "",
        details: dict | None = None,
        **values: str,
    ) -> None:
        """Write an entry of the type ``code`` (``gd_auth_succeed``, ``sapi``, ...) into the tenant's log, now.

        :param values: other members of the entry.
        """
        fields = event_fields(code, user, client_id, authenticator, description, details)
        self.log.write(self.now(), **fields | values)

    def remove(self, user_id: str) -> None:
        """Delete a user with all authenticators (API.md §3.3); an unknown id is no error."""
        user = self.store.find(user_id)
        if user is not None:
            self.before_write(user)
            self.store.remove(user_id)

    # Authenticators

    def confirm(self, user: User, item: Authenticator) -> None:
        """Finish an enrollment: the authenticator, its pair and the recovery code become active, dated now."""
        now = self.now()
        for other in user.authenticators:
            if other is item or (item.link_id and other.link_id == item.link_id):
                other.confirmed, other.enrolled_at, other.last_auth_at = True, now, now
            elif other.type == "recovery-code" and not other.confirmed:
                other.confirmed, other.enrolled_at = True, now

    def remove_authenticator(self, user: User, item: Authenticator) -> None:
        """Delete an authenticator and its pair."""
        if item.type == "recovery-code":
            user.recovery_code = None
        user.authenticators = [
            other
            for other in user.authenticators
            if other is not item and not (item.link_id and other.link_id == item.link_id)
        ]
        user.mfa_removed_at = self.now()

    def remove_all_authenticators(self, user: User) -> None:
        """Delete everything a user has, pending enrollments and the recovery code included."""
        if user.authenticators:
            user.mfa_removed_at = self.now()
        user.authenticators, user.recovery_code = [], None

    def issue_recovery_code(self, user: User, confirmed: bool, used_at: int | None = None) -> str:
        """Give the user a new recovery code in place of any old one, and return it."""
        now = self.now()
        user.authenticators = [item for item in user.authenticators if item.type != "recovery-code"]
        user.authenticators.append(
            Authenticator(
                "recovery-code",
                now,
                device_suffix(),
                confirmed=confirmed,
                enrolled_at=now if confirmed else None,
                last_auth_at=used_at,
            )
        )
        user.recovery_code = recovery_code()
        return user.recovery_code

    def is_usable(self, item: Authenticator) -> bool:
        """Whether an authenticator counts although its factor may have been disabled since (switchable)."""
        return self.switches["disabled-factor"] == "challenged" or self.guardian.enables(item.type)

    def locks_out(self, user: User, *, even_if_off: bool = False) -> bool:
        """Whether brute-force protection keeps the user out, or would if it were on."""
        rules = self.configuration.documents[BRUTE_FORCE]
        is_on = even_if_off or rules["enabled"]
        return is_on and self.failed_logins.blocks(user.id, rules["max_attempts"], self.now() / 1000)

    @property
    def shows_numbers(self) -> bool:
        """Whether reads of the Management API answer whole phone numbers."""
        return self.configuration.flag(PLAIN_NUMBERS)

    def demands_challenge(self, user: User) -> bool:
        """Whether asking for the ``/mfa/`` audience starts a challenge: a factor other than e-mail (API.md §1.3)."""
        return self.guardian.can_challenge() and any(
            item.type != "email" and self.is_usable(item) for item in active_factors(user)
        )

    def challengeable(self, user: User) -> list[tuple[Authenticator, str]]:
        """What the user can be challenged with now, each authenticator with one of its channels."""
        return [(item, channel) for item, channel in challengeable(user) if self.is_usable(item)]

    def challenge(self, user: User, session: str, item: Authenticator, channel: str) -> str:
        """The ``oob_code`` of a code (or a push) that is sent to the authenticator."""
        now = self.now()
        address = item.phone_number or item.email
        code = None if channel == "push" else f"{secrets.randbelow(1_000_000):06d}"
        if code is not None:
            user.received.append({"channel": channel, "to": address, "code": code, "sent_at": now})
        user.challenges = {key: old for key, old in user.challenges.items() if now - old.sent_at < PENDING_LIFETIME}
        transaction = secrets.token_hex(16)
        user.challenges[transaction] = Challenge(session, item.id, channel, code, now)
        sealed = {"kind": "oob", "sub": user.id, "txn": transaction, "exp": now + CODE_LIFETIME}
        return self.sealer.seal(sealed, now + CODE_LIFETIME)

    def answer_push(self, user: User, approved: bool) -> Challenge | None:
        """Answer the newest push that waits on the user's device and return its challenge; None if none waits."""
        limit = self.now() - CODE_LIFETIME
        for challenge in reversed(user.challenges.values()):
            if challenge.channel == "push" and challenge.approved is None and challenge.sent_at > limit:
                challenge.approved = approved
                return challenge
        return None

    def _forget_overdue(self, user: User) -> None:
        limit = self.now() - PENDING_LIFETIME
        if any(not item.confirmed and item.created_at <= limit for item in user.authenticators):
            user.authenticators = [item for item in user.authenticators if item.confirmed or item.created_at > limit]
            if not any(item.type == "recovery-code" for item in user.authenticators):
                user.recovery_code = None

    @staticmethod
    def is_full(user: User) -> bool:
        """Whether the user has as many authenticators as a user may have (API.md §2.2); a pair is one."""
        return len({item.link_id or item.id for item in user.authenticators if is_factor(item)}) >= MAX_AUTHENTICATORS
