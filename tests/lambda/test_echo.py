# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server that returns whatever it was sent puts no secret into logs, results and reports; nor does any level of logging."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.lambda_runtime import FunctionError

from .conftest import CLIENT_ID, CLIENT_SECRET, to_the_end

BEARER = "echoed-bearer-canary-0123456789"


@contextlib.contextmanager
def echo_server(refuses_login: bool):
    """The port of a tenant with two users: one whose list is refused, and one whose label is what was sent."""

    class Handler(BaseHTTPRequestHandler):
        seen = ""

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            Handler.seen += "%s %s " % (body, json.dumps(dict(self.headers)))
            status, value = self.value()
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("X-Auth0-RequestId", Handler.seen.replace("\n", " ")[-2000:])
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer

        def value(self):
            seen = Handler.seen
            if self.path == "/oauth/token":
                if refuses_login:
                    return 403, {"error": seen, "error_description": seen}
                return 200, {"access_token": BEARER, "expires_in": 86400, "token_type": "Bearer"}
            if "authentication-methods" in self.path:
                if "second" in self.path:
                    return 400, {"statusCode": 400, "error": seen, "message": seen, "errorCode": seen}
                row = {"id": "totp|dev_1", "type": "totp", "name": seen, "confirmed": True}
                dates = {"created_at": "2026-01-01T00:00:00.000Z"}
                return 200, {"authenticators": [{**row, **dates}], "total": 1, "start": 0, "limit": 50}
            users = [
                {"user_id": "auth0|" + name, "email": seen, "name": seen, "created_at": "2026-01-01T00:00:00.000Z"}
                for name in ("first", "second")
            ]
            return 200, {"users": users, "total": 2, "start": 0, "limit": 100, "length": 2}

        def log_message(self, *_arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def secret_at(port: int) -> dict[str, str]:
    address = "127.0.0.1:%d" % port
    return {
        "domain": address,
        "base_url": "http://" + address,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }


def test_a_server_that_returns_what_it_was_sent_puts_no_secret_into_reports(function, runs):
    with echo_server(refuses_login=False) as port:
        states = to_the_end(function(secret=secret_at(port)))
    coverage = runs.summary()["coverage"]
    assert coverage["read"] == 1 and coverage["unread"] == 1
    stored = {key: runs.read(key) for key in runs.keys()}
    stored.update({key: gzip.decompress(content) for key, content in stored.items() if key.endswith(".gz")})
    texts = [json.dumps(states), *(content.decode() for content in stored.values())]
    assert not [text for text in texts if CLIENT_SECRET in text or BEARER in text]
    assert "********" in json.dumps(runs.rows())


def test_a_server_that_returns_what_it_was_sent_puts_no_secret_into_an_error(function):
    with echo_server(refuses_login=True) as port, pytest.raises(FunctionError) as caught:
        function(secret=secret_at(port)).invoke({})
    assert CLIENT_SECRET not in str(caught.value) and "********" in str(caught.value)


@pytest.mark.parametrize("variable", ["AWS_LAMBDA_LOG_LEVEL", "POWERTOOLS_LOG_LEVEL", "LOG_LEVEL"])
def test_no_level_of_logging_prints_a_secret(function, tenant, variable):
    # The fixture looks through everything that the function wrote.
    audit = function(tenant, **{variable: "DEBUG", "AWS_LAMBDA_LOG_FORMAT": "JSON"})
    assert to_the_end(audit)[-1]["read"] == 500
    assert "reports stored" in audit.output
