# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any Auth0 tenant over HTTP: requests as they are, paced so that the tenant keeps half of its request budget.

Uses ``requests`` and nothing of the collection or the embedded tenant, so that it shares no assumption with them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import requests

TIMEOUT = 30  # seconds
LONGEST_PAUSE = 60  # seconds; a budget that takes longer to come back is not waited for
TRIES = 4
# Members of errors that are safe to show.
_TOLD = ("error", "error_description", "errorCode", "message", "title")


@dataclass(frozen=True)
class Answer:
    """One response.

    :param request: method and path, without a query, for messages.
    :param body: the JSON value; None when there is none.
    """

    request: str
    status: int
    headers: Mapping[str, str]
    body: Any
    content: bytes = b""

    def member(self, name: str) -> Any:
        """A member of the object in the body; None when it is missing or there is no object."""
        return self.body.get(name) if isinstance(self.body, dict) else None

    def told(self) -> str:
        """Status and what an error says, without anything secret."""
        said = [str(self.member(name)) for name in _TOLD if isinstance(self.member(name), str)]
        return f"{self.status} {' / '.join(said)}".strip()


class Tenant:
    """A tenant to ask.

    :param target: its address, such as ``https://example.eu.auth0.com``.
    :param domain: its canonical domain, where ``target`` is a custom one.
    :param verify: for TLS: False, or the path of a CA certificate.
    :param pause: waits for the request budget, in seconds of this machine.
    :param wait: takes the tenant's clock forward by so many seconds, where that can be done; without it they are waited for.
    """

    def __init__(
        self,
        target: str,
        domain: str | None = None,
        *,
        verify: bool | str = True,
        pause: Callable[[float], None] = time.sleep,
        wait: Callable[[float], None] | None = None,
    ):
        self.target = target.rstrip("/")
        self.domain = domain or urlsplit(self.target).netloc
        self.management_audience = f"https://{self.domain}/api/v2/"
        self.mfa_audience = f"https://{self.domain}/mfa/"
        self.my_account_audience = f"https://{self.domain}/me/"
        self.requests = 0
        self.latencies: list[float] = []  # seconds
        self._pause = pause
        self._wait = wait
        self._ahead = 0.0  # seconds by which waiting took the tenant's time further than this machine's
        self._server = (0.0, 0.0)  # time of the tenant, and of this machine when it said so
        self._budgets: dict[str, tuple[int, int, float]] = {}
        self._http = requests.Session()
        self._http.verify = verify
        self._http.trust_env = urlsplit(self.target).hostname not in ("127.0.0.1", "localhost", "::1")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        json: Any = None,
        form: dict[str, str] | None = None,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send one request and return the answer, whatever its status. ``path`` is percent-encoded.

        Only a 429 that says when to come back is sent again: the tenant did not carry it out. Raises ``requests.RequestException``.
        """
        given = dict(headers or {})
        if token is not None:
            given["authorization"] = f"Bearer {token}"
        api = "management" if path.startswith("/api/v2/") else "other"
        for _try in range(TRIES):
            self._keep_half(api)
            started = time.monotonic()
            response = self._http.request(
                method,
                self.target + path,
                params=query,
                json=json,
                data=form,
                headers=given,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
            self.requests += 1
            self.latencies.append(time.monotonic() - started)
            self._note(api, response.headers)
            answer = Answer(
                f"{method} {path.partition('?')[0]}",
                response.status_code,
                response.headers,
                _json(response),
                response.content,
            )
            # With requests left it is a limit of its own, such as that of a user's codes.
            if answer.status != 429 or response.headers.get("x-ratelimit-remaining") != "0":
                break
        return answer

    def now(self) -> float:
        """The tenant's time in Unix seconds, by the ``Date`` of its last answer."""
        told, at = self._server
        return told + (self._clock() - at)

    def wait(self, seconds: float) -> None:
        """Let time pass on the tenant."""
        if self._wait is None:
            self._pause(seconds)
        else:
            self._wait(seconds)
            self._ahead += seconds

    def elapsed(self) -> float:
        """Seconds that have passed on the tenant, from any beginning: for differences."""
        return self._clock()

    def _clock(self) -> float:
        return time.monotonic() + self._ahead

    def _note(self, api: str, headers: Mapping[str, str]) -> None:
        if "date" in headers:
            told = parsedate_to_datetime(headers["date"]).timestamp()
            # The header has no fractions: keep the earliest moment at which the tenant can have been there.
            if told > self._server[0] + (self._clock() - self._server[1]) or abs(told - self.now()) > 1:
                self._server = (told, self._clock())
        try:
            limit, remaining = int(headers["x-ratelimit-limit"]), int(headers["x-ratelimit-remaining"])
            self._budgets[api] = (limit, remaining, float(headers["x-ratelimit-reset"]))
        except (KeyError, ValueError):
            pass

    def _keep_half(self, api: str) -> None:
        """Wait until the budget grows again, if less than half of it is left."""
        limit, remaining, reset = self._budgets.get(api, (1, 1, 0.0))
        if remaining * 2 < limit or remaining == 0:
            self._pause(min(LONGEST_PAUSE, max(0.1, reset - self.now())))


def encoded(identifier: str) -> str:
    """An ID as one segment of a path."""
    return quote(identifier, safe="")


def one_time_code(secret: str, moment: float) -> str:
    """The six digits of an OTP app (RFC 6238: SHA-1, 30 seconds) for a base32 secret at a Unix time."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, int(moment // 30).to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
