# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a login in a browser on this machine: a server that takes one answer, on the loopback interface only (RFC 8252 §7.3)."""

from __future__ import annotations

import errno
import hmac
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..wire.errors import ConfigurationError
from .browser import loopback_port

# The address has the code in it, and the page nothing that anybody could need.
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Connection": "close",
}
_PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>%s</title><h1>%s</h1><p>%s</p></html>'
_IN_TERMINAL = "You may close this window. Ansible goes on in the terminal."
# A browser opens connections that it may never use.
_IDLE_SECONDS = 10


class CallbackListener:
    """Waits for the browser to come back. A context manager: the port is open inside its block only.

    The first answer with the state of this login is taken, and none after. Whoever does not know the state cannot end the login. What the
    answer says is for the caller to check.

    :ivar strangers: how many answers had another state
    """

    def __init__(self, redirect_uri: str, state: str) -> None:
        """
        :param redirect_uri: on this machine, with a port
        :param state: what the login began with
        :raises ConfigurationError: it is another address
        """
        self._redirect_uri, self._state = redirect_uri, state
        self._port = loopback_port(redirect_uri)
        self.strangers = 0
        self._taken = threading.Lock()
        self._came: queue.SimpleQueue[str] = queue.SimpleQueue()

    def __enter__(self) -> CallbackListener:
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        except OSError as error:
            used = error.errno == errno.EADDRINUSE
            raise ConfigurationError(
                "Port %d of 127.0.0.1 cannot be opened: %s" % (self._port, error.strerror),
                hint="%s, or set redirect_uri to another of the application's Allowed Callback URLs."
                % ("End the program that uses it" if used else "Allow it"),
            ) from None
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> str | None:
        """The whole address that the browser came back to; None if it did not, in this time."""
        try:
            return self._came.get(timeout=seconds)
        except queue.Empty:
            return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self
        target = urlsplit(self._redirect_uri)

        class Handler(BaseHTTPRequestHandler):
            server_version, sys_version, timeout = "mfaops.auth0", "", _IDLE_SECONDS

            def do_GET(self) -> None:
                asked = urlsplit(self.path)
                # Another host leads here if somebody's name server says so.
                if self.headers.get("Host", "").lower() != target.netloc.lower():
                    self._show(400, "Bad request", "This is not the address that the login ends at.")
                elif asked.path != (target.path or "/") or not asked.query:
                    self._show(404, "Not found", "Nothing is here.")
                elif not listener._is_ours(asked.query):
                    listener.strangers += 1
                    self._show(
                        400,
                        "Another login",
                        "This answer belongs to another login. Ansible goes on waiting for its own.",
                    )
                elif not listener._taken.acquire(blocking=False):
                    self._show(410, "Too late", "The login has ended already.")
                else:
                    try:
                        self._show(200, *listener._words(asked.query))
                    finally:
                        listener._came.put("%s?%s" % (listener._redirect_uri.partition("?")[0], asked.query))

            def _show(self, status: int, title: str, text: str) -> None:
                page = (_PAGE % (title, title, text)).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def end_headers(self) -> None:
                for name, value in _HEADERS.items():
                    self.send_header(name, value)
                super().end_headers()

            def log_message(self, *_message: Any) -> None:
                """Nothing: the address has the code in it."""

        return Handler

    def _is_ours(self, query: str) -> bool:
        return hmac.compare_digest(_members(query).get("state", "").encode(), self._state.encode())

    def _words(self, query: str) -> tuple[str, str]:
        """What the page says to the person."""
        if "code" not in _members(query):
            return "Not logged in", "The login was refused. " + _IN_TERMINAL
        return "Logged in", _IN_TERMINAL


def _members(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query).items()}
