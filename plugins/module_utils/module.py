# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module is made of: the options that modules share, one run with its credentials, and how it ends.

The only file that knows AnsibleModule. A module states its parts and its task and leaves the rest to :func:`run`.
"""

from __future__ import annotations

import math
import os
import re
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any, Callable, Iterator, Mapping, Sequence

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib

from .auth0.wire.budget import Budget
from .auth0.wire.connection import Connection
from .auth0.wire.errors import Auth0Error, ConfigurationError, visible
from .auth0.wire.ledger import Ledger
from .auth0.wire.redaction import SHORTEST_SECRET, Secrets
from .auth0.api.bearer import Bearer
from .auth0.login.environment import ENVIRONMENT, for_renewal, from_environment
from .auth0.wire.transport import Transport
from .versions import IMPORTED_AS, how_to_install, wrong_versions

if TYPE_CHECKING:
    from .auth0.api.management import ManagementApi
    from .auth0.api.tokens import TokenEndpoint
    from .auth0.users.operator_side import OperatorSide
    from .auth0.users.user_side import UserSide

try:  # ansible-core 2.22 and newer
    from ansible.module_utils.secrets import register_secret
except ImportError:
    register_secret = None


@dataclass(frozen=True)
class Part:
    """Options that belong together, and the rules between them. A module is made of parts; its own options are one.

    :ivar options: name to argument spec
    :ivar mutually_exclusive: as AnsibleModule defines it; likewise the other rules. A rule may name options of other parts.
    :ivar named_secrets: options that hold secrets by name, as a mapping or as a list with ``name``; the names may be shown
    :ivar never_null: options without which the task would do more, or act in another role; secrets are such without being named
    :ivar entries: options that are lists of mappings, in which all that is wrong is told at once; the task reads them as they are
    :ivar packages: what has to be installed beside what every module needs
    """

    options: Mapping[str, dict[str, Any]]
    mutually_exclusive: tuple[tuple[str, ...], ...] = ()
    required_together: tuple[tuple[str, ...], ...] = ()
    required_one_of: tuple[tuple[str, ...], ...] = ()
    required_if: tuple[tuple[Any, ...], ...] = ()
    required_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    named_secrets: tuple[str, ...] = ()
    never_null: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


# Each part that modules share has its documentation in the fragment of the same name: CONNECTION in
# mfaops.auth0.connection, TARGET in mfaops.auth0.connection.target.
CONNECTION = Part(
    {
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
        "max_rate": {"type": "float"},
        "shared_budget": {"type": "bool", "default": True},
        "max_wait": {"type": "float", "default": 60},
    },
    mutually_exclusive=(("client_secret", "private_key"),),
)
TARGET = Part(
    {"user_id": {"type": "str"}, "email": {"type": "str"}},
    mutually_exclusive=(("user_id", "email"),),
)
USER = Part(
    {
        "mfa_token": {"type": "str", "no_log": True},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "realm": {"type": "str"},
        "otp": {"type": "str", "no_log": True},
    },
    mutually_exclusive=(("mfa_token", "username"),),
    required_together=(("username", "password"),),
    required_by={"otp": ("username",), "realm": ("username",)},
    never_null=("username",),
)

PROGRESS = Part({"progress_path": {"type": "path"}, "progress_every": {"type": "int", "default": 100}})
LOCKOUT = Part(
    {
        "allow_lockout": {"type": "bool", "default": False},
        "lockout_check": {"type": "str", "choices": ["required", "skip"], "default": "required"},
        "lockout_max_users": {"type": "int", "default": 1000},
        "audit_folder": {"type": "path"},
        "audit_max_age": {"type": "str", "default": "1d"},
    },
    never_null=("audit_folder",),
)


def module_arguments(parts: Sequence[Part]) -> dict[str, Any]:
    """What AnsibleModule is made with for a module of these parts."""
    required_by: dict[str, list[str]] = {}
    for part in parts:
        for option, others in part.required_by.items():
            required_by.setdefault(option, []).extend(others)
    return {
        "argument_spec": {name: spec for part in parts for name, spec in part.options.items()},
        "mutually_exclusive": [rule for part in parts for rule in part.mutually_exclusive],
        "required_together": [rule for part in parts for rule in part.required_together],
        "required_one_of": [rule for part in parts for rule in part.required_one_of],
        "required_if": [rule for part in parts for rule in part.required_if],
        "required_by": required_by,
        "supports_check_mode": True,
    }


HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


class Module(AnsibleModule):  # type: ignore[misc]  # ansible-core has no types
    """An AnsibleModule that hides every secret of the task, whatever else is wrong with its options.

    AnsibleModule learns what to hide while it converts options, and stops at the first that it refuses. This one learns it
    before, from what the task gives, of whatever type it is.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self.params: dict[str, Any] = {}
        self.given: dict[str, Any] = {}
        self._named_secrets = {name for part in parts for name in part.named_secrets}
        self.entries = {name for part in parts for name in part.entries}
        super().__init__(**module_arguments(parts))
        self.params.update({name: value for name, value in self.given.items() if name in self.entries})
        proxy = self.params.get("proxy")
        if isinstance(proxy, str) and re.fullmatch(r"https?://[^/?#@%\\\s]+/?", proxy):
            # Without a password in it, an address names the proxy that failed.
            self.no_log_values.discard(proxy)

    def _load_params(self) -> None:
        super()._load_params()
        self.given = {name: value for name, value in self.params.items() if name in self.argument_spec}
        for name, value in self.given.items():
            option = self.argument_spec[name]
            if name in self._named_secrets:
                self.no_log_values.update(_below_names(value))
            elif option.get("no_log"):
                self.no_log_values.update(texts(value))
            elif name in self.entries:
                # AnsibleModule would tell the first mistake only; see entries.py.
                self.no_log_values.update(secrets_below(option, value))
                self.params[name] = None if value is None else []
            elif option.get("type") == "float" and isinstance(value, int) and abs(value) > 2**63:
                # AnsibleModule's own conversion of what no float can hold ends in a traceback.
                self.params[name] = float("inf")
            elif option.get("type") == "dict" and value is not None and not isinstance(value, Mapping):
                # So does its search for suboptions in what is no mapping. It refuses a text.
                self.params[name] = str(value)

    def exit_json(self, **result: Any) -> None:
        super().exit_json(**result, invocation=self._invocation())

    def fail_json(self, msg: str, **result: Any) -> None:
        # A blank, or a letter, is no secret. To hide it everywhere makes the message unreadable.
        for text in [text for text in self.no_log_values if len(text.strip()) < SHORTEST_SECRET]:
            self.no_log_values.discard(text)
        super().fail_json(suggesting(msg), **result, invocation=self._invocation())

    def _invocation(self) -> dict[str, Any]:
        return {"module_args": {name: self._shown(name, value) for name, value in self.params.items()}}

    def _shown(self, name: str, value: object) -> object:
        if value is None:
            return None
        if name in self._named_secrets:
            return {str(each): HIDDEN for each in value} if isinstance(value, dict) else HIDDEN
        option = self.argument_spec.get(name)
        # An option that does not exist may be a secret whose name is misspelled, and an address may hold a password.
        secret = option is None or option.get("no_log") or name in ("auth0_domain", "base_url") and "@" in str(value)
        return HIDDEN if secret else value

    def check_types(self) -> None:
        """Whether the task's texts are texts. AnsibleModule makes a text of anything, and YAML has changed it by then.

        :raises ConfigurationError: one is not
        """
        for name, value in self.given.items():
            option = self.argument_spec[name]
            if not option.get("choices") and name not in self.entries:
                check_type(name, option, value)


def secrets_below(option: Mapping[str, Any], value: object) -> Iterator[str]:
    """Every text of the secrets in a list of mappings, and of members that do not exist: their names may be misspelled."""
    for each in value if isinstance(value, list) else ():
        for name, below in each.items() if isinstance(each, Mapping) else ():
            if option["options"].get(name, {"no_log": True}).get("no_log"):
                yield from texts(below)


def texts(value: object) -> Iterator[str]:
    """Every text of a value, names and numbers included."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from (*texts(name), *texts(each))
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from texts(each)
    elif value is not None and not isinstance(value, bool) and str(value):
        yield str(value)


def _below_names(value: object) -> Iterator[str]:
    """Every text of secrets by name, but for the names."""
    if isinstance(value, Mapping):
        yield from texts(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for each in value:
            if isinstance(each, Mapping):
                yield from texts(
                    [other for name, other in each.items() if name != "name" or not isinstance(other, str)]
                )
            else:
                yield from texts(each)
    else:
        yield from texts(value)


def suggesting(message: str) -> str:
    """Ansible's message about a value that is none of the choices, with the choice that is probably meant, if there is one."""
    refused = re.fullmatch(
        r"value of .+? must be one (?:or more )?of: (.+)(?:, got:|\. Got no match for:) (.+)", message, re.DOTALL
    )
    if refused is None:
        return message
    import difflib

    near = difflib.get_close_matches(refused[2], refused[1].split(", "), 1)
    return "%s. Did you mean %s?" % (message, near[0]) if near else message


def check_type(name: str, option: Mapping[str, Any], value: object) -> None:
    """Whether a value is what the option holds, before anything is converted.

    :param option: its argument spec
    :raises ConfigurationError: YAML read something else, or lost a part of it
    """
    kind = option.get("type", "str")
    if kind == "list" and isinstance(value, list):
        for each in value:
            check_type("An element of %s" % name, {**option, "type": option.get("elements", "raw")}, each)
    elif kind == "dict" and isinstance(value, Mapping):
        for member, below in option.get("options", {}).items():
            if not below.get("choices"):
                check_type("%s.%s" % (name, member), below, value.get(member))
    elif kind in ("int", "float") and isinstance(value, bool):
        raise ConfigurationError("%s is true or false, not a number" % name)
    elif kind == "str":
        # A code has six digits. YAML takes one with a leading zero for an octal number, which has fewer.
        complete = name in ("otp", "code", "binding_code") and len(str(value)) == 6
        as_text(name, value, number=complete or not option.get("no_log"))


def as_text(name: str, value: object, *, number: bool) -> str | None:
    """What is meant as text; None stays None.

    :param name: of the option, for the error
    :param number: whether a whole number may stand for its digits
    :raises ConfigurationError: YAML read something else, or lost a part of it
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        raise ConfigurationError("%s is true or false, not a text" % name, hint="Quote the word, as in 'yes'.")
    if isinstance(value, int) and number:
        return str(value)
    if isinstance(value, (int, float)):
        raise ConfigurationError(
            "%s is a number, not a text" % name,
            hint="Quote it, as in '1.10' or '012345'. YAML drops zeros from numbers.",
        )
    raise ConfigurationError(
        "%s is a %s, not a text" % (name, "mapping" if isinstance(value, Mapping) else "list"),
        hint="Set it to one text.",
    )


def check_nulls(nulls: Sequence[str], parts: Sequence[Part]) -> None:
    """Refuse a null where a value was meant that decides who acts, or limits what the task does.

    Without its secret, a task would act in another role, or on somebody else. Without its number or ID, a removal would
    take any device.

    :param nulls: the options that were given as null
    :raises ConfigurationError: one of them is such an option
    """
    wrong = [
        name
        for part in parts
        for name, spec in part.options.items()
        if name in nulls and (spec.get("no_log") or name in (*part.named_secrets, *part.never_null))
    ]
    if wrong:
        raise ConfigurationError(
            "%s %s null" % (" and ".join(wrong), "is" if len(wrong) == 1 else "are"),
            hint="Check where the value comes from. To leave the option out, remove it or set it to omit.",
        )


def run(task: Callable[[Session], dict[str, Any]], *parts: Part) -> None:
    """The whole of a module: ends the process with the task's result, or with one line that says why there is none.

    :param task: gets a :class:`Session`, returns the result; its ``diff`` is shown in diff mode only
    :param parts: the options of the module
    """
    module = Module(parts)
    session = Session(module)
    try:
        with session:
            check_nulls([name for name, value in module.given.items() if value is None], parts)
            module.check_types()
            session.check_versions(*(package for part in parts for package in part.packages))
            texts = {name: value for name, value in module.params.items() if name not in module.entries}
            check_visible(module.argument_spec, texts)
            result = task(session)
    except Auth0Error as error:
        shown = _shown(module, session.secrets, {"msg": list(error.told()), **error.facts()})
        module.fail_json(**{**shown, "msg": "\n".join(shown["msg"])})
    except ImportError as error:
        name = (error.name or "").partition(".")[0]
        if name not in IMPORTED_AS:
            raise
        package = IMPORTED_AS[name]
        hint = "Run: " + how_to_install(package)
        module.fail_json(msg="%s. %s" % (missing_required_lib(package).rstrip("."), hint), hint=hint)
    else:
        if not module._diff:
            result.pop("diff", None)
        module.exit_json(**_shown(module, session.secrets, result))


def _shown(module: AnsibleModule, secrets: Secrets, result: dict[str, Any]) -> dict[str, Any]:
    """The result as it is printed; from here on Ansible masks the secrets that it does not hand out."""
    for secret in secrets.beside(result):
        module.no_log_values.add(secret)
        if register_secret is not None:
            register_secret(secret)
    if "diff" in result:
        # The code of an Action is compared as it is, and shown in the diff only.
        result = {**result, "diff": secrets.data(result["diff"])}
    return {name: _visible(value, lines=name == "diff" or name in _OF_LINES) for name, value in result.items()}


def _visible(value: Any, lines: bool) -> Any:
    """The value with its texts in a form that cannot steer the terminal that Ansible prints it on.

    :param lines: a text may have several lines
    """
    if isinstance(value, str):
        return re.sub("[^\t\n]+", lambda part: visible(part[0]), value) if lines else visible(value)
    if isinstance(value, dict):
        return {_visible(name, False): _visible(each, lines or name in _OF_LINES) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_visible(each, lines) for each in value]
    return value


# Of results: a picture of characters, the code of an Action, a file.
_OF_LINES = frozenset({"qr_text", "code", "content"})
# Options that may have several lines, and are nowhere printed but in a diff.
_LINES = frozenset({"code", "public_key", "query"})


def check_visible(spec: Mapping[str, dict[str, Any]], params: Mapping[str, Any]) -> None:
    """Return if the options have no characters that :func:`visible` replaces, so that results can be compared with them.

    :param spec: of the module, or of an option with options of its own
    :raises ConfigurationError: an option has one
    """
    for name, option in spec.items():
        value = params.get(name)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict) and "options" in option:
                check_visible(option["options"], each)
            elif isinstance(each, str) and not option.get("no_log") and name not in _LINES:
                hidden = sorted({visible(char) for char in each if visible(char) != char})
                if hidden:
                    raise ConfigurationError(
                        "%s has characters that cannot be seen: %s" % (name, ", ".join(hidden)),
                        hint="Remove them. A line break is \\x0a.",
                    )


class Session:
    """One run of a module: its options, and the side they act from. A context manager that closes all connections.

    :ivar params: the options, with what the environment adds
    :ivar check_mode: whether nothing may be changed
    :ivar warn: shows a warning
    :ivar secrets: what Ansible must not print, but for what the result hands out
    :ivar sleep: waits so many seconds for the tenant; a task may set another one before it sends anything

    With ``mfa_token`` or ``username`` the task acts as the user, through the MFA API; else as operator, through the
    Management API.
    """

    def __init__(self, module: AnsibleModule) -> None:
        self.secrets = Secrets()
        self.check_mode: bool = module.check_mode
        self.sleep: Callable[[float], None] = time.sleep
        self.warn: Callable[[str], None] = lambda text: module.warn(visible(text))
        # Ansible's own fallbacks are filled in before options are compared, and would stand against what a task says.
        added = from_environment(module.params, os.environ)
        self.params = {**module.params, **added}
        self.secrets.add(*module.no_log_values, *(added[name] for name in ENVIRONMENT.keys() & added.keys()))
        self._hidden: set[str] = module.no_log_values
        self._closing = ExitStack()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._closing.close()

    def check_versions(self, *packages: str) -> None:
        """Whether what the task needs is installed in a version that works.

        :param packages: what this module needs beside what every module needs

        :raises ConfigurationError: it is not
        """
        needed = ["requests", *packages]
        # auth0_mfa_token is the only module for the user alone.
        if not self.acts_as_user and "grant" not in self.params:
            needed += ["auth0-python", "httpx"]
        if self.params["private_key"]:
            needed.append("PyJWT")
        if any(self.params.get(name) for name in ("qr_text", "qr_show", "qr_path")):
            needed.append("segno")
        wrong = wrong_versions(*needed)
        if wrong:
            raise ConfigurationError(wrong[0], hint=wrong[1])

    @cached_property
    def connection(self) -> Connection:
        """Where the tenant is.

        :raises ConfigurationError: an option cannot be right
        """
        given = self.params
        return Connection.from_options(
            auth0_domain=given["auth0_domain"],
            base_url=given["base_url"],
            validate_certs=given["validate_certs"],
            ca_path=given["ca_path"],
            timeout=given["timeout"],
            proxy=given["proxy"],
            secrets=self.secrets,
        )

    @cached_property
    def budget(self) -> Budget:
        """The one budget of the task's requests."""
        share, max_wait = self.params["rate_limit_share"], self.params["max_wait"]
        if max_wait == math.inf:
            raise ConfigurationError("max_wait %r is not a number of seconds" % max_wait)
        ledger = Ledger(self.connection.domain) if self.params["shared_budget"] else None
        return Budget(share, max_wait, max_rate=self.params["max_rate"], ledger=ledger, sleep=self.sleep)

    def now(self) -> datetime:
        """The aware time that ages are counted to: by the tenant's clock, as far as its answers told it."""
        return datetime.fromtimestamp(self.budget.now(), timezone.utc)

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
        # Ansible compiles a module anew for every task, so each side imports only its own files.
        from .auth0.api.tokens import Application, TokenEndpoint

        given = self.params
        if not given["client_id"]:
            raise ConfigurationError(
                "client_id is required to act as the user", hint="Set it to the application that the user logs in to."
            )
        application = Application(
            given["client_id"], given["client_secret"], given["private_key"], given["signing_algorithm"]
        )
        return TokenEndpoint(self._closing.enter_context(Transport(self.connection, self.budget)), application)

    def _user_side(self) -> UserSide:
        from .auth0.api.mfa import MfaApi
        from .auth0.login.user import as_user
        from .auth0.users.user_side import UserSide

        if self.params["user_id"] or self.params["email"]:
            raise ConfigurationError(
                "user_id and email cannot be used with mfa_token or username",
                hint="Remove them: the user's own token says who the user is.",
            )
        tokens = self.tokens()
        return UserSide(MfaApi(tokens, Bearer(as_user(self.params, tokens))))

    def operator_side(self) -> OperatorSide:
        """One user, named by ``user_id`` or ``email``, as operator; sends nothing.

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
    def operator_options(self) -> dict[str, Any]:
        """The options, with what the environment adds to renew ``api_token``."""
        added = for_renewal(self.params, os.environ)
        self.secrets.add(*added.values())
        return {**self.params, **added}

    def hand_out(self, secret: str, member: str) -> None:
        """Let the result show in this member what the task was given, and nowhere else. A task that fails shows it nowhere."""
        self._hidden.discard(secret)
        self.secrets.hand_out(secret, member)

    @cached_property
    def operator(self) -> ManagementApi:
        """The Management API; sends nothing.

        :raises ConfigurationError: credentials are missing
        """
        from .auth0.api.management import ManagementApi
        from .auth0.login.operator import as_operator

        bearer = Bearer(as_operator(self.operator_options, self.connection, self.budget))
        api = ManagementApi(self.connection, self.budget, bearer)
        self._closing.callback(api.close)
        return api
