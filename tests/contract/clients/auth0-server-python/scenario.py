# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives the embedded tenant with auth0-server-python: ``scenario.py DOMAIN SECRET``; the second one is the OTP secret of user00002."""

import asyncio
import base64
import hashlib
import hmac
import struct
import sys
import time
import warnings

warnings.showwarning = lambda *_: None  # authlib tells of its own future, whatever the filters say

import httpx
from auth0_server_python.auth_server.mfa_client import MfaClient
from auth0_server_python.error import MfaVerifyError

DOMAIN, SECRET = sys.argv[1:]
APP = {"client_id": "app", "client_secret": "app-secret"}
SCOPE = "openid offline_access enroll read:authenticators remove:authenticators"


def one_time_code(secret, moment):
    """RFC 6238."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(moment) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start:start + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


async def sealed(client, user):
    """The user's ``mfa_token`` as the client keeps it."""
    form = {"grant_type": "password", "username": user, "password": "Correct-Horse-7", "scope": SCOPE, **APP}
    form["audience"] = f"https://{DOMAIN}/mfa/"
    async with httpx.AsyncClient() as http:
        answer = (await http.post(f"https://{DOMAIN}/oauth/token", data=form)).json()
    token = answer.get("mfa_token") or answer["access_token"]
    return client._encrypt_mfa_token(token, form["audience"], SCOPE)


async def received(user_id):
    """The code that the user's phone got last."""
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"https://{DOMAIN}/_control/codes", params={"user_id": user_id})
    return answer.json()[-1]["code"]


async def main():
    client = MfaClient(domain=DOMAIN, client_id="app", client_secret="app-secret", secret="of the client's own storage")

    token = {"mfa_token": await sealed(client, "user00002@example.com")}
    assert "otp" in [item.authenticator_type for item in await client.list_authenticators(token)]
    assert (await client.challenge_authenticator({**token, "factor_type": "otp"})).challenge_type == "otp"
    try:
        await client.verify({**token, "otp": "000000"})
    except MfaVerifyError:
        pass
    else:
        raise AssertionError("a wrong code was taken")
    verified = await client.verify({**token, "otp": one_time_code(SECRET, time.time())})
    assert verified.access_token and verified.token_type == "Bearer"

    token = {"mfa_token": await sealed(client, "user00003@example.com")}
    (phone,) = [item for item in await client.list_authenticators(token) if item.id.startswith("sms|")]
    sent = await client.challenge_authenticator({**token, "factor_type": "sms", "authenticator_id": phone.id})
    assert (sent.challenge_type, sent.binding_method) == ("oob", "prompt")
    async with httpx.AsyncClient() as http:
        form = {"grant_type": "client_credentials", "client_id": "m2m", "client_secret": "m2m-secret"}
        form["audience"] = f"https://{DOMAIN}/api/v2/"
        bearer = (await http.post(f"https://{DOMAIN}/oauth/token", json=form)).json()["access_token"]
        headers = {"authorization": f"Bearer {bearer}"}
        address = f"https://{DOMAIN}/api/v2/users-by-email?email=user00003@example.com"
        (user,) = (await http.get(address, headers=headers)).json()
    code = await received(user["user_id"])
    assert (await client.verify({**token, "oob_code": sent.oob_code, "binding_code": code})).access_token

    token = {"mfa_token": await sealed(client, "user00004@example.com")}
    assert (await client.verify({**token, "recovery_code": "4444AAAABBBBCCCCDDDDEEEE"})).recovery_code

    token = {"mfa_token": await sealed(client, "user00001@example.com")}
    enrolled = await client.enroll_authenticator({**token, "factor_type": "otp"})
    assert enrolled.barcode_uri.startswith("otpauth://") and enrolled.secret and enrolled.recovery_codes
    texted = await client.enroll_authenticator({**token, "factor_type": "sms", "phone_number": "+12025550123"})
    assert texted.oob_channel == "sms" and texted.oob_code


asyncio.run(main())
