# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tenant's credentials, from Secrets Manager or from a SecureString of SSM."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Annotated, Any

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.bearer import Authentication
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.tokens import Application
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.operator import ClientSecret, PrivateKey
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from pydantic import BaseModel, Field, ValidationError

from outage import ParameterOutage, SecretOutage

# Seconds for one attempt of a request. Short, because what is in flight has to end before the function's deadline does.
REQUEST_TIMEOUT = 8.0
# Seconds after which a secret is read again by itself.
MAX_AGE = 300
SSM = "ssm:"

# Refusals that a retry cannot change. It can help after throttling and outages.
_LASTING_REFUSALS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "DecryptionFailure",
        "InvalidKeyId",
        "InvalidParameterException",
        "InvalidRequestException",
        "KMSAccessDeniedException",
        "ParameterNotFound",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
        "ValidationException",
    }
)

_Text = Annotated[str, Field(min_length=1)]
_PROBLEMS = {"missing": "missing", "string_too_short": "empty"}


class _Secret(BaseModel):
    """The JSON in the secret. It may have other keys, too."""

    domain: _Text
    client_id: _Text
    client_secret: _Text | None = None
    private_key: _Text | None = None
    signing_algorithm: _Text = Application.signing_algorithm
    base_url: str | None = None


@dataclass(frozen=True)
class Credentials:
    """How to reach the tenant and as whom."""

    connection: Connection
    application: Application

    def authentication(self, budget: Budget) -> Authentication:
        """The way to authenticate that these are for."""
        kind = PrivateKey if self.application.private_key else ClientSecret
        return kind(self.application, self.connection, budget)


def fetch(name: str, tenant: str, *, fresh: bool = False) -> Credentials:
    """The tenant's credentials, kept for five minutes.

    :param name: of a secret, or its ARN; or ``ssm:`` and the name of a parameter
    :param fresh: do not use those that are kept, because they may have been rotated
    :raises ConfigurationError: they cannot be read, or are not of the right form, or of another tenant
    :raises Outage: AWS does not give them now
    """
    from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError, TransformParameterError

    try:
        value = _read(name, fresh)
    except TransformParameterError:
        # The error's own text may quote the value.
        raise ConfigurationError("The secret %s is not JSON" % name) from None
    except GetParameterError as error:
        # Powertools raises this one class for every error of AWS. The cause is its context.
        code = getattr(error.__context__, "response", {}).get("Error", {}).get("Code")
        action = "ssm:GetParameter" if name.startswith(SSM) else "secretsmanager:GetSecretValue"
        message = "The secret %s cannot be read (%s): %s" % (name, action, error)
        if code not in _LASTING_REFUSALS:
            raise (ParameterOutage if name.startswith(SSM) else SecretOutage)(message, code=code) from None
        raise ConfigurationError(
            message, hint="Check AUDIT_SECRET and that the function's role may call %s on it." % action
        ) from None
    return read_credentials(name, tenant, value)


@functools.cache
def _provider(kind: str) -> Any:
    """Asks AWS, and gives up soon: the state machine waits for less than a function does."""
    from aws_lambda_powertools.utilities import parameters
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": 3}
    return getattr(parameters, kind)(boto_config=Config(connect_timeout=5, read_timeout=10, retries=retries))


def _read(name: str, fresh: bool) -> Any:
    kept: dict[str, Any] = {"transform": "json", "max_age": MAX_AGE, "force_fetch": fresh}
    if name.startswith(SSM):
        return _provider("SSMProvider").get(name.removeprefix(SSM), decrypt=True, **kept)
    return _provider("SecretsProvider").get(name, **kept)


def read_credentials(name: str, tenant: str, secret: object) -> Credentials:
    """Credentials from ``{"domain", "client_id", "client_secret" | "private_key", "signing_algorithm"?, "base_url"?}``.

    :param name: of the secret, for messages; they never quote its values
    :param tenant: whose they have to be
    :param secret: the parsed JSON
    :raises ConfigurationError: the secret is not of this form, or the address cannot be right
    """
    try:
        read = _Secret.model_validate(secret)
    except ValidationError as error:
        wrong = {".".join(map(str, each["loc"])): each["type"] for each in error.errors()}
        problems = ["%s is %s" % (key, _PROBLEMS.get(type_, "not text")) for key, type_ in wrong.items() if key]
    else:
        problems = _problems(read, tenant)
        if not problems:
            made = _made(read)
            if made is not None:
                return made
            # Its message quotes the address, and two values of a secret are easily swapped.
            problems = ["domain is not a host name, or base_url is not an address that begins with https://"]
    raise ConfigurationError(
        "The secret %s cannot be used: %s" % (name, ", ".join(problems) or "it is not a JSON object"),
        hint='It must be JSON of the form {"domain": ..., "client_id": ..., "client_secret": ...}, with private_key in place of '
        "client_secret if the application signs.",
    )


def _problems(read: _Secret, tenant: str) -> list[str]:
    if read.client_secret is None and read.private_key is None:
        return ["client_secret is missing"]
    if read.client_secret is not None and read.private_key is not None:
        return ["it has both client_secret and private_key"]
    if read.domain.lower() != tenant:
        return ["domain is not the tenant of this function, %s" % tenant]
    return []


def _made(read: _Secret) -> Credentials | None:
    try:
        connection = Connection.from_options(auth0_domain=read.domain, base_url=read.base_url, timeout=REQUEST_TIMEOUT)
    except ConfigurationError:
        return None
    connection.secrets.add(read.client_secret, read.private_key)
    application = Application(read.client_id, read.client_secret, read.private_key, read.signing_algorithm)
    return Credentials(connection, application)
