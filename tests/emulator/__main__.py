# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.emulator``: start the embedded Auth0 tenant."""

from __future__ import annotations

import argparse
import signal
import socket
import sys

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .app import CLOSE_EXTENSION, Emulator
from .rate_limits import PLANS
from .switches import read_switches
from .tenant import Tenant


class ClosableProtocol(HttpToolsProtocol):
    """Lets the application close the connection without an answer, by an ASGI extension of the scope."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CLOSE_EXTENSION: self.transport.close}


class Server(uvicorn.Server):
    """Says when it is ready, and on a signal closes all connections at once instead of waiting for clients."""

    def __init__(self, config: uvicorn.Config, ready_line: str):
        super().__init__(config)
        self._ready_line = ready_line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(self._ready_line, flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.close()
        await super().shutdown(sockets)


class Arguments(argparse.ArgumentParser):
    """One line for a wrong argument, without the usage."""

    def error(self, message: str) -> None:
        self.exit(2, f"tests.emulator: {message}\n")


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line; ends the process with code 2 and one line when it is wrong."""
    parser = Arguments(prog="tests.emulator", description="The embedded Auth0 tenant.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_whole_number(0, 65535), default=8090, help="0: any free port")
    parser.add_argument("--users", type=_whole_number(0, 10_000_000), default=500)
    parser.add_argument("--seed", type=_whole_number(0, 2**63), default=7)
    parser.add_argument("--plan", choices=sorted(PLANS), default="enterprise", help="preset of rate limits")
    parser.add_argument("--switch", metavar="NAME=VALUE", action="append", default=[], dest="switches")
    options = parser.parse_args(arguments)
    try:
        options.switches = read_switches(options.switches)
    except ValueError as error:
        parser.error(str(error))
    return options


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; ends the process with code 2 and one line when the address cannot be had."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
        return listener
    except OSError as error:
        listener.close()
        print(f"tests.emulator: cannot listen on {host}:{port}: {error.strerror}", file=sys.stderr)
        sys.exit(2)


def _whole_number(lowest: int, highest: int):
    def whole_number(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"expected a whole number from {lowest} to {highest}, not '{text}'")
        return int(text)

    return whole_number


def main() -> None:
    """Serve until SIGTERM or SIGINT; both end with code 0."""
    options = read_arguments(sys.argv[1:])
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: sys.exit(0))
    listener = listen(options.host, options.port)
    domain = f"{options.host}:{listener.getsockname()[1]}"
    tenant = Tenant(domain, options.users, options.seed, options.plan, options.switches)
    ready_line = (
        f"Auth0 tenant emulator ready at http://{domain} "
        f"({options.users} users, seed {options.seed}, plan {options.plan})"
    )
    config = uvicorn.Config(
        Emulator(tenant),
        http=ClosableProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=60,
    )
    Server(config, ready_line).run([listener])


if __name__ == "__main__":
    main()
