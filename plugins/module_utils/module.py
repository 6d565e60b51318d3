# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only file that knows AnsibleModule: shared options, what is hidden, and how an error becomes a failure."""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Callable, Mapping

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib

from .auth0.wire.budget import Budget
from .auth0.wire.connection import Connection
from .auth0.wire.errors import Auth0Error, ConfigurationError
from .auth0.api.checks import check_code, check_token
from .auth0.api.tokens import Application, CachedToken, TokenEndpoint, TokenSet
from .auth0.wire.transport import Transport

if TYPE_CHECKING:
    from .auth0.api.management import ManagementApi
    from .auth0.users.operator_side import OperatorSide
    from .auth0.users.user_side import UserSide

try:  # ansible-core 2.22 and newer
    from ansible.module_utils.secrets import register_secret
except ImportError:
    register_secret = None

LIBRARIES = {
    "auth0": "auth0-python >= 6.8",
    "requests": "requests >= 2.32",
    "httpx": "auth0-python >= 6.8",
    "jwt": "PyJWT[crypto] >= 2.8",
    "segno": "segno >= 1.6",
}


def connection_spec() -> dict[str, dict]:
    """The options of the doc fragment C(connection)."""
    return {
        "auth0_domain": {"type": "str"},
        "base_url": {"type": "str"},
        "api_token": {"type": "str", "no_log": True},
        "client_id": {"type": "str", "fallback": (env_fallback, ["AUTH0_CLIENT_ID"])},
        "client_secret": {"type": "str", "no_log": True},
        "private_key": {"type": "str", "no_log": True},
        "signing_algorithm": {
            "type": "str",
            "choices": ["RS256", "RS384", "PS256"],
            "default": "RS256",
            "fallback": (env_fallback, ["AUTH0_CLIENT_ASSERTION_SIGNING_ALG"]),
        },
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        # May hold a password.
        "proxy": {"type": "str", "no_log": True},
        "timeout": {"type": "float", "default": 30},
        "rate_limit_share": {"type": "float", "default": 0.5},
        "max_wait": {"type": "float", "default": 60},
    }


def target_spec() -> dict[str, dict]:
    """The options of the doc fragment C(connection.target)."""
    return {"user_id": {"type": "str"}, "email": {"type": "str"}}


def user_spec() -> dict[str, dict]:
    """The options of the doc fragment C(connection.user)."""
    return {
        "mfa_token": {"type": "str", "no_log": True},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "realm": {"type": "str"},
        "otp": {"type": "str", "no_log": True},
    }


def rules(*specs: dict[str, dict]) -> dict[str, object]:
    """How the options of these specs go together, for AnsibleModule."""
    options = {name for spec in specs for name in spec}
    exclusive = [("user_id", "email"), ("mfa_token", "username"), ("client_secret", "private_key")]
    needed = {"otp": "username", "realm": "username"}
    return {
        "mutually_exclusive": [pair for pair in exclusive if options.issuperset(pair)],
        "required_together": [("username", "password")] if "username" in options else [],
        "required_by": {name: other for name, other in needed.items() if name in options and other in options},
    }


def run(module: AnsibleModule, task: Callable[[Session], dict]) -> None:
    """Run one task and end the module, with its result or with one line that says why not.

    :param task: gets a :class:`Session`, returns what goes to C(exit_json)
    """
    try:
        with Session(module) as session:
            result = task(session)
    except Auth0Error as error:
        module.fail_json(msg=str(error), **error.facts())
    except ImportError as error:
        name = (error.name or "").partition(".")[0]
        if name not in LIBRARIES:
            raise
        module.fail_json(msg=missing_required_lib(LIBRARIES[name]))
    else:
        module.exit_json(**result)


# Ansible's own fallbacks are filled in before options are compared, and would stand against what a task says.
ENVIRONMENT = {
    "api_token": "AUTH0_API_TOKEN",
    "client_secret": "AUTH0_CLIENT_SECRET",
    "private_key": "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY",
}


def from_environment(params: dict, environment: Mapping[str, str]) -> dict[str, str]:
    """What the environment adds to the options of a task: nothing that stands beside, or against, what the task says.

    :returns: values by option
    """
    added = {}
    loopback = (params["base_url"] or "").startswith("http:")
    if not params["auth0_domain"] and not loopback and environment.get("AUTH0_DOMAIN"):
        added["auth0_domain"] = environment["AUTH0_DOMAIN"]
    if not any(params[name] is not None for name in ENVIRONMENT):
        found = [name for name, variable in ENVIRONMENT.items() if environment.get(variable)]
        if found:
            added[found[0]] = environment[ENVIRONMENT[found[0]]]
    return added


class Session:
    """One module run: the options, and the side they act from. A context manager that closes all connections.

    With C(mfa_token) or C(username) the task acts as the user, through the MFA API; else as operator, through the
    Management API.
    """

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        added = from_environment(module.params, os.environ)
        self.params = {**module.params, **added}
        for name in ENVIRONMENT.keys() & added.keys():
            self.hide(added[name])
        self._closing = ExitStack()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_exception) -> None:
        self._closing.close()

    @cached_property
    def connection(self) -> Connection:
        """Where the tenant is.

        :raises ConfigurationError: an option cannot be right
        """
        given = ("auth0_domain", "base_url", "validate_certs", "ca_path", "timeout", "proxy")
        return Connection.from_options(**{name: self.params[name] for name in given})

    @cached_property
    def budget(self) -> Budget:
        """The one budget of the task's requests."""
        return Budget(self.params["rate_limit_share"], self.params["max_wait"])

    @cached_property
    def application(self) -> Application | None:
        """Who calls; None without C(client_id)."""
        given = self.params
        if not given["client_id"]:
            return None
        return Application(given["client_id"], given["client_secret"], given["private_key"], given["signing_algorithm"])

    def side(self) -> UserSide | OperatorSide:
        """The side the options speak of; sends nothing.

        :raises ConfigurationError: credentials or the name of the user are missing
        """
        if self.acts_as_user:
            return self._user_side()
        return self.operator_side()

    @property
    def acts_as_user(self) -> bool:
        """Whether the task has a user's own token or password."""
        return self.params.get("mfa_token") is not None or self.params.get("username") is not None

    def tokens(self) -> TokenEndpoint:
        """The grants of the application; sends nothing.

        :raises ConfigurationError: no application is given
        """
        if self.application is None:
            raise ConfigurationError(
                "Acting as the user needs client_id", hint="Name the application the user logs in to."
            )
        return TokenEndpoint(self._closing.enter_context(Transport(self.connection, self.budget)), self.application)

    def _user_side(self) -> UserSide:
        # Modules are compiled anew for every task, so each side loads its own only.
        from .auth0.api.mfa import MfaApi, log_in
        from .auth0.users.user_side import UserSide

        given = self.params
        if given["user_id"] or given["email"]:
            raise ConfigurationError(
                "user_id and email do not go with mfa_token or username",
                hint="The user's own token says who the user is.",
            )
        if given["mfa_token"] is not None:
            check_token("mfa_token", given["mfa_token"])
        elif not given["username"] or not given["password"]:
            raise ConfigurationError("username or password is empty")
        if given["otp"] is not None:
            check_code("otp", given["otp"])
        tokens = self.tokens()

        def fetch() -> TokenSet:
            bearer = given["mfa_token"] or log_in(
                tokens, self.connection.mfa_audience, given["username"], given["password"], given["realm"], given["otp"]
            )
            self.hide(bearer)
            return TokenSet(bearer, expires_in=600)

        return UserSide(MfaApi(tokens, CachedToken(fetch)))

    def operator_side(self) -> OperatorSide:
        """One user, named by C(user_id) or C(email), as operator; sends nothing.

        :raises ConfigurationError: credentials or the name of the user are missing
        """
        from .auth0.users.operator_side import OperatorSide

        given = self.params
        if not given["user_id"] and not given["email"]:
            as_user = "mfa_token" in given
            raise ConfigurationError(
                "No user given",
                hint="Set user_id or email%s%s."
                % (
                    ", or user_ids, emails or query" if "query" in given else "",
                    ", or act as the user with mfa_token, or username and password" if as_user else "",
                ),
            )
        return OperatorSide(self.operator, user_id=given["user_id"], email=given["email"])

    @cached_property
    def operator(self) -> ManagementApi:
        """The Management API; sends nothing.

        :raises ConfigurationError: credentials are missing
        """
        from .auth0.api.management import ManagementApi

        given = self.params
        if given["api_token"]:
            token = check_token("api_token", given["api_token"])
            api = ManagementApi(self.connection, self.budget, lambda: token)
        elif self.application and (given["client_secret"] or given["private_key"]):
            api = ManagementApi.with_client_credentials(
                self.connection, self.budget, self.application, on_token=self.hide
            )
        else:
            raise ConfigurationError(
                "No credentials given", hint="Set client_id with client_secret or private_key, or set api_token."
            )
        self._closing.callback(api.close)
        return api

    def hide(self, secret: str) -> None:
        """Keep a secret that Auth0 returned out of everything Ansible prints."""
        self.module.no_log_values.add(secret)
        if register_secret is not None:
            register_secret(secret)
