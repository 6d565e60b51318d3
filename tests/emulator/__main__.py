# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.emulator``: start the embedded Auth0 tenant."""

from __future__ import annotations

import argparse
import contextlib
import signal
import socket
import ssl
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .app import CLOSE_EXTENSION, TRANSPORT_EXTENSION, Emulator
from .control.guard import is_loopback
from .control.routes import MOST_USERS
from .state.rate_limits import PLANS
from .state.seed_file import plant
from .state.tenant import Tenant
from .switches import PRESETS, listed, read_switches
from .tls import make_server_context
from .yaml_file import FileMistake


class ClosableProtocol(HttpToolsProtocol):
    """Lets the application close the connection without an answer, or write to it, by ASGI extensions of the scope."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CLOSE_EXTENSION: self.transport.close, TRANSPORT_EXTENSION: self.transport}


class Server(uvicorn.Server):
    """Prints a line when it is ready; on a signal it closes all connections at once instead of waiting for clients."""

    def __init__(self, config: uvicorn.Config, ready_line: str):
        super().__init__(config)
        self._ready_line = ready_line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(self._ready_line, flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()  # close() would wait until TLS clients close their side
        await super().shutdown(sockets)


class Arguments(argparse.ArgumentParser):
    """An argument parser that reports a wrong argument in one line, without the usage."""

    def error(self, message: str) -> None:
        self.exit(2, f"tests.emulator: {message}\n")


class Once(argparse.Action):
    """An option with a value that may not be given twice, because the first value would be dropped without a word."""

    _is_given = False

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, value: Any, option: str | None = None
    ) -> None:
        if self._is_given:
            parser.error(f"{option} is given twice")
        self._is_given = True
        setattr(namespace, self.dest, value)


class ListSwitches(argparse.Action):
    """Prints the switches and ends."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(listed())
        parser.exit()


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line; ends the process with code 2 and one line when it is wrong."""
    parser = Arguments(prog="tests.emulator", description="The embedded Auth0 tenant.")
    parser.register("action", None, Once)  # that of options that name no other one
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_whole_number(0, 65535), default=8090, help="0: any free port")
    parser.add_argument("--users", type=_whole_number(0, MOST_USERS), default=500)
    parser.add_argument("--seed", type=_whole_number(0, 2**63), default=7)
    parser.add_argument("--plan", choices=sorted(PLANS), default="enterprise", help="preset of rate limits")
    parser.add_argument("--preset", metavar="NAME|FILE", help=f"switches: {' or '.join(PRESETS)}, or a YAML file")
    parser.add_argument("--switch", metavar="NAME=VALUE", action="append", default=[], dest="switches")
    parser.add_argument("--list-switches", action=ListSwitches, nargs=0, help="print all switches, and end")
    parser.add_argument("--seed-file", metavar="FILE", help="YAML file with users, added to the seeded ones")
    parser.add_argument("--tls", action="store_true", help="serve https with a certificate authority made at start")
    parser.add_argument("--ca-file", metavar="FILE", help="where its certificate is written; default: a temporary file")
    options = parser.parse_args(arguments)
    if options.ca_file is not None and not options.tls:
        parser.error("--ca-file needs --tls")
    try:
        options.switches = read_switches(options.switches, options.preset)
    except ValueError as error:
        parser.error(str(error))
    return options


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; ends the process with code 2 and one line when the address is taken or not this machine's."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
        return listener
    except OSError as error:
        listener.close()
        fail(f"cannot listen on {host}:{port}: {error.strerror}")


def fail(message: str) -> NoReturn:
    """End the process with code 2 and one line."""
    print(f"tests.emulator: {message}", file=sys.stderr)
    sys.exit(2)


@contextlib.contextmanager
def certificate_file(path: str | None, certificate: bytes) -> Iterator[str]:
    """A file with the authority's certificate; without ``path`` a temporary one that is removed at the end."""
    with contextlib.ExitStack() as stack:
        try:
            if path is None:
                path = stack.enter_context(tempfile.NamedTemporaryFile(prefix="auth0-emulator-ca-", suffix=".pem")).name
            Path(path).write_bytes(certificate)
        except OSError as error:
            fail(f"cannot write the CA certificate to {path}: {error.strerror}")
        yield path


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
    if not is_loopback(options.host):
        text = "warning: others on the network can reach this tenant, and whoever can may change it: /_control/ asks for no password"
        print(f"tests.emulator: {text}", file=sys.stderr)
    tenant = Tenant(domain, options.users, options.seed, options.plan, options.switches)
    count = options.users
    if options.seed_file is not None:
        try:
            count += plant(options.seed_file, tenant)
        except FileMistake as error:
            fail(str(error))
    facts = f"{count} users, seed {options.seed}, plan {options.plan}"
    if not options.tls:
        ready_line = f"Auth0 tenant emulator ready at http://{domain} ({facts})"
        serve(Emulator(tenant, options.seed_file, options.preset), listener, ready_line)
        return
    context, certificate = make_server_context(options.host, options.switches["custom-domains"])
    with certificate_file(options.ca_file, certificate) as path:
        ready_line = f"Auth0 tenant emulator ready at https://{domain} ({facts}, CA certificate {path})"
        serve(Emulator(tenant, options.seed_file, options.preset), listener, ready_line, context)


def serve(emulator: Emulator, listener: socket.socket, ready_line: str, context: ssl.SSLContext | None = None) -> None:
    """Serve the tenant until a signal; with a ``context`` by https."""
    config = uvicorn.Config(
        emulator,
        http=ClosableProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=False,  # the tenant tells its own time
        timeout_keep_alive=300,  # the deploy tool works for a minute between two requests
        ssl_context_factory=None if context is None else lambda _config, _default: context,
    )
    Server(config, ready_line).run([listener])


if __name__ == "__main__":
    main()
