# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seeded users: user ``i`` is a pure function of the seed, ``i`` and the tenant's start.

No user is made in advance: ``i`` can be computed from an ID or an e-mail address, and users are numbered in the order
of their creation. The first twenty are a fixed gallery, listed in the README; a population of several kinds has a second one.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from ..switches import SWITCHES
from .connections import CONNECTIONS
from .kinds import CUSTOM, KINDS, Kind, kinds_by_byte, numbers_in, shares_of, user_id
from .models import ALPHANUMERIC, Authenticator, User, device_suffix, recovery_code, totp_secret
from .profiles import identity, logged_in
from .times import DAY, HOUR, iso
from .views import with_factors

PASSWORD = "Correct-Horse-7"

GIVEN_NAMES = (
    "Ada", "Bela", "Carla", "Dario", "Edda", "Femi", "Greta", "Hana", "Ivo", "Jana", "Karim", "Lena",
    "Milan", "Nora", "Oskar", "Paula", "Quinn", "Rosa", "Samir", "Tilda", "Uma", "Vera", "Willem", "Yara",
)  # fmt: skip
FAMILY_NAMES = (
    "Abel", "Brand", "Costa", "Dahl", "Ekholm", "Ferrer", "Gruber", "Holm", "Ito", "Jansen", "Keller", "Lind",
    "Moreau", "Novak", "Okoye", "Petrov", "Quist", "Roth", "Silva", "Toth", "Usman", "Vogel", "Weiss", "Zeman",
)  # fmt: skip
# Ranges that the numbering authorities keep free for fiction.
PHONE_RANGES = (("+1500555", 4), ("+447700900", 3), ("+61491570", 3))

OTP_SECRETS = {
    2: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    4: "NBSWY3DPFQQHO33SNBSWY3DPFQQHO33S",
    6: "MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK",
    9: "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU",
}
RECOVERY_CODES = {4: "4444AAAABBBBCCCCDDDDEEEE", 8: "8888AAAABBBBCCCCDDDDEEEE"}
GALLERY_NAMES = {
    12: ("Siobhan", "O'Dell"),
    13: ("Jörg", "Müller"),
    14: ("<b>Bold</b>", "Tag"),
    15: ("=1+1", "Formula"),
}
UNVERIFIED, SOCIAL_USER, BLOCKED, ODD_ID = 1, 16, 17, 11
GALLERY_SIZE = 20
USUAL = SWITCHES["user-kinds"].default
# The kinds of the second gallery, from user 21 on.
SECOND_GALLERY = (
    "samlp", "samlp", "samlp-without-email", "waad", "waad", "adfs", "oidc", "sms", "sms", "email", "email",
    "username", "username", "phone", "phone", "linked", "linked", "imported", "imported", "samlp-without-email",
)  # fmt: skip


@dataclass(frozen=True)
class Ages:
    """Days before the tenant's start: when the user was created, and last logged in (None: never)."""

    created: float
    last_login: float | None


OLDEST, YOUNGEST = 1500.0, 3.0  # days before the tenant's start between which all users but the gallery are created


def _ages(created: float, rng: random.Random) -> Ages:
    chance = rng.random()
    if chance < 0.05:
        return Ages(created, None)
    if chance < 0.15:  # dormant, when old enough
        return Ages(created, min(created, rng.uniform(180, 500)))
    return Ages(created, rng.uniform(0, min(created, 30)))


@lru_cache(maxsize=256)  # making one user asks many times
def _digest(seed: int, i: int) -> bytes:
    return hashlib.sha256(f"{seed}/{i}/id".encode()).digest()


class Population:
    """The seeded users of one tenant.

    :param seed: any whole number.
    :param count: how many users there are.
    :param start: the tenant's time at start, milliseconds; all ages count back from it.
    :param message_types: the channels of phones: ``sms``, ``voice`` or both.
    :param kinds: how many percent of the users are of which kind, such as ``samlp:30``; the rest are database users. With any but
        the usual shares there is the second gallery.
    """

    def __init__(
        self, seed: int, count: int, start: int, message_types: tuple[str, ...], kinds: tuple[str, ...] = USUAL
    ):
        self.count = count
        self._shares = shares_of(kinds)
        self._kinds = kinds_by_byte(self._shares)
        self._second = () if kinds == USUAL else SECOND_GALLERY
        self._gallery_size = GALLERY_SIZE + len(self._second)
        self._message_types = message_types
        self.seed = seed
        self._start = start
        self._logins: list[tuple[int, int]] = []
        self._mask = int.from_bytes(_digest(self.seed, 0)[:4], "big")

    def kind(self, i: int) -> Kind:
        """The kind of user ``i`` (from 1)."""
        if i <= GALLERY_SIZE:
            return {ODD_ID: CUSTOM, SOCIAL_USER: KINDS["google-oauth2"]}.get(i, KINDS["database"])
        if i <= self._gallery_size:
            return KINDS[self._second[i - GALLERY_SIZE - 1]]
        return self._kinds[_digest(self.seed, i)[0]]

    def user_id(self, i: int) -> str:
        """The id of user ``i`` (from 1)."""
        return self._id(i, self.kind(i))

    def _id(self, i: int, kind: Kind) -> str:
        return user_id(kind, i, i ^ self._mask, _digest(self.seed, i)[1:9].hex())

    def index_of_id(self, text: str) -> int | None:
        """The ``i`` of a user ID; None if no seeded user has it."""
        for i in (ODD_ID, *numbers_in(text, self._mask)):
            if 1 <= i <= self.count and self.user_id(i) == text:
                return i
        return None

    def email(self, i: int) -> str | None:
        """The address of user ``i``; None for a user without one."""
        kind = self.kind(i)
        if not kind.has_email:
            return None
        return f"{'User' if kind.cased else 'user'}{i:05d}@example.com"

    @property
    def all_have_email(self) -> bool:
        """Whether no kind of users lacks an address."""
        kinds = {*self._shares, *self._second}
        return all(KINDS[name].has_email for name in kinds)

    def index_of_email(self, address: str) -> int | None:
        """The ``i`` of an address; None if no seeded user has it."""
        i = self.index_of_name(address)
        return i if i and self.email(i) == address else None

    def index_of_name(self, name: str) -> int | None:
        """The ``i`` that an address in any case, a username or a phone number leads to; None without one.

        The user may have none of the kind: compare it.
        """
        match = re.fullmatch(r"user(\d{5,10})(?:@example\.com)?|\+999(\d{10})", name, re.ASCII | re.IGNORECASE)
        i = int(match[1] or match[2]) if match else 0
        right = 1 <= i <= self.count and (match[2] or match[1] == f"{i:05d}")
        return i if right else None

    def indexes_of_email_prefix(self, prefix: str) -> list[range]:
        """All ``i`` whose address starts with ``prefix``, as disjoint ascending ranges."""
        if "user".startswith(prefix):
            return [range(1, self.count + 1)]
        match = re.fullmatch(r"user(\d{1,10})(@.*)?", prefix, re.ASCII | re.DOTALL)
        if match is None:
            return []
        digits = match[1]
        if match[2]:
            i = self.index_of_name(f"user{digits}@example.com")
            return [range(i, i + 1)] if i and f"user{i:05d}@example.com".startswith(prefix) else []
        found = []
        for missing in range(max(0, 5 - len(digits)), max(5, len(str(self.count))) - len(digits) + 1):
            if len(digits) + missing == 5 or digits[0] != "0":
                low = int(digits) * 10**missing
                found.append(range(max(low, 1), min(low + 10**missing, self.count + 1)))
        return [part for part in found if part]

    def log_in(self, every: int, moment: int) -> None:
        """Let every so-many-th user have logged in at this moment, milliseconds."""
        self._logins.append((every, moment))

    def created_at(self, i: int) -> int:
        """When user ``i`` was created, milliseconds; ascending in ``i``."""
        return self._start - int(self._created_days_ago(i) * DAY)

    def profile(self, i: int) -> dict:
        """The profile of user ``i``."""
        rng = random.Random(f"{self.seed}/{i}")
        return self._profile(i, self.kind(i), rng, self._ages(i, rng))

    def profile_view(self, i: int) -> dict:
        """What :func:`.views.profile_view` makes of user ``i``, without making the authenticators."""
        rng = random.Random(f"{self.seed}/{i}")
        kind, ages = self.kind(i), self._ages(i, rng)
        profile = self._profile(i, kind, rng, ages)
        return profile if self._state(i, kind, rng, ages) in WITHOUT_FACTOR else with_factors(profile)

    def user(self, i: int) -> User:
        """User ``i`` as the tenant starts with them: profile and authenticators."""
        rng = random.Random(f"{self.seed}/{i}")
        kind, ages = self.kind(i), self._ages(i, rng)
        user = User(self._profile(i, kind, rng, ages), kind.connection)
        if CONNECTIONS[kind.connection].strategy_type == "database":
            user.password = PASSWORD
        state = self._state(i, kind, rng, ages)
        state(Builder(user, rng, self._start, i, ages, self._message_types))
        if user.authenticators:
            mark = self._device_mark(i)
            for item in user.authenticators:
                item.suffix = f"dev_{mark}{item.suffix[10:]}"
        return user

    def _state(self, i: int, kind: Kind, rng: random.Random, ages: Ages) -> State:
        if i <= self._gallery_size:
            return GALLERY.get(i, _no_factor)
        if kind.is_enterprise and rng.random() < 0.75:
            return _no_factor
        if ages.last_login is None:
            return rng.choice((_no_factor, _created_by_administrator))
        return rng.choices(STATES, cum_weights=CUMULATIVE_WEIGHTS)[0]

    def _created_days_ago(self, i: int) -> float:
        """The age of user ``i``: each user has a time slot of equal length, and a random moment in it."""
        if i <= self._gallery_size:
            return OLDEST + self._gallery_size - i
        slot = (OLDEST - YOUNGEST) / (self.count - self._gallery_size)
        drawn = (_digest(self.seed, i)[9] + 0.5) / 256
        return OLDEST - (i - self._gallery_size - 1 + drawn) * slot

    def _ages(self, i: int, rng: random.Random) -> Ages:
        created = self._created_days_ago(i)
        return Ages(created, 2.0) if i <= self._gallery_size else _ages(created, rng)

    def index_of_device(self, suffix: str) -> int | None:
        """The ``i`` that an authenticator ID's suffix (``dev_...``) leads to; None if it leads to no seeded user."""
        if re.fullmatch(r"dev_[A-Za-z0-9]{16}", suffix, re.ASCII) is None:
            return None
        number = 0
        for character in suffix[4:10]:
            number = number * len(ALPHANUMERIC) + ALPHANUMERIC.index(character)
        i = number ^ self._mask
        return i if 1 <= i <= self.count else None

    def _device_mark(self, i: int) -> str:
        number, mark = i ^ self._mask, ""
        for _position in range(6):
            number, digit = divmod(number, len(ALPHANUMERIC))
            mark = ALPHANUMERIC[digit] + mark
        return mark

    def _profile(self, i: int, kind: Kind, rng: random.Random, ages: Ages) -> dict:
        text = self._id(i, kind)
        local_id = text.partition("|")[2]
        is_social = CONNECTIONS[kind.connection].strategy_type == "social"
        given, family = GALLERY_NAMES.get(i) or (rng.choice(GIVEN_NAMES), rng.choice(FAMILY_NAMES))
        email = self.email(i)
        created = self._start - int(ages.created * DAY)
        last_login = None if ages.last_login is None else self._start - int(ages.last_login * DAY)
        if i <= self._gallery_size:
            verified = i not in (UNVERIFIED, 6)
        else:
            verified = kind.provider != "auth0" or rng.random() < 0.6
        profile = {
            "created_at": iso(created),
            "email": email,
            "email_verified": verified,
            "family_name": family,
            "given_name": given,
            "identities": [identity(kind.connection, kind.provider, local_id, is_social)],
            "name": f"{given} {family}",
            "nickname": (email or "").partition("@")[0],
            "picture": f"https://cdn.example.com/avatars/{i}.png",
            "updated_at": iso(last_login or created),
            "user_id": text,
        }
        if not kind.has_email:
            self._identify(i, kind, profile)
        if kind.linked:
            other = self._id(i, KINDS[kind.linked]).partition("|")
            data = {"email": f"user{i:05d}@mail.example.org", "email_verified": True, "name": profile["name"]}
            profile["identities"].append({**identity(kind.linked, other[0], other[2], True), "profileData": data})
        if last_login is not None:
            profile["last_login"] = iso(last_login)
            profile["last_ip"] = f"192.0.2.{rng.randrange(1, 255)}"
            profile["logins_count"] = rng.randrange(1, 400)
        if i == BLOCKED or (i > self._gallery_size and rng.random() < 0.02):
            profile["blocked"] = True
        for every, moment in self._logins:
            if i % every == 0:
                profile = logged_in(profile, moment)
        return profile

    @staticmethod
    def _identify(i: int, kind: Kind, profile: dict) -> None:
        """Take the address out of a profile, and put in what its kind logs in by."""
        del profile["email"], profile["email_verified"]
        if kind.identifier == "phone_number":
            del profile["given_name"], profile["family_name"]
            number = f"+999{i:010d}"  # a code of the E.164 that no country has
            profile.update(phone_number=number, phone_verified=True, name=number, nickname="")
        elif kind.identifier == "username":
            profile.update(username=f"user{i:05d}", nickname=f"user{i:05d}")


def credential(kind: str, rng: random.Random) -> dict:
    """The public part of a security key's, a platform authenticator's or a passkey's credential."""
    members = {
        "key_id": device_suffix(rng)[4:],
        "public_key": "pQECAyYgASFYIA==",
        "relying_party_identifier": "login.example.com",
    }
    if kind == "passkey":
        members.update(credential_device_type="multi_device", credential_backed_up=True, transports=["internal"])
    return members


class Builder:
    """Adds authenticators to one seeded user; ages are days before the tenant's start."""

    def __init__(self, user: User, rng: random.Random, start: int, i: int, ages: Ages, message_types: tuple[str, ...]):
        self.message_types = message_types
        self.user = user
        self.i = i
        self.rng = rng
        self.start = start
        self.ages = ages

    def add(self, kind: str, used: float | None = None, enrolled: float | None = None, **values) -> Authenticator:
        """A confirmed authenticator, last used ``used`` days ago (default: at one of the last logins).

        ``enrolled`` days ago it was enrolled (default: some time between the user's creation and its last use).
        """
        oldest = self.ages.created
        if used is None:
            last_login = self.ages.last_login or 0.0
            used = last_login + self.rng.uniform(0, min(20.0, oldest - last_login))
        used = min(used, oldest)
        enrolled = self.rng.uniform(used, oldest) if enrolled is None else min(enrolled, oldest)
        enrolled_at = self.start - int(enrolled * DAY)
        last_auth_at = max(enrolled_at, self.start - int(used * DAY))
        item = Authenticator(
            kind,
            enrolled_at - self.rng.randrange(5_000, 60_000),
            device_suffix(self.rng),
            enrolled_at=enrolled_at,
            last_auth_at=last_auth_at,
            **values,
        )
        self.user.authenticators.append(item)
        return item

    def otp(self, **values) -> Authenticator:
        """An OTP app; the gallery's secrets are documented."""
        return self.add("totp", secret=OTP_SECRETS.get(self.i) or totp_secret(self.rng), **values)

    def phone(self, number: str | None = None, **values) -> Authenticator:
        """A phone that can be challenged by the tenant's message types."""
        channels = self.message_types
        if number is None:
            prefix, digits = self.rng.choice(PHONE_RANGES)
            number = prefix + "".join(self.rng.choices("0123456789", k=digits))
        return self.add("phone", phone_number=number, channels=channels, preferred=next(iter(channels), None), **values)

    def push(self, **values) -> None:
        """A push device and the OTP twin that its enrollment makes."""
        link = f"link_{device_suffix(self.rng)[4:]}"
        push = self.add("push", name="Phone", link_id=link, **values)
        twin = self.otp(link_id=link, **values)
        twin.created_at, twin.enrolled_at, twin.last_auth_at = push.created_at, push.enrolled_at, push.last_auth_at

    def webauthn(self, kind: str) -> None:
        """A security key, a platform authenticator or a passkey."""
        name = "Security key" if kind == "webauthn-roaming" else None
        self.add(kind, name=name, webauthn=credential(kind, self.rng))

    def recovery_code(self) -> None:
        """A recovery code, never used."""
        item = self.add("recovery-code")
        item.last_auth_at = None
        self.user.recovery_code = RECOVERY_CODES.get(self.i) or recovery_code(self.rng)

    def pending(self) -> None:
        """An OTP association of the last hours that was never confirmed."""
        hours = 2.0 if self.i <= GALLERY_SIZE else self.rng.uniform(0.5, 20)
        item = self.otp()
        item.created_at = self.start - int(hours * HOUR)
        item.confirmed, item.enrolled_at, item.last_auth_at = False, None, None


def _no_factor(_builder: Builder) -> None:
    pass


def _otp(builder: Builder) -> None:
    builder.otp()


def _otp_with_recovery_code(builder: Builder) -> None:
    builder.otp()
    builder.recovery_code()


def _otp_and_phone(builder: Builder) -> None:
    builder.otp()
    builder.phone()


def _push(builder: Builder) -> None:
    builder.push()
    builder.recovery_code()


def _phone(builder: Builder) -> None:
    builder.phone()


def _email(builder: Builder) -> None:
    if builder.user.email:
        builder.add("email", email=builder.user.email)
    else:
        builder.phone()


def _security_key(builder: Builder) -> None:
    builder.webauthn("webauthn-roaming")


def _platform(builder: Builder) -> None:
    builder.webauthn("webauthn-platform")


def _passkey(builder: Builder) -> None:
    builder.webauthn("passkey")


def _recovery_code_only(builder: Builder) -> None:
    builder.recovery_code()


def _only_confirmed(builder: Builder) -> None:
    days = builder.rng.uniform(20, 300)
    builder.otp(used=days, enrolled=days)


def _created_by_administrator(builder: Builder) -> None:
    item = builder.phone(used=builder.rng.uniform(20, 300))
    item.enrolled_at = item.last_auth_at = None


def _stale(builder: Builder) -> None:
    builder.otp(used=builder.rng.uniform(100, 400))


def _pending(builder: Builder) -> None:
    builder.pending()


def _stale_pair(builder: Builder) -> None:
    builder.otp(used=200, enrolled=300)
    builder.phone("+15005550109", used=150, enrolled=290)


def _two_alike_phones(builder: Builder) -> None:
    builder.phone("+15005550110")
    builder.phone("+15015550110")


State = Callable[[Builder], None]
GALLERY: dict[int, State] = {
    2: _otp,
    3: lambda builder: builder.phone("+15005550103", used=12, enrolled=80),
    4: _push,
    6: _pending,
    7: _security_key,
    8: _recovery_code_only,
    9: _stale_pair,
    10: _two_alike_phones,
    11: _phone,
    12: _otp,
    13: _phone,
    14: _otp,
    15: _otp,
    17: _otp,
    18: _passkey,
    19: _email,
    20: _created_by_administrator,
    22: _otp,
    23: _otp,
    25: _phone,
    26: _otp,
    27: _push,
    29: _otp,
    31: _phone,
    32: _otp,
    34: _otp_with_recovery_code,
    36: _stale,
    38: _phone,
    39: _pending,
}
SHARES: dict[State, int] = {
    _no_factor: 20,
    _otp: 14,
    _otp_with_recovery_code: 6,
    _otp_and_phone: 8,
    _push: 8,
    _phone: 14,
    _email: 4,
    _security_key: 3,
    _platform: 4,
    _passkey: 3,
    _recovery_code_only: 2,
    _only_confirmed: 3,
    _created_by_administrator: 3,
    _stale: 6,
    _pending: 2,
}
STATES, CUMULATIVE_WEIGHTS = list(SHARES), list(accumulate(SHARES.values()))
# States that leave a user without a factor that is confirmed and can be challenged.
WITHOUT_FACTOR = (_no_factor, _pending, _passkey, _recovery_code_only)
