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
from .checks import CannotRun
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
    for file in (options.preset_file, options.json_file):
        if file and (Path(file).is_dir() or not os.access(Path(file).parent, os.W_OK)):
            parser.error(f"{file} cannot be written")
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
        "It tries to make one in google-oauth2, which the tenant may refuse, and deletes the user at once if the tenant does not.",
        "It reads the tenant's factors, policies, logs and first users. It asks for four exports of one user's ID, two of which are to be refused.",
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
    print(intention(options), flush=True)
    if not options.yes and not _agreed():
        return 2
    ends = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in ends:
        signal.signal(number, signal.default_int_handler)
    tenant = Tenant(options.target, options.domain, verify=options.ca_file or True)
    lab, results, facts = Lab(tenant, options.given), Results(), manifest.read()
    interrupted, failed = False, ""
    try:
        with lab:
            try:
                lab.token()
                lab.check_application()
                for number, entry in enumerate(run(lab, facts, results, tuple(options.area)), start=1):
                    _progress(number, entry.case.name if isinstance(entry, Found) else entry.side.name)
            except KeyboardInterrupt:
                interrupted = True
                for number in ends:
                    signal.signal(number, signal.SIG_IGN)  # not in the middle of cleaning up
                print("\nInterrupted: removing what was made.", file=sys.stderr)
            except CannotRun as reason:
                failed = str(reason)
            except requests.RequestException as error:
                failed = f"no answer from {options.target}: {type(error).__name__}"
                failed += ". For an authority of your own: --ca-file" * isinstance(error, requests.exceptions.SSLError)
    finally:
        if sys.stderr.isatty():
            print(file=sys.stderr)
        tenant.close()
    has_report = bool(results.cases or results.switches)
    if has_report:
        _tell(results, facts, tenant, options)
    if failed:
        print(f"tests.fidelity: {failed}{'. The report ends there.' * has_report}", file=sys.stderr)
    elif interrupted:
        removed = "" if lab.left_behind else "what was made has been removed, and "
        print(f"Interrupted: {removed}the report is not complete.", file=sys.stderr)
    for what in lab.left_behind:
        print(f"tests.fidelity: could not remove {what}. Remove it yourself.", file=sys.stderr)
    if failed:
        return 2
    if interrupted:
        return 130
    return 1 if lab.left_behind or any(entry.outcome == "differs" for entry in results.cases) else 0


def _tell(results: Results, facts: manifest.Manifest, tenant: Tenant, options: argparse.Namespace) -> None:
    median = statistics.median(tenant.latencies) * 1000
    told = f"{report.text(results, facts)}\n\n{tenant.requests} requests, answered in {median:.0f} ms (median)"
    print(f"\n{told}", flush=True)
    if options.preset_file:
        Path(options.preset_file).write_text(report.preset(results), encoding="utf-8")
    if options.json_file:
        Path(options.json_file).write_text(report.as_json(results), encoding="utf-8")


def _agreed() -> bool:
    try:
        return input("Go on? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        print("\ntests.fidelity: nobody answers. To go on without being asked: --yes", file=sys.stderr)
        return False


def _progress(done: int, name: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{done}: {name}", end="", file=sys.stderr, flush=True)
    elif done % 25 == 0:
        print(f"{done} facts and switches looked at", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
