# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Masking: every form of a secret, before the text is changed, and nothing else."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.redaction import MASK, Secrets

SECRET = 'p/ss  word\t+"é=canary'


def _units(text: str) -> list[bytes]:
    encoded = text.encode("utf-16-be")
    return [encoded[place : place + 2] for place in range(0, len(encoded), 2)]


FORMS = {
    "plain": lambda text: text,
    "JSON": lambda text: json.dumps({"a": text}),
    "JSON, not ASCII": lambda text: json.dumps({"a": text}, ensure_ascii=False),
    "repr": repr,
    "percent": lambda text: quote(text, safe=""),
    "percent, lower case": lambda text: quote(text, safe="").lower() if text.islower() else quote(text, safe=""),
    "form": quote_plus,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, URL": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "Basic": lambda text: base64.b64encode(b"m2m:" + text.encode()).decode(),
    "Basic, longer ID": lambda text: base64.b64encode(b"m2mxy:" + text.encode() + b" after").decode(),
    "JSON, slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "HTML": html.escape,
    "one line": lambda text: " ".join(text.split()),
    "percent, every byte": lambda text: "".join("%%%02X" % byte for byte in text.encode()),
    "percent, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "JSON, every character": lambda text: "".join("\\u%s" % unit.hex() for unit in _units(text)),
    "JSON, twice": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "digits": lambda text: text.encode().hex(),
    "digits, upper case": lambda text: text.encode().hex().upper(),
}


def known(*values: str) -> Secrets:
    secrets = Secrets()
    secrets.add(*values)
    return secrets


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_secret_is_masked(form):
    shown = known(SECRET).text("before %s after" % FORMS[form](SECRET))
    assert "canary" not in shown
    assert base64.b64encode(b"canary").decode().rstrip("=")[1:-1] not in shown
    assert MASK in shown
    assert shown.startswith("before ") and shown.endswith(" after")


@given(secret=st.text(min_size=8, max_size=40), before=st.binary(max_size=7), after=st.binary(max_size=7))
def test_a_secret_inside_of_base64_is_masked(secret, before, after):
    if len(secret.strip()) < 8 or any(0xD800 <= ord(char) < 0xE000 for char in secret):
        return
    text = base64.b64encode(before + secret.encode() + after).decode()
    assert MASK in known(secret).text(text)


def test_the_longer_secret_goes_as_a_whole():
    assert known("abcd", "abcdefgh").text("abcdefgh abcd") == "%s %s" % (MASK, MASK)


def test_each_line_of_a_key_is_a_secret():
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n-----END PRIVATE KEY-----"
    assert "MIIEvQ" not in known(key).text("cannot parse MIIEvQIBADANBgkqhkiG9w0")
    assert "MIIEvQ" not in known(key).text(json.dumps(key))


@pytest.mark.parametrize("value", [None, 5, "", "abc", ["abcdefgh"]])
def test_what_is_no_secret_masks_nothing(value):
    secrets = Secrets()
    secrets.add(value)
    assert list(secrets) == []
    assert secrets.text("abc 5 None") == "abc 5 None"


def test_an_answer_keeps_the_secrets_it_brings_and_they_are_masked_afterward():
    secrets = Secrets()
    answer = {"access_token": "token-canary", "scope": "enroll", "recovery_codes": ["code-canary"]}
    assert secrets.answer(answer) == answer
    assert secrets.text("token-canary code-canary") == "%s %s" % (MASK, MASK)


def test_a_renewed_token_may_be_the_same_again():
    secrets = Secrets()
    secrets.answer({"access_token": "token-canary"})
    secrets.sent({}, "token-canary")
    assert secrets.answer({"access_token": "token-canary"}) == {"access_token": "token-canary"}


def test_the_seed_in_an_address_is_learned():
    secrets = Secrets()
    secrets.answer({"barcode_uri": "otpauth://totp/T:u?secret=SEEDCANARY&digits=6"})
    assert secrets.text("SEEDCANARY") == MASK


def test_what_signs_a_link_to_a_file_is_learned_and_the_link_stays():
    secrets = Secrets()
    query = "X-Amz-Credential=credential-canary%2Feu-west-1&X-Amz-Expires=60&X-Amz-Signature=signature-canary-1234"
    answer = {"location": "https://files.example.com/job.json.gz?" + query, "status": "completed"}
    assert secrets.answer(answer) == answer
    # The same link may come again.
    assert secrets.answer(answer) == answer
    assert secrets.text("GET /job.json.gz?%s 200" % query) == "GET /job.json.gz?%s 200" % MASK
    for text in ("credential-canary/eu-west-1", "credential-canary%2feu-west-1", "signature-canary-1234"):
        assert secrets.text(text) == MASK
    assert secrets.text("60 files.example.com") == "60 files.example.com"


@pytest.mark.parametrize("place", ["Zurich", "a?b=cdefghijklmnopqrstuvwxyz", "https://files.example.com/", "", None, 5])
def test_a_place_is_no_secret(place):
    secrets = Secrets()
    assert secrets.answer({"location": place}) == {"location": place}
    assert list(secrets) == []


def test_a_secret_that_comes_back_in_an_answer_is_masked():
    secrets = known("secret-canary")
    answer = {"authenticators": [{"name": "my secret-canary", "id": "totp|dev_1"}], "secret-canary": 1, "total": 5}
    assert secrets.answer(answer) == {
        "authenticators": [{"name": "my %s" % MASK, "id": "totp|dev_1"}],
        MASK: 1,
        "total": 5,
    }


def test_the_code_of_an_action_is_data():
    secrets = known("exports.canary")
    assert secrets.answer({"code": "exports.canary = 1"}) == {"code": "exports.canary = 1"}


def test_a_short_code_is_masked_in_texts_and_not_in_data():
    secrets = known("123456")
    assert secrets.text("wrong code 123456") == "wrong code %s" % MASK
    assert secrets.answer({"phone_number": "+441234567"}) == {"phone_number": "+441234567"}


@pytest.mark.parametrize(
    "body",
    [
        {"client_secret": "sent-canary"},
        {"grant_type": "authorization_code", "code": "sent-canary"},
        {"otp": "sent-canary", "mfa_token": None},
        {"name": "a", "secrets": [{"name": "API_KEY", "value": "sent-canary"}]},
    ],
    ids=["client_secret", "authorization code", "otp", "secrets of an Action"],
)
def test_what_is_sent_is_learned(body):
    secrets = Secrets()
    secrets.sent(body)
    assert list(secrets) == ["sent-canary"]


def test_the_code_of_an_action_that_is_sent_is_no_secret():
    secrets = Secrets()
    secrets.sent({"name": "a", "code": "exports.onExecutePostLogin"})
    assert list(secrets) == []


@pytest.mark.parametrize("member", ["recovery_code", "recovery_codes", "secret", "access_token", "ticket_url"])
def test_a_secret_that_comes_back_as_another_one_is_masked(member):
    secrets = known("secret-canary")
    secrets.sent({}, "bearer-canary")
    assert secrets.answer({member: ["secret-canary", "x bearer-canary"]}) == {member: [MASK, "x %s" % MASK]}


def test_an_error_shows_no_code_however_short():
    assert known("1234").answer({"message": "wrong 1234"}, is_error=True) == {"message": "wrong %s" % MASK}


def test_one_answer_teaches_no_more_than_any_has():
    secrets = Secrets()
    secrets.answer({"recovery_codes": ["code-%06d" % number for number in range(100_000)]})
    secrets.answer({"secret": "x" * 10_000_000})
    assert len(list(secrets)) == 50


def test_many_answers_teach_no_more_than_any_task_needs():
    secrets = Secrets()
    for page in range(100):
        secrets.answer({"recovery_codes": ["code-%03d-%03d" % (page, number) for number in range(50)]})
    assert len(list(secrets)) <= 1050
