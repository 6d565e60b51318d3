# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both HTTP clients against a real socket: what is sent, what is not, and how a failure reads."""

from __future__ import annotations

import errno
import json
import select
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.budget import Budget
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.connection import Connection
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    AmbiguousWriteError,
    AuthenticationError,
    ConfigurationError,
    NotFoundError,
    ServerError,
    TransportError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import ManagementApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.bearer import Bearer
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.token_set import TokenSet
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.login.given_token import GivenToken
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.transport import Reply, Transport, route_of

from tests.support import raw_server


def given(token):
    return Bearer(GivenToken("api_token", token))


@contextmanager
def serving(answer, certificate=None, at_once=False):
    """A server whose handler is this function; yields its port and what it was sent.

    :param at_once: it keeps connections, and serves any number of them
    """
    seen = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1" if at_once else "HTTP/1.0"

        def serve(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen.append((self.command, self.path, dict(self.headers), body))
            answer(self)

        do_GET = do_POST = do_DELETE = do_CONNECT = serve

        def log_message(self, *_arguments):
            pass

    server = (ThreadingHTTPServer if at_once else HTTPServer)(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_arguments: None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1], seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reply(status, body=b"", **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def hang_up(handler):
    handler.close_connection = True
    handler.connection.close()


def as_user(port, method="GET", scheme="http", **options):
    connection = Connection.from_options(base_url="%s://127.0.0.1:%d" % (scheme, port), **options)
    with Transport(connection, Budget(max_wait=0)) as transport:
        return transport.request(
            method, "/mfa/x", action="try it", json={"a": 1} if method == "POST" else None, bearer="canary"
        )


def as_operator(port, method="GET", scheme="http", **options):
    connection = Connection.from_options(base_url="%s://127.0.0.1:%d" % (scheme, port), **options)
    with ManagementApi(connection, Budget(max_wait=0), given("canary")) as api:
        if method == "GET":
            return api.list_authenticators("auth0|1")
        return api.create_authenticator("auth0|1", {"type": "email", "email": "a@example.com"})


SIDES = pytest.mark.parametrize("call", [as_user, as_operator])


@SIDES
@pytest.mark.parametrize("method, error", [("GET", TransportError), ("POST", AmbiguousWriteError)])
def test_a_connection_that_is_closed_after_the_request(call, method, error):
    with serving(hang_up) as (port, seen):
        with pytest.raises(error, match="the connection was lost") as caught:
            call(port, method)
    assert caught.value.__class__ is error and len(seen) == 1
    assert "canary" not in str(caught.value)


def test_a_removal_that_must_happen_once_is_not_repeated():
    with serving(hang_up) as (port, seen):
        connection = Connection.from_options(base_url="http://127.0.0.1:%d" % port)
        with ManagementApi(connection, Budget(), given("canary")) as api:
            with pytest.raises(AmbiguousWriteError, match="after the request was sent"):
                api.call("remove all", lambda client: client.users.authentication_methods.delete_all("x"), once=True)
    assert [command for command, *_rest in seen] == ["DELETE"]


@SIDES
def test_an_answer_that_takes_too_long(call):
    release = threading.Event()
    with serving(lambda handler: release.wait(5)) as (port, seen):
        with pytest.raises(AmbiguousWriteError, match="no response in time"):
            call(port, "POST", timeout=0.2)
        release.set()
    assert len(seen) == 1


@SIDES
@pytest.mark.parametrize("method, error", [("GET", ServerError), ("POST", AmbiguousWriteError)])
def test_an_answer_that_is_not_json(call, method, error):
    with serving(reply(200, b"<html>canary</html>")) as (port, _seen):
        with pytest.raises(error) as caught:
            call(port, method)
    assert "canary" not in str(caught.value)


@SIDES
def test_an_answer_of_another_form_is_not_quoted(call):
    with serving(reply(200, b'{"authenticators": [{"secret": "canary"}]}')) as (port, _seen):
        if call is as_user:
            assert call(port) == {"authenticators": [{"secret": "canary"}]}
            return
        with pytest.raises(ServerError, match="documented form") as caught:
            call(port)
    assert "canary" not in str(caught.value)


@SIDES
def test_a_redirect_is_not_followed_with_the_token(call):
    with serving(reply(200, b"[]")) as (other, stolen):
        with serving(reply(302, Location="http://127.0.0.1:%d/" % other)) as (port, seen):
            with pytest.raises(ServerError, match="status 302.*redirect"):
                call(port)
    assert len(seen) == 1 and stolen == []


@SIDES
def test_a_netrc_file_does_not_replace_the_token(call, tmp_path, monkeypatch):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password other\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    with serving(reply(404)) as (port, seen):
        with pytest.raises(NotFoundError):
            call(port)
    assert seen[0][2]["Authorization"] == "Bearer canary"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for 127.0.0.1, with its key, in one file."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    pem = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + built.public_bytes(encoding)
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(pem)
    return path


@SIDES
def test_an_untrusted_certificate_stops_everything_before_the_token_is_sent(call, certificate):
    with serving(reply(200, b"[]"), certificate) as (port, seen):
        with pytest.raises(TransportError, match="certificate is not trusted.*ca_path"):
            call(port, "POST", scheme="https")
    assert seen == []


@SIDES
@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
@pytest.mark.parametrize("variable", [None, "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_ca_path_and_validate_certs_decide_whatever_the_environment_says(call, certificate, variable, monkeypatch):
    import certifi

    if variable:
        monkeypatch.setenv(variable, certifi.where())
    with serving(reply(404), certificate) as (port, seen):
        for options in ({"ca_path": str(certificate)}, {"validate_certs": False}):
            with pytest.raises(NotFoundError):
                call(port, scheme="https", **options)
    assert len(seen) == 2


def break_tls(handler):
    """Answer in clear on a connection that speaks TLS."""
    raw = socket.socket(fileno=handler.connection.detach())
    raw.sendall(b"HTTP/1.1 500 broken\r\n\r\n")
    raw.close()


@SIDES
def test_a_write_whose_tls_connection_breaks_afterward_may_have_happened(call, certificate):
    with serving(break_tls, certificate) as (port, seen):
        with pytest.raises(AmbiguousWriteError, match="after the request was sent"):
            call(port, "POST", scheme="https", ca_path=str(certificate))
    assert len(seen) == 1


@SIDES
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_server_that_does_not_speak_tls_is_no_lost_write(call, method):
    with serving(hang_up) as (port, seen):
        with pytest.raises(TransportError, match="the TLS handshake failed.*serves https") as caught:
            call(port, method, scheme="https")
    assert caught.value.__class__ is TransportError and seen == []


@SIDES
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unreachable_network_is_no_lost_write(call, method, monkeypatch):
    def unreachable(*_arguments, **_options):
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", unreachable)
    with pytest.raises(TransportError, match="the network is unreachable") as caught:
        call(1, method)
    assert caught.value.__class__ is TransportError


def through_a_proxy(call, **options):
    """A write to a tenant that is reached by proxy."""
    connection = Connection.from_options(auth0_domain="tenant.example.com", timeout=5, **options)
    if call is as_user:
        with Transport(connection, Budget(max_wait=0)) as transport:
            transport.request("POST", "/mfa/associate", action="enroll", json={})
    else:
        with ManagementApi(connection, Budget(max_wait=0), given("canary")) as api:
            api.regenerate_recovery_code("auth0|1")


PROXY_ANSWERS = {
    "407": (b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n", "wants a user name and a password, or other ones .407."),
    "403": (b"HTTP/1.1 403 No\r\n\r\n<html>canary", "does not connect to tenant.example.com .403."),
    "502": (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "does not connect to tenant.example.com .502."),
    "302": (b"HTTP/1.1 302 Found\r\nLocation: http://login\r\n\r\n", "does not connect to tenant.example.com .302."),
    "no HTTP": (b"\x05\x00", "did not answer as a proxy"),
    "nothing": (b"", "no connection could be made|did not answer"),
    "headers that never end": (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 99999, "did not answer as a proxy"),
}


@SIDES
@pytest.mark.parametrize("named", ["proxy", "HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("answer, says", PROXY_ANSWERS.values(), ids=PROXY_ANSWERS)
def test_what_a_proxy_refuses_is_said_of_the_proxy(call, named, answer, says, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with raw_server.serving(lambda: [answer]) as (port, seen):
        address, options = "http://me:canary-2@127.0.0.1:%d" % port, {}
        if named == "proxy":
            options["proxy"] = address
        else:
            monkeypatch.setenv(named, address)
            named += " in the environment"
        with pytest.raises(TransportError, match=says) as caught:
            through_a_proxy(call, **options)
        assert "the proxy http://127.0.0.1:%d (%s)" % (port, named) in str(caught.value)
    assert caught.type is TransportError and "canary" not in str(caught.value)
    assert {line.split()[0] for line in seen} == {b"CONNECT"}


@SIDES
@pytest.mark.parametrize(
    "address, says",
    [
        ("http://127.0.0.1:1", "connection refused"),
        ("http://proxy.invalid:3128", "the host name is unknown"),
        ("http://%s.invalid:3128" % ("x" * 70), "the host name is unknown"),
        ("https://127.0.0.1:1", "connection refused"),
    ],
)
def test_a_proxy_that_is_not_reached_is_named(call, address, says):
    with pytest.raises(TransportError, match="the proxy %s .proxy.: %s.*Check proxy" % (address, says)) as caught:
        through_a_proxy(call, proxy=address)
    assert caught.type is TransportError


@SIDES
def test_a_proxy_by_tls_whose_certificate_is_not_trusted_is_named(call, certificate):
    with serving(reply(200), certificate) as (port, seen):
        with pytest.raises(TransportError, match="the proxy https.*its certificate is not trusted.*ca_path"):
            through_a_proxy(call, proxy="https://127.0.0.1:%d" % port)
    assert seen == []


def pass_on(one, other):
    """Pass on what comes from either side, until one ends. By one thread, because TLS is not safe to use from two."""
    towards = {one: other, other: one}
    with suppress(OSError):
        while True:
            waiting = [side for side in towards if isinstance(side, ssl.SSLSocket) and side.pending()]
            for side in waiting or select.select(list(towards), [], [])[0]:
                data = side.recv(65536)
                if not data:
                    return
                towards[side].sendall(data)


@SIDES
@pytest.mark.parametrize("by_tls", [False, True], ids=["http", "https"])
def test_a_tenant_is_reached_through_a_proxy_by_tls_or_not(call, by_tls, certificate):
    def connect(handler):
        handler.send_response(200)
        handler.end_headers()
        with socket.create_connection(("127.0.0.1", tenant)) as upstream:
            pass_on(handler.connection, upstream)
        handler.close_connection = True

    with serving(reply(404, b'{"statusCode": 404, "message": "gone"}'), certificate) as (tenant, seen):
        with serving(connect, certificate if by_tls else None) as (port, asked):
            proxy = "%s://me:pass@127.0.0.1:%d" % ("https" if by_tls else "http", port)
            for method in ("GET", "POST"):
                with pytest.raises(NotFoundError, match="gone"):
                    call(tenant, method, scheme="https", ca_path=str(certificate), proxy=proxy)
    assert [command for command, *_rest in seen] == ["GET", "POST"]
    assert {(command, path, headers["Proxy-Authorization"]) for command, path, headers, _body in asked} == {
        ("CONNECT", "127.0.0.1:%d" % tenant, "Basic bWU6cGFzcw==")
    }
    assert not [headers for _command, _path, headers, _body in seen if "Proxy-Authorization" in headers]


@SIDES
def test_a_proxy_does_not_see_what_is_meant_for_loopback(call, monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(reply(404)) as (port, seen):
        with pytest.raises(NotFoundError):
            call(port)
    assert len(seen) == 1


@pytest.mark.parametrize("proxy", ["foo://x", "http://x:abc"])
def test_a_proxy_setting_that_cannot_be_used_is_named(proxy, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, proxy)
    with pytest.raises(ConfigurationError, match="https_proxy in the environment"):
        Connection.from_options(auth0_domain="tenant.example.com")


def test_ids_go_into_the_path_encoded_as_a_whole():
    with serving(reply(200, b'{"authenticators": []}')) as (port, seen):
        connection = Connection.from_options(base_url="http://127.0.0.1:%d" % port)
        with ManagementApi(connection, Budget(), given("t")) as api:
            assert api.list_authenticators("oauth2|name|a/b+c d") == []
    assert seen[0][1].startswith("/api/v2/users/oauth2%7Cname%7Ca%2Fb%2Bc%20d/authentication-methods?")


def test_a_full_first_page_is_followed_and_a_part_of_one_is_not():
    def page(handler):
        full = "page=0" in handler.path
        methods = [
            {"id": "totp|dev_%d_%s" % (number, full), "type": "totp", "created_at": "2023-03-10T16:25:51.113Z"}
            for number in range(100 if full else 3)
        ]
        reply(200, json.dumps({"authenticators": methods, "start": 0, "limit": 100, "total": 103}).encode())(handler)

    with serving(page) as (port, seen):
        assert len(as_operator(port)) == 103
    assert len(seen) == 2


class Renewing:
    """Gives these tokens one after the other; an error is raised instead."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def validate(self):
        pass

    def token(self):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return TokenSet(answer, expires_in=86400)

    renew = token


EXPIRED = json.dumps({"statusCode": 401, "error": "Unauthorized", "message": "Expired token received"}).encode()


@pytest.mark.parametrize(
    "bearer, sent",
    [
        pytest.param(lambda: Bearer(Renewing("old", "new", "newer")), ["Bearer old", "Bearer new"], id="renewed once"),
        pytest.param(lambda: given("old"), ["Bearer old"], id="given, so there is no other"),
    ],
)
def test_a_refused_management_token_is_renewed_once(bearer, sent):
    with serving(reply(401, EXPIRED)) as (port, seen):
        connection = Connection.from_options(base_url="http://127.0.0.1:%d" % port)
        with ManagementApi(connection, Budget(), bearer()) as api:
            with pytest.raises(AuthenticationError, match="Expired token received"):
                api.list_authenticators("auth0|1")
    assert [headers["Authorization"] for _method, _path, headers, _body in seen] == sent


def test_a_refused_grant_is_not_asked_for_again():
    authentication = Renewing(AuthenticationError("no"), "never asked for")
    connection = Connection.from_options(base_url="http://127.0.0.1:1")
    with ManagementApi(connection, Budget(), Bearer(authentication)) as api:
        with pytest.raises(AuthenticationError, match="no"):
            api.list_authenticators("auth0|1")
    assert authentication.answers == ["never asked for"]


@pytest.mark.parametrize(
    "method, target, route",
    [
        ("GET", "/api/v2/users?page=0", "GET /api/v2/users"),
        ("GET", "/api/v2/users/auth0%7Cabc/authentication-methods", "GET /api/v2/users/{}/authentication-methods"),
        ("DELETE", "/mfa/authenticators/recovery-code%7Cdev_x", "DELETE /mfa/authenticators/{}"),
        ("GET", "/api/v2/jobs/job_abc", "GET /api/v2/jobs/{}"),
        ("POST", "/oauth/token", "POST /oauth/token"),
        ("PUT", "/api/v2/guardian/factors/push-notification", "PUT /api/v2/guardian/factors/push-notification"),
    ],
)
def test_the_route_of_a_request_has_no_id(method, target, route):
    assert route_of(method, target) == route


class TogetherOnly:
    """A server that answers a request once so many are there, and hears over which connections they come."""

    def __init__(self, count):
        self.together, self.connections = threading.Barrier(count), set()

    def __call__(self, handler):
        self.connections.add(handler.client_address)
        with suppress(threading.BrokenBarrierError):
            self.together.wait(5)
        reply(200, GOOD)(handler)


GOOD = b'{"authenticators": [], "start": 0, "limit": 100, "total": 0}'


def in_threads(*calls):
    """What calls that are made at once returned, or raised."""
    with ThreadPoolExecutor(len(calls)) as pool:
        done = [pool.submit(call) for call in calls]
    return [each.exception() or each.result() for each in done]


def answered():
    """A budget that had an answer. Before that it sends one request at a time."""
    paced = Budget()
    paced.send("GET", "management", "ask", lambda: Reply(200, {}))
    return paced


def test_many_threads_send_at_once_and_later_ones_use_their_connections_again():
    answer = TogetherOnly(4)
    with serving(answer, at_once=True) as (port, seen):
        connection = Connection.from_options(base_url="http://127.0.0.1:%d" % port)
        with ManagementApi(connection, answered(), given("t")) as api:
            for _again in range(2):
                assert in_threads(*[lambda: api.list_authenticators("a|1")] * 4) == [[]] * 4
    assert not answer.together.broken and len(seen) == 8 and len(answer.connections) == 4


def test_closing_ends_what_other_threads_send_and_refuses_what_is_sent_later():
    arrived, release = threading.Semaphore(0), threading.Event()

    def never(_handler):
        arrived.release()
        release.wait(10)

    with serving(never, at_once=True) as (port, seen):
        api = ManagementApi(Connection.from_options(base_url="http://127.0.0.1:%d" % port), answered(), given("t"))

        def close():
            assert all([arrived.acquire(timeout=5), arrived.acquire(timeout=5)])
            api.close()

        reading, writing, closing = in_threads(
            lambda: api.list_authenticators("a|1"), lambda: api.regenerate_recovery_code("a|1"), close
        )
        late = in_threads(lambda: api.list_authenticators("a|1"))[0]
        release.set()
    assert closing is None and len(seen) == 2
    errors = (reading, writing, late)
    assert [error.__class__ for error in errors] == [TransportError, AmbiguousWriteError, TransportError]
    assert all("the connection was closed" in str(error) for error in errors)
