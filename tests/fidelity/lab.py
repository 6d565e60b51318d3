# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cases and probes work with: the tenant, its applications, and one user who is thrown away at the end."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import requests

from .checks import CannotRun, Differs, NotSeen, has_status
from .tenant import Answer, Tenant, encoded, one_time_code

PASSWORD_REALM = "http://auth0.com/oauth/grant-type/password-realm"
MFA_GRANT = "http://auth0.com/oauth/grant-type/mfa-"
MFA_SCOPES = "enroll read:authenticators remove:authenticators"
LONGEST_SEEN = 120  # seconds that a delay is waited for

T = TypeVar("T")


@dataclass(frozen=True)
class Application:
    """The credentials of an application; ``repr`` does not show the secret."""

    client_id: str
    client_secret: str | None = None

    def __repr__(self) -> str:
        return f"Application({self.client_id!r})"

    def parameters(self) -> dict[str, str]:
        """Members of a request that authenticate it."""
        secret = {"client_secret": self.client_secret} if self.client_secret else {}
        return {"client_id": self.client_id, **secret}


@dataclass(frozen=True)
class Given:
    """What the caller gave.

    :param operator: the machine-to-machine application.
    :param application: one with the password and MFA grants.
    :param second_application: another one that may call the MFA API.
    :param connection: the database in which the user is made.
    :param mail_domain: of the user's made-up addresses.
    :param allowed: what else the run may do: ``actions``, ``settings``, ``waiting``, ``lockout``.
    """

    operator: Application
    application: Application | None = None
    second_application: Application | None = None
    connection: str = "Username-Password-Authentication"
    mail_domain: str = "example.com"
    allowed: frozenset[str] = frozenset()

    def has(self, need: str) -> bool:
        """Whether a case that needs this can run."""
        if need == "application":
            return self.application is not None
        if need == "second-application":
            return self.second_application is not None
        return need in self.allowed


class Lab:
    """The tenant under test. Use it as a context: leaving it removes all that was made, in reverse order."""

    def __init__(self, tenant: Tenant, given: Given):
        self.tenant = tenant
        self.given = given
        self.left_behind: list[str] = []
        self.run = secrets.token_hex(4)  # in the name of everything that is made
        self.email = f"fidelity-{self.run}@{given.mail_domain}"
        self._password = _password()
        self._user_id: str | None = None
        self._dirty = False
        self._verified: bool | None = False
        self._token: str | None = None
        self._factors: dict[str, bool] | None = None
        self._known: dict[Callable, tuple[Any, Exception | None]] = {}
        self._undo: list[tuple[str, Callable[[], None]]] = []

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        while self._undo:
            what, undo = self._undo[-1]
            try:
                undo()
            except (CannotRun, Differs, NotSeen, requests.RequestException, LookupError, TypeError):
                self.left_behind.append(what)
            self._undo.pop()

    def afterwards(self, what: str, undo: Callable[[], None]) -> None:
        """Have this done at the end, whatever happens. ``what`` is told if it fails."""
        self._undo.append((what, undo))

    # The operator

    def token(self) -> str:
        """A Management API token."""
        if self._token is None:
            answer = self.client_credentials()
            token = answer.member("access_token")
            if answer.status != 200 or not isinstance(token, str):
                raise CannotRun(f"no Management API token: {answer.told()}")
            self._token = token
        return self._token

    def check_application(self) -> None:
        """Make sure that users can log in through the application, with a second step; it changes nothing.

        Otherwise each fact about it would differ. Raises :class:`CannotRun`.
        """
        if self.given.application is None:
            return
        client = self.given.application
        nobody = {"username": f"nobody-{self.run}@{self.given.mail_domain}", "password": _password()}
        login = {"grant_type": PASSWORD_REALM, "realm": self.given.connection, **nobody, **client.parameters()}
        for answer in (
            self.oauth_token(**login),
            *(self.second_step(kind, "none") for kind in ("otp", "oob", "recovery-code")),
        ):
            error = answer.member("error")
            # 403 access_denied is about the connection.
            if error == "unauthorized_client" or answer.status == 401 and error in ("access_denied", "invalid_client"):
                raise CannotRun(
                    f"users cannot log in through the application {client.client_id}: {answer.told().rstrip('.')}. "
                    "Check its ID, AUTH0_APP_CLIENT_SECRET and its grant types."
                )

    def client_credentials(self, **changes: str | None) -> Answer:
        """Ask for a Management API token; ``changes`` replace parameters, None removes one."""
        parameters = {
            "grant_type": "client_credentials",
            "audience": self.tenant.management_audience,
            **self.given.operator.parameters(),
            **changes,
        }
        return self.oauth_token(**parameters)

    def oauth_token(self, **parameters: str | None) -> Answer:
        """``POST /oauth/token`` with these parameters that are not None, as JSON."""
        body = {name: value for name, value in parameters.items() if value is not None}
        return self.tenant.send("POST", "/oauth/token", json=body)

    def manage(self, method: str, path: str, **options: Any) -> Answer:
        """A request to the Management API; ``path`` goes on after ``/api/v2``. A missing scope is :class:`NotSeen`."""
        answer = self.tenant.send(method, f"/api/v2{path}", token=self.token(), **options)
        if answer.status == 403 and answer.member("errorCode") == "insufficient_scope":
            raise NotSeen(f"the operator's token lacks a scope. {answer.member('message')}")
        return answer

    # The user

    @property
    def user_id(self) -> str:
        """The user's ID; makes the user when it is first asked for."""
        if self._user_id is None:
            body = {
                "connection": self.given.connection,
                "email": self.email,
                "password": self._password,
                "email_verified": False,
                "verify_email": False,
                "name": "Fidelity suite",
            }
            # Before the request: its answer may be lost.
            self.afterwards(f"the user {self.email}", self._remove_user)
            answer = self.manage("POST", "/users", json=body)
            user_id = answer.member("user_id")
            if answer.status != 201 or not isinstance(user_id, str):
                raise CannotRun(f"no user in the connection {self.given.connection}: {answer.told()}")
            self._user_id = user_id
        return self._user_id

    def _remove_user(self) -> None:
        if self._user_id is None:
            found = has_status(self.manage("GET", "/users-by-email", query={"email": self.email}), 200).body
            ids = [user["user_id"] for user in found]
        else:
            ids = [self._user_id]
        for user_id in ids:
            has_status(self.manage("DELETE", f"/users/{encoded(user_id)}"), 204)

    @property
    def user(self) -> str:
        """The path of the user in the Management API."""
        return f"/users/{encoded(self.user_id)}"

    @property
    def methods(self) -> str:
        """The path of the user's authentication methods."""
        return f"{self.user}/authentication-methods"

    def patch_user(self, **members: Any) -> Answer:
        """``PATCH`` the user."""
        return self.manage("PATCH", self.user, json=members)

    def bare(self, verified: bool = False) -> None:
        """Bring the user to a state without any authenticator, with the e-mail address verified or not."""
        path = self.methods
        if self._dirty:
            has_status(self.manage("DELETE", path), 204)
            self._dirty = False
        if verified != self._verified:
            has_status(self.patch_user(email_verified=verified), 200)
            self._verified = verified

    def add(self, **method: Any) -> Answer:
        """``POST`` an authentication method."""
        self._dirty = True
        return self.manage("POST", self.methods, json=method)

    def dirty(self) -> None:
        """Note that the user may have authenticators from now on."""
        self._dirty = True

    def forget(self) -> None:
        """Note that the user may have any authenticators, and an address that is verified or not."""
        self._dirty, self._verified = True, None

    def change_password(self) -> Answer:
        """Give the user a new password."""
        self._password = _password()
        return self.patch_user(password=self._password)

    def with_otp(self, verified: bool = False) -> str:
        """Bring the user to one OTP app and nothing else; returns its secret."""
        self.bare(verified)
        secret = new_secret()
        has_status(self.add(type="totp", totp_secret=secret), 201)
        return secret

    def listed(self) -> list[dict]:
        """The user's authentication methods as the Management API lists them, without the password."""
        found = has_status(self.manage("GET", self.methods), 200).body
        return [method for method in found if method["type"] != "password"]

    # As the user

    def login(self, audience: str | None = "mfa", scope: str | None = None, **changes: str | None) -> Answer:
        """Log in with the password: for the MFA API, for ``me``, for another audience, or (None) for no API."""
        audiences = {"mfa": self.tenant.mfa_audience, "me": self.tenant.my_account_audience, None: None}
        parameters = {
            "grant_type": PASSWORD_REALM,
            "realm": self.given.connection,
            "username": self.email,
            "password": self._password,
            "audience": audiences.get(audience, audience),
            "scope": scope,
            **self.application().parameters(),
            **changes,
        }
        assert self.user_id
        self._dirty = True  # whoever is logged in may enroll
        return self.oauth_token(**parameters)

    def application(self) -> Application:
        """The application through which users log in."""
        if self.given.application is None:
            raise NotSeen("no application with the password grant was given")
        return self.given.application

    def mfa_jwt(self, scope: str = MFA_SCOPES) -> str:
        """The user's token for the MFA API; the user has to be bare."""
        return has_status(self.login(scope=scope), 200).body["access_token"]

    def challenged(self, audience: str | None = "mfa", **changes: str | None) -> Answer:
        """The refusal that asks for the second step; the user has to have an OTP app."""
        answer = self.login(audience, **changes)
        if answer.status == 200:
            raise NotSeen("the tenant asks a user who has an OTP app for no second step: are its factors disabled?")
        if answer.member("error") != "mfa_required":
            raise Differs(f"login of a user with an OTP app: expected mfa_required, got {answer.told()}")
        return answer

    def mfa_token(self) -> str:
        """The ``mfa_token`` of such a login."""
        return self.challenged().body["mfa_token"]

    def code(self, secret: str) -> str:
        """The code that an OTP app shows now."""
        return one_time_code(secret, self.tenant.now())

    def wrong_code(self, secret: str) -> str:
        """Six digits that are no code of the app, now or around now."""
        around = {one_time_code(secret, self.tenant.now() + 30 * step) for step in range(-2, 3)}
        return next(text for number in range(10) if (text := f"{number:06d}") not in around)

    def second_step(self, kind: str, mfa_token: str, **parameters: str | None) -> Answer:
        """The grant ``mfa-otp``, ``mfa-oob`` or ``mfa-recovery-code``."""
        return self.oauth_token(
            **{
                "grant_type": MFA_GRANT + kind,
                "mfa_token": mfa_token,
                **self.application().parameters(),
                **parameters,
            }
        )

    def mfa(self, method: str, path: str, token: str | None, **options: Any) -> Answer:
        """A request to the MFA API; ``path`` goes on after ``/mfa``."""
        return self.tenant.send(method, f"/mfa{path}", token=token, **options)

    def rows(self, token: str) -> list[dict]:
        """The user's authenticators as the MFA API lists them."""
        return has_status(self.mfa("GET", "/authenticators", token), 200).body

    def associate(self, token: str, kind: str, **members: str) -> Answer:
        """``POST /mfa/associate``: ``otp``, or the channel of an out-of-band one. A factor that is off is :class:`NotSeen`."""
        types = (
            {"authenticator_types": ["otp"]}
            if kind == "otp"
            else {"authenticator_types": ["oob"], "oob_channels": [kind]}
        )
        name = {"auth0": "push-notification"}.get(kind, kind)
        if not self.factors().get(name, False):
            raise NotSeen(f"the tenant does not offer the factor {name}")
        return self.mfa("POST", "/associate", token, json={**types, **members})

    def challenge(self, mfa_token: str, application: Application | None = None, **members: str) -> Answer:
        """``POST /mfa/challenge``."""
        body = {"mfa_token": mfa_token, **(application or self.application()).parameters(), **members}
        return self.mfa("POST", "/challenge", None, json=body)

    def finished(self, answer: Answer, secret: str) -> str:
        """The access token of a login, after the second step with the OTP app where the tenant asks for it."""
        if answer.member("error") == "mfa_required":
            answer = self.second_step("otp", answer.body["mfa_token"], otp=self.code(secret))
            if answer.status != 200 and not self.factors()["otp"]:
                raise NotSeen("the tenant does not offer the factor otp")
        return has_status(answer, 200).body["access_token"]

    def unblock(self) -> None:
        """Forget wrong passwords."""
        has_status(self.manage("DELETE", f"/user-blocks/{encoded(self.user_id)}"), 204)

    # Settings

    def factors(self) -> dict[str, bool]:
        """Whether the tenant offers each factor."""
        if self._factors is None:
            found = has_status(self.manage("GET", "/guardian/factors"), 200).body
            self._factors = {factor["name"]: factor["enabled"] for factor in found}
        return self._factors

    @contextmanager
    def meanwhile(self, what: str, undo: Callable[[], None]) -> Iterator[None]:
        """Undo what the block does; if that fails, once more at the end of the run."""
        entry = (what, undo)
        self._undo.append(entry)
        try:
            yield
        finally:
            undo()
            self._undo.remove(entry)

    @contextmanager
    def without_factor(self, name: str) -> Iterator[None]:
        """A factor is off for the whole tenant in the block."""
        path = f"/guardian/factors/{name}"

        def enable() -> None:
            has_status(self.manage("PUT", path, json={"enabled": True}), 200)

        with self.meanwhile(f"that the factor {name} is off", enable):
            has_status(self.manage("PUT", path, json={"enabled": False}), 200)
            yield

    # Actions

    def create_action(self, name: str) -> Answer:
        """``POST`` an Action that does nothing."""
        body = {
            "name": name,
            "supported_triggers": [{"id": "post-login", "version": "v3"}],
            "code": "exports.onExecutePostLogin = async () => {};",
            "runtime": "node22",
        }
        return self.manage("POST", "/actions/actions", json=body)

    def remove_action(self, action_id: str) -> None:
        """``DELETE`` an Action, also from its trigger."""
        has_status(self.manage("DELETE", f"/actions/actions/{action_id}", query={"force": "true"}), 204)

    @contextmanager
    def action_name(self) -> Iterator[str]:
        """A name; whatever Action has it at the end of the block is removed."""
        name = f"fidelity-{self.run}-{secrets.token_hex(3)}"

        def remove() -> None:
            found = has_status(self.manage("GET", "/actions/actions", query={"actionName": name}), 200).body["actions"]
            for action in found:
                self.remove_action(action["id"])

        with self.meanwhile(f"the Action {name}", remove):
            yield name

    @contextmanager
    def action(self) -> Iterator[dict]:
        """An Action that exists in the block, as it was answered when it was made."""
        with self.action_name() as name:
            yield has_status(self.create_action(name), 201).body

    @contextmanager
    def bindings_kept(self) -> Iterator[list[dict]]:
        """The bindings of ``post-login``, as they are sent; they are put back after the block."""
        found = has_status(self.manage("GET", "/actions/triggers/post-login/bindings"), 200).body["bindings"]
        bound = [
            {"ref": {"type": "binding_id", "value": item["id"]}, "display_name": item["display_name"]} for item in found
        ]

        def put_back() -> None:
            has_status(self.bind(bound), 200)

        with self.meanwhile("the bindings of post-login", put_back):
            yield bound

    def bind(self, bound: list[dict]) -> Answer:
        """``PATCH`` the bindings of ``post-login``."""
        return self.manage("PATCH", "/actions/triggers/post-login/bindings", json={"bindings": bound})

    def built(self, action_id: str) -> tuple[dict, int]:
        """An Action after its build, and how many seconds that took."""
        action: dict = {}

        def is_over() -> bool:
            action.update(has_status(self.manage("GET", f"/actions/actions/{action_id}"), 200).body)
            return action["status"] in ("built", "failed")

        return action, self.seconds_until(is_over)

    def deploy(self, action_id: str) -> Answer:
        """``POST`` a deploy."""
        return self.manage("POST", f"/actions/actions/{action_id}/deploy")

    def deployed(self, action_id: str) -> dict:
        """Deploy an Action when it is built; returns the version as it was answered."""
        if self.built(action_id)[0]["status"] == "failed":
            raise NotSeen("the build failed")
        return has_status(self.deploy(action_id), 200, 202).body

    def seconds_until(self, condition: Callable[[], bool]) -> int:
        """Whole seconds of the tenant's time until the condition holds, which is looked at each second; never more than it takes."""
        began = self.tenant.elapsed()
        latest = None  # when it did not hold yet
        while True:
            moment = self.tenant.elapsed() - began
            if condition():
                return 0 if latest is None else int(latest) + 1
            if moment > LONGEST_SEEN:
                raise NotSeen(f"it takes more than {LONGEST_SEEN} seconds")
            latest = moment
            self.tenant.wait(1)

    def once(self, function: Callable[[Lab], T]) -> T:
        """What the function returned the first time, or raised."""
        if function not in self._known:
            try:
                self._known[function] = (function(self), None)
            except (Differs, NotSeen) as error:
                self._known[function] = (None, error)
        value, error = self._known[function]
        if error is not None:
            raise error
        return value


def new_secret() -> str:
    """A random secret of an OTP app, base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def _password() -> str:
    """A random password that meets any policy: of all types of characters, and never three equal ones in a row."""
    return "Aa1!" + "-".join(secrets.token_hex(1) for _number in range(12))
