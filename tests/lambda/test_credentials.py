# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.operator import ClientSecret, PrivateKey
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.exceptions import ClientError, EndpointConnectionError

import credentials
import tenant
from credentials import fetch, read_credentials
from deadline import Deadline
from outage import Outage
from settings import read_settings

WHOLE = {"domain": "t.example", "client_id": "me", "client_secret": "canary"}


def read(**more):
    return read_credentials("tenant/audit", "t.example", {**WHOLE, **more})


def test_no_secret_is_in_a_repr():
    found = read()
    application = found.application
    assert (found.connection.domain, application.client_id, application.client_secret) == ("t.example", "me", "canary")
    assert "canary" not in repr(found) and "canary" not in found.connection.secrets.text("a canary")


def test_what_the_application_has_decides_how_it_authenticates():
    assert isinstance(read().authentication(Budget()), ClientSecret)
    signs = read(client_secret=None, private_key="canary", signing_algorithm="PS256")
    assert isinstance(signs.authentication(Budget()), PrivateKey) and signs.application.signing_algorithm == "PS256"
    assert "canary" not in repr(signs) and "canary" not in signs.connection.secrets.text("a canary")


def test_the_secret_may_have_other_keys():
    assert read(note="of the operations team", rotated=5) == read()


@pytest.mark.parametrize(
    "secret, said",
    [
        pytest.param({"domain": "canary canary"}, "domain is not the tenant of this function, t.example", id="swapped"),
        pytest.param({"domain": "canary.example"}, "domain is not the tenant of this function, t.example", id="tenant"),
        pytest.param({"base_url": "http://canary.example.com"}, "base_url is not an address", id="address without TLS"),
        pytest.param({"base_url": 5}, "base_url is not text", id="address no text"),
        pytest.param({"domain": ""}, "domain is empty", id="empty value"),
        pytest.param({"client_secret": 5}, "client_secret is not text", id="number"),
        pytest.param({"client_secret": None}, "client_secret is missing", id="neither"),
        pytest.param({"private_key": "canary"}, "it has both client_secret and private_key", id="both"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named_and_never_quoted(secret, said):
    with pytest.raises(ConfigurationError) as failure:
        read(**secret)
    text = str(failure.value)
    assert text.startswith("The secret tenant/audit cannot be used: ") and said in text and "canary" not in text
    assert failure.value.__context__ is None


@pytest.mark.parametrize("secret", [[], "canary", None, 5])
def test_a_secret_that_is_no_object_is_told(secret):
    with pytest.raises(ConfigurationError, match="it is not a JSON object"):
        read_credentials("tenant/audit", "t.example", json.loads(json.dumps(secret)))


@pytest.mark.parametrize("name", ["tenant/audit", "ssm:/tenant/audit"])
@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "Get"), Outage),
        (EndpointConnectionError(endpoint_url="https://aws"), Outage),
        (ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Get"), ConfigurationError),
        (ClientError({"Error": {"Code": "ParameterNotFound", "Message": "no"}}, "Get"), ConfigurationError),
    ],
)
def test_what_passes_may_be_retried_and_what_lasts_may_not(monkeypatch, name, cause, kind):
    def refuse(*_names, **_options):
        try:
            raise cause
        except Exception as error:
            raise GetParameterError(str(error)) from error

    monkeypatch.setattr(credentials, "_read", refuse)
    with pytest.raises(kind, match="The secret %s cannot be read" % name) as failure:
        fetch(name, "t.example")
    if kind is Outage:
        assert failure.value.service == {"tenant": "Secrets Manager", "ssm:": "SSM"}[name.partition("/")[0]]


def test_a_warm_function_keeps_its_tenant_until_the_secret_is_another(monkeypatch):
    secrets = [WHOLE, WHOLE, {**WHOLE, "client_secret": "new canary"}]
    found = iter(secrets)
    monkeypatch.setattr(credentials, "_read", lambda *_names: next(found))
    environment = {"AUDIT_TENANT": "t.example", "AUDIT_SECRET": "name", "AUDIT_BUCKET": "bucket"}
    settings, of = read_settings(environment), tenant.keeper()
    deadlines = [Deadline(lambda: 900.0, lambda: 0.0, 8.0) for _segment in secrets]
    first, second, third = (of(settings, each) for each in deadlines)
    assert first is second and second is not third
    assert second.deadline is deadlines[1] and third.deadline is deadlines[2]
    assert third.credentials.application.client_secret == "new canary"
