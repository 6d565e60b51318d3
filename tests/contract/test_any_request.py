# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests made by Schemathesis from the OpenAPI documents, as described and not: every one gets an answer."""

from __future__ import annotations

import contextlib

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.unit.emulator.client import APP, Api

from .openapi import documents, operations

SETTINGS = settings(
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
# Ids that exist, so that a request gets beyond the 404.
KNOWN = {"/users/{id}": "oauth2|name|a/b+c", "/actions/triggers/{triggerId}": "post-login"}


def _operation(name):
    method, template = name.split(" ")
    prefix = "" if template in documents()[""]["paths"] else "/api/v2"
    return prefix, schemathesis.openapi.from_dict(documents()[prefix])[template][method]


def _bearer(api, template):
    if template.startswith("/mfa/"):
        return api.mfa_jwt(1)
    return None if template.startswith(("/oauth/", "/authorize")) else api.management_token()


def _with_client(options):
    """Without an application's credentials a request for a token is not looked at any further."""
    for place in ("json", "data"):
        if isinstance(options.get(place), dict):
            options[place] = {**options[place], **APP}
    return options


# Without the documents one case is left, for the fixture to say why it is skipped.
@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("name", sorted(operations()) or ["no documents"])
def test_no_request_makes_the_emulator_fail(name):
    prefix, operation = _operation(name)
    known = next((value for template, value in KNOWN.items() if operation.path.startswith(template)), None)
    names = [parameter.name for parameter in operation.path_parameters][:1]
    wanted = {names[0]: known} if known and names else None
    strategies = [
        operation.as_strategy(generation_mode=mode, path_parameters=parameters)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        for parameters in (None, wanted)
    ]
    with contextlib.closing(Api({}, "unlimited", 20)) as api:
        token = _bearer(api, operation.path)
        statuses = set()

        @SETTINGS
        @given(st.one_of(strategies))
        def send(case):
            options = case.as_transport_kwargs(base_url=f"https://tenant.test{prefix}")
            if operation.path.startswith(("/oauth/", "/mfa/challenge")):
                options = _with_client(options)
            request = requests.Request(**options).prepare()
            answer = api.call(request.method, request.url, token, headers=dict(request.headers), content=request.body)
            statuses.add(answer.status_code)

        send()
    assert statuses and max(statuses) < 500
