# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to call and to get there: an application with a private key, a proxy in between."""

from __future__ import annotations

import base64
import http.client
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from .conftest import email
from .test_failures import INFO, one_line
from .test_mfa_token import MODULE

pytestmark = pytest.mark.run_by("module")

KEY = (Path(__file__).parents[1] / "emulator" / "m2m-jwt.pem").read_text()


def by_key(tenant, **options) -> dict:
    return {"base_url": tenant.running.url, "client_id": "m2m-jwt", "email": email(2), **options}


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "PS256"])
def test_an_application_with_a_private_key(tenant, algorithm):
    (result,) = tenant.results({}, {INFO: by_key(tenant, private_key=KEY, signing_algorithm=algorithm)})
    assert [row["factor"] for row in result["authenticators"]] == ["otp"]


@pytest.mark.oldest
@pytest.mark.run_by("ansible-playbook")
def test_the_key_may_come_from_the_environment_of_the_host(tenant):
    names = {"AUTH0_CLIENT_ASSERTION_PRIVATE_KEY": KEY, "AUTH0_CLIENT_ASSERTION_SIGNING_ALG": "PS256"}
    (result,) = tenant.results({}, {INFO: by_key(tenant), "environment": names})
    assert [row["factor"] for row in result["authenticators"]] == ["otp"]


@pytest.mark.run_by("ansible-playbook")
def test_a_wrong_key_is_told_and_not_printed(tenant):
    strange = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    broken = KEY.replace("-----END", "canary\n-----END")
    tenant.forget_requests()
    played = tenant.play(
        {},
        {INFO: by_key(tenant, private_key=strange.decode())},
        {INFO: by_key(tenant, private_key=broken)},
        {INFO: by_key(tenant, private_key=KEY, client_secret="not-needed")},
        options=("-vvvv",),
    )
    texts = [one_line(result, played.output) for result in played.results]
    for text, said in zip(
        texts, ("private_key and signing_algorithm", "not an unencrypted RSA key", "mutually exclusive")
    ):
        assert said in text
    assert [entry["status"] for entry in tenant.requests()] == [401]
    for secret in ("canary", KEY.splitlines()[1], strange.decode().splitlines()[1]):
        assert secret not in played.output


@contextmanager
def proxy():
    """A forward proxy that wants a password; yields its port and what it was asked for."""
    asked = []
    wanted = "Basic " + base64.b64encode(b"me:canary").decode()

    class Handler(BaseHTTPRequestHandler):
        def forward(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            target = urlsplit(self.path)
            allowed = self.headers.get("Proxy-Authorization") == wanted
            asked.append((self.command, target.path, allowed))
            if not allowed:
                self.send_error(407)
                return
            upstream = http.client.HTTPConnection(target.netloc, timeout=10)
            headers = {name: value for name, value in self.headers.items() if not name.lower().startswith("proxy-")}
            upstream.request(self.command, self.path.partition(target.netloc)[2], body, headers)
            answer = upstream.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            upstream.close()

        do_GET = do_POST = do_DELETE = forward

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.run_by("ansible-playbook")
def test_every_request_goes_through_the_proxy_that_was_named(tenant):
    with proxy() as (port, asked):
        named = {"proxy": "http://me:canary@127.0.0.1:%d" % port}
        played = tenant.play(
            named,
            {INFO: {**tenant.operator, "email": email(2)}},
            {INFO: {**tenant.user(1)}},
            {MODULE: tenant.user(1), "no_log": True},
            {MODULE: tenant.user(1, proxy="http://me:wrong-canary@127.0.0.1:%d" % port)},
            {MODULE: tenant.user(1, proxy="canary")},
            options=("-vvvv",),
        )
    *done, refused, unusable = played.results
    assert not [result["msg"] for result in done if result.get("failed")]
    assert one_line(refused, played.output) and "proxy is not of the form" in one_line(unusable, played.output)
    assert {path.partition("/")[2].partition("/")[0] for _method, path, allowed in asked if allowed} == {
        *("oauth", "mfa", "api")
    }
    assert "canary" not in played.output
    assert len(tenant.requests()) == len([path for _method, path, allowed in asked if allowed])


def test_a_proxy_that_is_not_there_is_no_lost_write(tenant):
    tenant.forget_requests()
    played = tenant.play(tenant.user(1, proxy="http://127.0.0.1:1", max_wait=0), {MODULE: {}}, {INFO: {}})
    for result in played.results:
        assert "connection" in one_line(result, played.output) and "may have" not in result["msg"]
    assert tenant.requests() == []
