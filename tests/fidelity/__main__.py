# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m tests.fidelity``: hold an Auth0 tenant against everything that is known of Auth0's APIs around MFA."""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import requests

from . import manifest, report
from .lab import Application, Given, Lab
from .run import SWITCHES, Found, Results, run
from .tenant import Tenant

ALSO = {
    "actions": "makes Actions that are bound to nothing, and removes them",
    "settings": "changes factors, message types, policy and bindings of the whole tenant for seconds, and puts them back",
    "waiting": "waits for tokens to expire: up to 20 minutes",
    "lockout": "enters wrong passwords and codes until the throw-away user is locked out",
}


class Arguments(argparse.ArgumentParser):
    """An argument parser that reports a wrong argument in one line, without the usage."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"tests.fidelity: {message}\n")


def read_arguments(arguments: list[str], environment: Mapping[str, str]) -> argparse.Namespace:
    """The command line, completed from the environment; ends the process with code 2 and one line when it is wrong.

    Secrets come from the environment only, so that no list of processes shows them.
    """
    parser = Arguments(prog="tests.fidelity", description="Hold an Auth0 tenant against the facts of the manifest.")
    parser.add_argument("--target", metavar="URL", help="the tenant; default: AUTH0_BASE_URL or AUTH0_DOMAIN")
    parser.add_argument("--domain", help="its canonical domain, where the target is a custom one")
    parser.add_argument("--client-id", help="the operator's application; default: AUTH0_CLIENT_ID")
    parser.add_argument("--app-client-id", help="one with password and MFA grants; default: AUTH0_APP_CLIENT_ID")
    parser.add_argument("--second-client-id", help="another one; default: AUTH0_SECOND_CLIENT_ID")
    parser.add_argument("--connection", default="Username-Password-Authentication", help="the database of the user")
    parser.add_argument("--mail-domain", default="example.com", help="of the user's made-up address")
    parser.add_argument("--ca-file", metavar="FILE", help="certificate of the authority to trust")
    areas = [*(area.id for area in manifest.read().areas), SWITCHES]
    parser.add_argument("--area", action="append", default=[], choices=areas, help="only these; default: everything")
    parser.add_argument("--also", action="append", default=[], choices=list(ALSO), help="what else the run may do")
    parser.add_argument("--yes", action="store_true", help="do not ask before the first request")
    parser.add_argument("--preset-file", metavar="FILE", help="write the switches that were seen as YAML")
    parser.add_argument("--json-file", metavar="FILE", help="write all outcomes as JSON")
    options = parser.parse_args(arguments)
    options.target = options.target or environment.get("AUTH0_BASE_URL") or _https(environment.get("AUTH0_DOMAIN"))
    if not options.target or urlsplit(options.target).scheme not in ("http", "https"):
        parser.error("expected --target with http:// or https://, or AUTH0_BASE_URL, or AUTH0_DOMAIN")
    operator = _application(options.client_id, "AUTH0_CLIENT", environment)
    if operator is None or not operator.client_secret:
        parser.error("expected the operator's application: AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET")
    options.given = Given(
        operator,
        _application(options.app_client_id, "AUTH0_APP_CLIENT", environment),
        _application(options.second_client_id, "AUTH0_SECOND_CLIENT", environment),
        options.connection,
        options.mail_domain,
        frozenset(options.also),
    )
    return options


def _https(domain: str | None) -> str | None:
    return f"https://{domain}" if domain else None


def _application(client_id: str | None, prefix: str, environment: Mapping[str, str]) -> Application | None:
    client_id = client_id or environment.get(f"{prefix}_ID")
    return Application(client_id, environment.get(f"{prefix}_SECRET") or None) if client_id else None


def intention(options: argparse.Namespace) -> str:
    """What the run will do, before it does it."""
    lines = [
        f"The suite will send up to 900 requests to {options.target}, at a pace that leaves half of its request budget.",
        f"It makes one user in {options.given.connection}, changes and reads that user, and deletes it at the end.",
        "It reads the tenant's factors, policies, logs and first users, and starts an export of one user's ID.",
        "Mails and a push device that nobody has are part of it; no SMS is sent.",
    ]
    lines += [f"It also {ALSO[name]}." for name in options.also]
    left_out = [f"  --also {name}: it {text}" for name, text in ALSO.items() if name not in options.also]
    lines += ["It does not do what these options stand for:", *left_out] if left_out else []
    if options.given.application is None:
        lines.append("It does nothing as the user: AUTH0_APP_CLIENT_ID is not set.")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the suite; 0 if every fact holds, 1 if one differs or something was left behind, 2 if it could not be run."""
    options = read_arguments(sys.argv[1:] if arguments is None else arguments, os.environ)
    print(intention(options))
    if not options.yes and input("Go on? [y/N] ").strip().lower() not in ("y", "yes"):
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tenant = Tenant(options.target, options.domain, verify=options.ca_file or True)
    lab, results, facts = Lab(tenant, options.given), Results(), manifest.read()
    interrupted = False
    try:
        with lab:
            try:
                lab.token()
                for entry in run(lab, facts, results, tuple(options.area)):
                    name = entry.case.name if isinstance(entry, Found) else entry.side.name
                    _progress(f"{len(results.cases) + len(results.switches)}: {name}")
            except KeyboardInterrupt:
                interrupted = True
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # not in the middle of cleaning up
                print("\nInterrupted: removing what was made.", file=sys.stderr)
    except (ConnectionRefusedError, requests.RequestException) as error:
        print(f"tests.fidelity: {_reason(error)}", file=sys.stderr)
        return 2
    finally:
        _progress("")
        tenant.close()
    median = statistics.median(tenant.latencies) * 1000
    print(f"\n{report.text(results, facts)}\n\n{tenant.requests} requests, answered in {median:.0f} ms (median)")
    if options.preset_file:
        Path(options.preset_file).write_text(report.preset(results), encoding="utf-8")
    if options.json_file:
        Path(options.json_file).write_text(report.as_json(results), encoding="utf-8")
    for what in lab.left_behind:
        print(f"tests.fidelity: could not remove {what}. Remove it yourself.", file=sys.stderr)
    if interrupted:
        print("Interrupted: what was made has been removed, and the report is not complete.", file=sys.stderr)
        return 130
    return 1 if lab.left_behind or any(entry.outcome == "differs" for entry in results.cases) else 0


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, ConnectionRefusedError) else f"no answer: {type(error).__name__}"


if __name__ == "__main__":
    sys.exit(main())
