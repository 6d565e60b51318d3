# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users described in a YAML file by age: "enrolled: 200 days ago". The README describes the format."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import random
import re
from datetime import datetime, timezone

import yaml

from ..users.connections import CONNECTIONS, DATABASE, Connection, connection_of, local_id
from ..users.models import (
    MISSING,
    RECOVERY_CODE_CHARACTERS,
    Authenticator,
    User,
    device_suffix,
    recovery_code,
    totp_secret,
)
from ..users.profiles import identity, new_profile
from ..users.seed import PASSWORD, credential
from ..users.times import DAY, HOUR, iso
from ..yaml_file import FileMistake, compose, read_file
from .tenant import Tenant

# Per factor of the file: the Management API's type, and the members that only some factors have.
FACTORS: dict[str, tuple[str, tuple[str, ...]]] = {
    "otp": ("totp", ("secret",)),
    "phone": ("phone", ("number",)),
    "push": ("push", ("secret",)),
    "email": ("email", ("address",)),
    "webauthn-roaming": ("webauthn-roaming", ()),
    "webauthn-platform": ("webauthn-platform", ()),
    "passkey": ("passkey", ()),
    "recovery-code": ("recovery-code", ("code",)),
}
PENDING_AGE = HOUR
_EARLIEST, _LATEST = (
    -62_135_596_800_000,
    253_370_764_800_000,
)  # the years 1 and 9999: others cannot be written as ISO dates
DEFAULT_CREATED_AGE = 365 * DAY
_AGE = re.compile(r"(in )?(\d{1,6}(?:\.\d{1,3})?) (minute|hour|day|week|month|year)s?( ago)?", re.ASCII)
_UNITS = {
    "minute": HOUR // 60,
    "hour": HOUR,
    "day": DAY,
    "week": 7 * DAY,
    "month": 30 * DAY,
    "year": 365 * DAY,
}
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_PROVIDER = re.compile("[a-z0-9][a-z0-9-]*")
_RECOVERY_CODE = re.compile(f"[{RECOVERY_CODE_CHARACTERS}]{{24}}")


def read_seed_file(path: str, now: int, message_types: tuple[str, ...]) -> list[tuple[str, User]]:
    """The users that the file describes, each with its place: the file's name and the number of the user's first line.

    :param now: the tenant's time, milliseconds; ages count back from it.
    :param message_types: what phones are enrolled for.

    Raises :class:`FileMistake` for the first mistake.
    """
    document = compose(read_file(path), path, yaml.SafeLoader, "'users:' with a list")
    return _Reader(path, now, message_types).users(document)


def read_users(body: object, now: int, message_types: tuple[str, ...]) -> list[tuple[str, User]]:
    """The same from a JSON value like such a file; places are such as ``body: user 2``."""
    document = compose(json.dumps(body, ensure_ascii=False), "body", yaml.SafeLoader, "users")
    return _Reader("body", now, message_types, has_lines=False).users(document)


class _Plain(yaml.constructor.SafeConstructor):
    """Makes what JSON has, and texts of dates."""


_Plain.add_constructor("tag:yaml.org,2002:timestamp", lambda _self, node: node.value)


class _Reader:
    """Reads users. What has no lines to tell is told by the number of the user."""

    def __init__(self, path: str, now: int, message_types: tuple[str, ...], *, has_lines: bool = True):
        self._path = path
        self._has_lines = has_lines
        self._number = 0
        self._now = now
        self._message_types = message_types
        self._connections: dict[str, Connection] = {}

    def users(self, document: yaml.Node) -> list[tuple[str, User]]:
        members = self._members(document, "the file", ("users",), ("users",))
        users: list[tuple[str, User]] = []
        owners: dict[tuple, str] = {}
        for self._number, node in enumerate(self._items(members["users"], "users"), start=1):
            user = self._user(node)
            identities = [(one["connection"], one["user_id"]) for one in user.profile["identities"]]
            for name, taken in (
                *(("name to log in by", (user.connection, name)) for name in user.names),
                ("user_id", ("", user.id)),
                *(("identity", ("identity", *pair)) for pair in identities),
            ):
                if taken in owners:
                    raise self._mistake(node, f"this {name} is that of {owners[taken]}")
                owners[taken] = (
                    f"the user in line {node.start_mark.line + 1}" if self._has_lines else f"user {self._number}"
                )
            users.append((self._place(node), user))
        return users

    def _user(self, node: yaml.Node) -> User:
        allowed = (
            "email", "username", "user_id", "name", "connection", "provider", "identities", "password", "phone_number",
            "email_verified", "blocked", "created", "last login", "logins", "authenticators", "app_metadata", "user_metadata",
            "raw", "missing",
        )  # fmt: skip
        members = self._members(node, "a user", allowed, ())
        naming = [name for name in ("email", "username", "phone_number", "user_id") if name in members]
        if not naming and "identities" not in members:
            raise self._mistake(node, "a user needs 'email', 'username', 'phone_number' or 'user_id'")
        if "email_verified" in members and "email" not in members:
            raise self._mistake(members["email_verified"], "a user without 'email' has no 'email_verified'")
        email = self._matching(members, "email", "", _ADDRESS, "an e-mail address")
        # What the rest is drawn from, so that the same file gives the same users.
        name = self._text(members, naming[0]) if naming else f"line {node.start_mark.line + 1}"
        identities = self._identities(members, name)
        connection, provider = identities[0]["connection"], identities[0]["provider"]
        if provider == "auth0":  # other connections keep what the identity provider says
            email = email.lower()
        if "password" in members and provider != "auth0":
            raise self._mistake(members["password"], f"users of {connection} have no password")
        rng = random.Random(f"{connection}/{email or name}")
        items = self._items(members["authenticators"], "authenticators") if "authenticators" in members else []
        built = [self._authenticators(item, email, rng) for item in items]
        authenticators = [item for pair, _code in built for item in pair]
        codes = [code for _pair, code in built if code is not None]
        if len(codes) > 1:
            raise self._mistake(members["authenticators"], "a user has one recovery code at most")
        oldest = min((item.created_at for item in authenticators), default=self._now)
        created = self._time(members, "created", min(self._now - DEFAULT_CREATED_AGE, oldest))
        if created > oldest:
            raise self._mistake(members["created"], "an authenticator is older than its user")
        return User(
            self._profile(members, email, identities, created),
            connection,
            self._text(members, "password", PASSWORD) if provider == "auth0" else None,
            authenticators,
            codes[0] if codes else None,
            raw=self._raw(members),
        )

    def _identities(self, members: dict[str, yaml.Node], name: str) -> list[dict]:
        """The user's identities; the first one is that of the ``user_id``."""
        mark = hashlib.sha256(name.lower().encode()).hexdigest()[:24]
        if "identities" not in members:
            connection = self._connection(members)
            provider = connection.strategy
            pattern = re.compile(re.escape(provider) + r"\|[^\x00-\x1f]+")
            default = f"{provider}|{local_id(connection, mark)}"
            user_id = self._matching(members, "user_id", default, pattern, f"{provider}| and a local id")
            is_social = connection.strategy_type == "social"
            return [identity(connection.name, provider, user_id.partition("|")[2], is_social)]
        for name in ("connection", "provider", "user_id"):
            if name in members:
                raise self._mistake(members[name], f"'{name}' belongs into the first of the identities")
        items = self._items(members["identities"], "identities")
        if not items:
            raise self._mistake(members["identities"], "identities must have one at least")
        return [self._identity(item, mark) for item in items]

    def _identity(self, node: yaml.Node, mark: str) -> dict:
        allowed = ("connection", "provider", "user_id", "isSocial", "profileData")
        members = self._members(node, "an identity", allowed, ("connection",))
        connection = self._connection(members)
        is_social = self._flag(members, "isSocial", connection.strategy_type == "social")
        local = self._text(members, "user_id", local_id(connection, mark))
        extra = {"profileData": self._object(members, "profileData")} if "profileData" in members else {}
        return identity(connection.name, connection.strategy, local, is_social) | extra

    def _connection(self, members: dict[str, yaml.Node]) -> Connection:
        """The connection of a user or an identity; all users of the file have to mean the same one by its name."""
        name = self._text(members, "connection", DATABASE)
        known = CONNECTIONS.get(name) or self._connections.get(name)
        if known is None and "provider" not in members:
            raise self._mistake(
                members["connection"], f"the connection '{name}' is not built in: it needs its provider"
            )
        provider = self._matching(members, "provider", known.strategy if known else "", _PROVIDER, "such as samlp")
        if known and provider != known.strategy:
            raise self._mistake(members["provider"], f"the connection '{name}' has the provider {known.strategy}")
        return self._connections.setdefault(name, connection_of(name, provider))

    def _profile(self, members: dict[str, yaml.Node], email: str, identities: list[dict], created: int) -> dict:
        user_id = f"{identities[0]['provider']}|{identities[0]['user_id']}"
        verified = self._flag(members, "email_verified", True)
        profile = new_profile(user_id, identities, email or None, created, verified)
        if "username" in members:
            profile["username"] = self._text(members, "username").lower()
        for name in ("app_metadata", "user_metadata"):
            if name in members:
                profile[name] = self._object(members, name)
        if "phone_number" in members:
            profile["phone_number"] = self._matching(members, "phone_number", "", _E164, "E.164, as +12025550123")
        names = (email, profile.get("username"), profile.get("phone_number"), user_id)
        profile["name"] = self._text(members, "name", next(filter(None, names)))
        if self._flag(members, "blocked", False):
            profile["blocked"] = True
        last_login = self._time(members, "last login", None, ("never",))
        if last_login is None:
            if "logins" in members:
                raise self._mistake(members["logins"], "a user with logins needs 'last login'")
            return profile
        if last_login < created:
            raise self._mistake(members["last login"], "last login is before the user's creation")
        logins = int(self._matching(members, "logins", "1", re.compile("[1-9][0-9]{0,8}"), "a whole number from 1"))
        return {**profile, "last_login": iso(last_login), "updated_at": iso(last_login), "logins_count": logins}

    def _authenticators(
        self, node: yaml.Node, email: str, rng: random.Random
    ) -> tuple[list[Authenticator], str | None]:
        """The authenticator (a push with its OTP twin), and its code if it is a recovery code."""
        common = ("factor", "name", "enrolled", "last used", "unconfirmed", "raw", "missing")
        special = tuple(dict.fromkeys(name for _kind, names in FACTORS.values() for name in names))
        members = self._members(node, "an authenticator", common + special, ("factor",))
        factor = self._text(members, "factor")
        if factor not in FACTORS:
            raise self._mistake(members["factor"], f"factor must be one of {', '.join(FACTORS)}, not '{factor}'")
        kind, own = FACTORS[factor]
        for name in special:
            if name in members and name not in own:
                raise self._mistake(members[name], f"'{name}' does not belong to the factor {factor}")
        item = Authenticator(kind, 0, device_suffix(rng), name=self._name(members), raw=self._raw(members))
        self._date(members, item)
        if factor == "recovery-code":
            code = self._matching(members, "code", recovery_code(rng), _RECOVERY_CODE, "24 of 1-9, A-Z without I and O")
            return [item], code
        if factor == "phone":
            if "number" not in members:
                raise self._mistake(node, "a phone needs its number")
            item.phone_number = self._matching(members, "number", "", _E164, "E.164, as +12025550123")
            item.channels, item.preferred = self._message_types, next(iter(self._message_types), None)
        elif factor == "email":
            if not email and "address" not in members:
                raise self._mistake(node, "the e-mail of a user without one needs its address")
            item.email = self._matching(members, "address", email, _ADDRESS, "an e-mail address").lower()
        elif factor == "otp":
            item.secret = self._secret(members, rng)
        elif factor == "push":
            item.link_id = f"link_{device_suffix(rng)[4:]}"
            twin = Authenticator("totp", item.created_at, device_suffix(rng), secret=self._secret(members, rng))
            twin.confirmed, twin.enrolled_at, twin.last_auth_at = item.confirmed, item.enrolled_at, item.last_auth_at
            twin.link_id = item.link_id
            return [item, twin], None
        else:
            item.webauthn = credential(kind, rng)
        return [item], None

    def _date(self, members: dict[str, yaml.Node], item: Authenticator) -> None:
        """Set the dates; none for an authenticator that an administrator created and nobody used."""
        if self._flag(members, "unconfirmed", False):
            if "last used" in members:
                raise self._mistake(members["last used"], "an unconfirmed authenticator cannot have been used")
            item.confirmed, item.created_at = False, self._time(members, "enrolled", self._now - PENDING_AGE)
            if item.created_at <= self._now - DAY:
                raise self._mistake(members["enrolled"], "an unconfirmed authenticator vanishes after 24 hours")
            return
        enrolled = self._time(members, "enrolled", self._now - 30 * DAY)
        never = None if item.type == "recovery-code" else enrolled
        used = self._time(members, "last used", never, ("never",))
        if used is not None and used < enrolled:
            raise self._mistake(members["last used"], "last used is before enrolled")
        item.created_at, item.enrolled_at, item.last_auth_at = enrolled, enrolled, used
        if used is None and item.type != "recovery-code":
            item.enrolled_at = None

    def _name(self, members: dict[str, yaml.Node]) -> str | None:
        return self._matching(members, "name", "", re.compile(".{1,20}"), "1 to 20 characters") or None

    def _secret(self, members: dict[str, yaml.Node], rng: random.Random) -> str:
        secret = self._text(members, "secret", totp_secret(rng))
        try:
            base64.b32decode(secret + "=" * (-len(secret) % 8))
        except (binascii.Error, ValueError):
            raise self._mistake(members["secret"], "secret must be base32: A-Z and 2-7") from None
        return secret

    # YAML

    def _mistake(self, node: yaml.Node, text: str) -> FileMistake:
        return FileMistake(f"{self._place(node)}: {text}")

    def _place(self, node: yaml.Node) -> str:
        if self._has_lines:
            return f"{self._path}:{node.start_mark.line + 1}"
        return f"{self._path}: user {self._number}" if self._number else self._path

    def _members(
        self, node: yaml.Node, what: str, allowed: tuple[str, ...], needed: tuple[str, ...]
    ) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self._mistake(node, f"{what} must be a mapping of {', '.join(allowed)}")
        members: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if name not in allowed:
                raise self._mistake(key, f"{what} has no '{name}'; it has {', '.join(allowed)}")
            if name in members:
                raise self._mistake(key, f"'{name}' is here a second time")
            members[name] = value
        for name in needed:
            if name not in members:
                raise self._mistake(node, f"{what} needs '{name}'")
        return members

    def _items(self, node: yaml.Node, name: str) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._mistake(node, f"{name} must be a list")
        return node.value

    def _text(self, members: dict[str, yaml.Node], name: str, default: str = "") -> str:
        """The text as written, even if YAML takes it for a number, so that phone numbers need no quotes."""
        node = members.get(name)
        if node is None:
            return default
        if not isinstance(node, yaml.ScalarNode) or not node.value or node.tag == "tag:yaml.org,2002:null":
            raise self._mistake(node, f"{name} must be a text")
        return node.value

    def _matching(
        self, members: dict[str, yaml.Node], name: str, default: str, pattern: re.Pattern, expected: str
    ) -> str:
        text = self._text(members, name, default)
        if name in members and not pattern.fullmatch(text):
            raise self._mistake(members[name], f"{name} must be {expected}")
        return text

    def _flag(self, members: dict[str, yaml.Node], name: str, default: bool) -> bool:
        text = self._text(members, name, "true" if default else "false").lower()
        if text not in ("true", "false", "yes", "no"):
            raise self._mistake(members[name], f"{name} must be true or false")
        return text in ("true", "yes")

    def _object(self, members: dict[str, yaml.Node], name: str) -> dict:
        """The JSON object of this name, empty without one. A date is the text as written."""
        if name not in members:
            return {}
        try:
            value = _Plain().construct_document(members[name])
            json.dumps(value, allow_nan=False)
        except (yaml.YAMLError, TypeError, ValueError, RecursionError):
            raise self._mistake(members[name], f"{name} must be what JSON can say") from None
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise self._mistake(members[name], f"{name} must be a mapping of texts to values")
        return value

    def _raw(self, members: dict[str, yaml.Node]) -> dict:
        """The members that are laid over answers, and those that are missing there."""
        nodes = self._items(members["missing"], "missing") if "missing" in members else []
        return self._object(members, "raw") | {self._text({"missing": node}, "missing"): MISSING for node in nodes}

    def _time(
        self, members: dict[str, yaml.Node], name: str, default: int | None, words: tuple[str, ...] = ()
    ) -> int | None:
        """Milliseconds since 1970; None for the word ``never``."""
        if name not in members:
            return default
        text = self._text(members, name)
        if text in words:
            return None
        moment = self._moment(text)
        if moment is None or not _EARLIEST <= moment < _LATEST:
            samples = ("an age such as '200 days ago'", "'in 3 days'", "a date such as 2026-01-31", "now", *words)
            raise self._mistake(members[name], f"{name} must be {' or '.join(samples)}, not '{text}'")
        return moment

    def _moment(self, text: str) -> int | None:
        """The time that an age or a date says, milliseconds since 1970; None if it is neither."""
        if text == "now":
            return self._now
        match = _AGE.fullmatch(text)
        if match and bool(match[1]) != bool(match[4]):
            age = round(float(match[2]) * _UNITS[match[3]])
            return self._now + (age if match[1] else -age) if age <= min(self._now, 100 * 365 * DAY) else None
        try:
            moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            return None
        return int((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp() * 1000)


def plant(path: str, tenant: Tenant) -> int:
    """Add the users of a seed file to a tenant and return how many there are.

    Raises :class:`FileMistake`, also for a user that already exists in the tenant.
    """
    return add_users(read_seed_file(path, tenant.now(), tenant.switches["message-types"]), tenant)


def add_users(users: list[tuple[str, User]], tenant: Tenant) -> int:
    """Add the users that were read and return how many there are; raises as :func:`plant` does."""
    for place, user in users:
        if any(tenant.find_by_name(name, user.connection) for name in user.names) or tenant.find(user.id):
            raise FileMistake(f"{place}: this user is seeded already (--users 0 leaves only those of the file)")
    for _place, user in users:
        for one in user.profile["identities"]:
            connection = connection_of(one["connection"], one["provider"])
            tenant.connections[connection.name] = connection
        tenant.store.add(user)  # unlike Tenant.add, which would hide the user from the search for a while
    return len(users)
