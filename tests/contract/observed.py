# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator with every request and answer held against the OpenAPI documents, as an application and as a program."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Iterator

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.emulator import __main__ as program
from tests.emulator import launch

from .openapi import Judge

VERDICT = "openapi"


class Observed:
    """An ASGI application in front of the emulator's. ``GET /_control/openapi`` tells what was met and what was found.

    From the first fault, or user with dates of one's choice, answers are not looked at any more: they are meant to be wrong.
    """

    def __init__(self, app: ASGIApp):
        self.judge = Judge()
        self._app = app
        self._watching = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["raw_path"].decode("ascii", "replace")
        if path == f"/_control/{VERDICT}":
            verdict = {"met": sorted(self.judge.met), "findings": self.judge.findings}
            await JSONResponse(verdict)(scope, receive, send)
            return
        if method == "POST" and path in ("/_control/faults", "/_control/users"):
            self._watching = False
        sent: list[Message] = []
        received: list[bytes] = []

        async def note_received() -> Message:
            message = await receive()
            received.append(message.get("body", b""))
            return message

        async def note_sent(message: Message) -> None:
            sent.append(message)
            await send(message)

        await self._app(scope, note_received, note_sent)
        if sent and self._watching:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in sent[0]["headers"]}
            kind = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
            body = b"".join(message.get("body", b"") for message in sent[1:])
            if headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            self.judge.judge(method, path, (kind, b"".join(received)), sent[0]["status"], headers, body)


@contextlib.contextmanager
def start(**options) -> Iterator[launch.Running]:
    """``launch.start`` with the observed emulator; at the end, nothing may have been found."""
    with launch.start(program=__name__, **options) as emulator:
        try:
            yield emulator
        except GeneratorExit:
            return
        findings = emulator.control("GET", VERDICT)["findings"]
        assert not findings, "\n".join(findings)


def main() -> None:
    """The emulator's own program, with its application observed."""
    application = program.Emulator
    program.Emulator = lambda *arguments: Observed(application(*arguments))
    program.main()


if __name__ == "__main__":
    main()
