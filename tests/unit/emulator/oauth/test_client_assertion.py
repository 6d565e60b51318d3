# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client authentication by private-key JWT."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ..client import DOMAIN, refused

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEY = (Path(__file__).parents[3] / "emulator" / "m2m-jwt.pem").read_bytes()


def claims(**changes):
    now = int(time.time())
    values = {
        "iss": "m2m-jwt",
        "sub": "m2m-jwt",
        "aud": f"https://{DOMAIN}/",
        "iat": now,
        "exp": now + 60,
        "jti": str(uuid.uuid4()),
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def ask(api, assertion, **parameters):
    return api.token(
        grant_type="client_credentials",
        audience=api.management_audience,
        **{"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion, **parameters},
    )


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "PS256"])
def test_assertion_gives_a_management_token(api, algorithm):
    answer = ask(api, jwt.encode(claims(), KEY, algorithm=algorithm), client_id="m2m-jwt")
    assert answer.status_code == 200
    assert "delete:authentication_methods" in answer.json()["scope"].split()
    assert api.call("GET", "/api/v2/users", answer.json()["access_token"]).status_code == 200


@pytest.mark.parametrize(
    "audience",
    [
        pytest.param(f"https://{DOMAIN}/oauth/token", id="token endpoint"),
        pytest.param([f"https://{DOMAIN}/", "https://other.test/"], id="one of several"),
    ],
)
def test_other_accepted_audiences(api, audience):
    assert ask(api, jwt.encode(claims(aud=audience), KEY, algorithm="RS256")).status_code == 200


@pytest.mark.parametrize("seconds", [90 * 86400, -3600])
def test_assertions_follow_the_clock_of_the_tenant(api, seconds):
    api.advance(seconds)
    refused(ask(api, jwt.encode(claims(), KEY, algorithm="RS256")), 401, "invalid_client")
    now = int(time.time()) + seconds
    assert ask(api, jwt.encode(claims(iat=now, exp=now + 60), KEY, algorithm="RS256")).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"iss": "m2m"}, id="issuer"),
        pytest.param({"sub": "m2m"}, id="subject"),
        pytest.param({"aud": f"https://{DOMAIN}"}, id="audience without its slash"),
        pytest.param({"aud": None}, id="no audience"),
        pytest.param({"exp": None}, id="no expiry"),
        pytest.param({"exp": "soon"}, id="expiry is a text"),
        pytest.param({"exp": float("nan")}, id="expiry is nan"),
        pytest.param({"exp": float("inf")}, id="expiry is infinite"),
        pytest.param({"iat": True}, id="issue time is a boolean"),
        pytest.param({"exp": int(time.time()) - 1}, id="expired"),
        pytest.param({"exp": int(time.time()) + 3600}, id="valid for too long"),
        pytest.param({"exp": int(time.time()) + 3600, "iat": None}, id="valid for too long without an issue time"),
        pytest.param({"iat": int(time.time()) + 36_000}, id="issued in the future"),
        pytest.param({"nbf": int(time.time()) + 36_000}, id="not yet valid"),
        pytest.param({"jti": None}, id="no jti"),
        pytest.param({"jti": "x" * 65}, id="jti too long"),
    ],
)
def test_wrong_claim_is_401_and_named_in_the_log(api, changes):
    refused(ask(api, jwt.encode(claims(**changes), KEY, algorithm="RS256")), 401, "invalid_client")
    entry = api.manage("GET", "/logs", params={"q": "type:feccft"}).json()[0]
    assert (entry["type"], entry["description"]) == ("feccft", "Failed client authentication")
    assert entry["details"]["client_authentication_error"]


def test_assertion_can_be_used_once(api):
    assertion = jwt.encode(claims(), KEY, algorithm="RS256")
    assert ask(api, assertion).status_code == 200
    refused(ask(api, assertion), 401, "invalid_client")


def test_wrong_key_algorithm_or_client_is_401(api):
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for assertion in (
        jwt.encode(claims(), stranger, algorithm="RS256"),
        jwt.encode(claims(), KEY, algorithm="RS512"),
        jwt.encode(claims(), "x" * 32, algorithm="HS256"),
        jwt.encode(claims(iss="app", sub="app"), KEY, algorithm="RS256"),
        "garbage",
    ):
        refused(ask(api, assertion), 401, "invalid_client")


def test_client_id_next_to_the_assertion_must_match(api):
    assertion = jwt.encode(claims(), KEY, algorithm="RS256")
    refused(ask(api, assertion, client_id="m2m"), 401, "invalid_client")
    refused(ask(api, assertion, client_assertion_type="jwt"), 400, "invalid_request")


def test_client_with_a_key_has_no_secret(api):
    answer = api.token(grant_type="client_credentials", client_id="m2m-jwt", client_secret="", audience="x")
    refused(answer, 401, "access_denied")
