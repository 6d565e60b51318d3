# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the words of the shell command mean, and which exit code a run has. Sends nothing and shows nothing."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, Mapping, NoReturn, Sequence

from ..auth0.login.environment import for_renewal, from_environment
from ..auth0.times import seconds
from ..auth0.wire.errors import ConfigurationError
from .lists import entries
from .order import Order
from .policy.file import load
from .policy.model import Policy
from .population import Scope
from .pseudonyms import VARIABLE, Pseudonyms, read_key
from .records import SEVERITIES, Summary
from .rules import RULES
from .run import Planned
from .schemas import FORMS
from .words import plural

CLEAN, FOUND, FAILED, PARTIAL = 0, 1, 2, 3
PLAN, RUN, REPORT, DIFF, EXPLAIN, SCHEMA = "plan", "run", "report", "diff", "explain", "schema"
NONE, NEW = "none", "new:"
# What --fail-on and fail_on accept: with ``new:`` only what the run before did not find counts.
FAIL_ON = (*SEVERITIES, *(NEW + severity for severity in SEVERITIES), NONE)
POLICY_SCHEMA = "policy"
# No option of the command, so that it is in no list of processes and in no history.
SECRET_OPTIONS = ("--api-token", "--token", "--client-secret", "--private-key", "--password")
SIGNING_ALGORITHMS = ("RS256", "RS384", "PS256")
_THRESHOLDS = ("stale_days", "never_used_days", "unconfirmed_days", "weak_factors")

_EPILOG = """exit codes:
  0  complete, and nothing found at or above --fail-on
  1  something found at or above --fail-on, whether complete or not
  2  could not run; the reason is on standard error
  3  partial: stopped early, or not every user could be read

environment:
  AUTH0_DOMAIN, AUTH0_CLIENT_ID   the defaults of --auth0-domain and --client-id
  AUTH0_API_TOKEN, AUTH0_CLIENT_SECRET, AUTH0_CLIENT_ASSERTION_PRIVATE_KEY
                                  the credentials, the first that is set, unless an option names a file
  AUTH0_CLIENT_ASSERTION_SIGNING_ALG
                                  how to sign with the key: %s (default RS256)
""" % ", ".join(SIGNING_ALGORITHMS)


class _Parser(argparse.ArgumentParser):
    """One that says what is wrong in our way. No option may be cut short: half a secret's name must not be a file's."""

    def __init__(self, **given: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **given)

    def error(self, message: str) -> NoReturn:
        raise ConfigurationError(message, hint="--help shows the options.")


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The options of one command.

    :raises ConfigurationError: they cannot be right
    :raises SystemExit: help was asked for and shown
    """
    args, unknown = _parser().parse_known_args(words)
    if unknown:
        # Beside the name there may be a secret.
        names = [word.partition("=")[0] for word in unknown if word.startswith("-")]
        if any(name in SECRET_OPTIONS for name in names):
            raise ConfigurationError(
                "Secrets are not accepted as options, because other users of this host could see them",
                hint="Set AUTH0_CLIENT_SECRET or AUTH0_API_TOKEN, or use --client-secret-file or --private-key-file.",
            )
        raise ConfigurationError(
            "There is no option %s" % ", ".join(names) if names else "There are words that belong to no option",
            hint="--help shows the options.",
        )
    return args


def _parser() -> _Parser:
    parser = _Parser(
        prog="python -m ansible_collections.mfaops.auth0.audit",
        description="Audits the MFA authenticators of the users of an Auth0 tenant. It only reads.",
        epilog=_EPILOG,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="{plan,run,report,diff,explain,schema}")
    plan = commands.add_parser(PLAN, help="tell how many users a run would read, and how long that would take")
    run = commands.add_parser(RUN, help="audit the users, or go on with an audit that was cut off", epilog=_EPILOG)
    report = commands.add_parser(
        REPORT, help="report what a run read by another policy, on another day or with pseudonyms; sends nothing"
    )
    diff = commands.add_parser(DIFF, help="list what a run found that the one before did not, and the other way round")
    explain = commands.add_parser(EXPLAIN, help="tell what of the policy applies to one user; sends nothing")
    schema = commands.add_parser(
        SCHEMA, help="print the JSON Schema of the policy file, or of a file that a run writes"
    )
    schema.add_argument(
        "name", nargs="?", choices=(POLICY_SCHEMA, *FORMS), default=POLICY_SCHEMA, help="(default: policy)"
    )
    explain.add_argument("user", metavar="USER", help="ID or e-mail address")
    for command in (plan, run, report, diff, explain):
        command.add_argument(
            "--folder", required=True, help="where runs and reports are kept; one folder for each tenant"
        )
    for command in (plan, run):
        _add_tenant(command)
        _add_users(command)
        _add_pace(command)
    run.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="go on with the last run if it is not finished and has the same users and policy (default: yes)",
    )
    for command in (report, diff, explain):
        command.add_argument("--run", help="which run (default: the last one)")
    for command in (plan, run, report, explain):
        command.add_argument(
            "--policy",
            metavar="FILE",
            help="who is meant, and what is worth a finding (default: %s)"
            % ("nobody is left out, and the thresholds below" if command in (plan, run) else "as in the run"),
        )
    report.add_argument(
        "--as-of", metavar="TIME", help="the day that ages are counted to, such as 2026-03-01 (default: now)"
    )
    names = report.add_argument_group("for readers outside the team")
    names.add_argument(
        "--pseudonyms",
        action="store_true",
        help="put keyed hashes in place of names, addresses and IDs; the key is in %s" % VARIABLE,
    )
    names.add_argument("--pseudonym-key-file", metavar="FILE", help="the file with that key")
    names.add_argument("--bom", action="store_true", help="mark the CSV files as UTF-8, for Excel")
    for command in (run, report):
        _add_judging(command)
    return parser


def _add_tenant(command: argparse.ArgumentParser) -> None:
    tenant = command.add_argument_group("tenant and credentials")
    tenant.add_argument("--auth0-domain", metavar="DOMAIN", help="such as example.eu.auth0.com")
    tenant.add_argument("--base-url", metavar="URL", help="another address of the same tenant, such as a custom domain")
    tenant.add_argument("--client-id", metavar="ID", help="a machine-to-machine application")
    secret = tenant.add_mutually_exclusive_group()
    secret.add_argument("--client-secret-file", metavar="FILE", help="a file with its secret")
    secret.add_argument("--private-key-file", metavar="FILE", help="a file with its RSA key, in PEM form")
    tenant.add_argument("--ca-path", metavar="FILE", help="the certificate authorities to trust, instead of all others")
    tenant.add_argument("--proxy", metavar="URL", help="the proxy to use, such as http://proxy.example.com:3128")
    tenant.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="for one request (default: 30)")


def _add_users(command: argparse.ArgumentParser) -> None:
    users = command.add_argument_group("which users (default: all)")
    users.add_argument("--query", help="a search in the syntax of Auth0's user search")
    users.add_argument("--user-ids-file", metavar="FILE", help="a file with user IDs, one a line; - for standard input")
    users.add_argument("--emails-file", metavar="FILE", help="the same with e-mail addresses")
    reading = command.add_argument_group("what is read of them")
    chosen = reading.add_mutually_exclusive_group()
    chosen.add_argument(
        "--since", metavar="RUN", help="read only what changed since this run (default: the last complete one)"
    )
    chosen.add_argument("--full", action="store_true", help="read every user")


def _add_pace(command: argparse.ArgumentParser) -> None:
    pace = command.add_argument_group("how fast")
    pace.add_argument(
        "--deadline",
        type=_duration,
        default=math.inf,
        metavar="TIME",
        help="stop reading after this time, such as 15m or 2h; the next run goes on",
    )
    pace.add_argument(
        "--rate-limit-share",
        type=float,
        default=0.5,
        metavar="SHARE",
        help="how far the tenant's bucket of requests may be emptied, above 0 and at most 1 (default: 0.5)",
    )
    pace.add_argument("--max-rate", type=float, metavar="RATE", help="the most requests a second (default: no limit)")
    pace.add_argument(
        "--shared-budget",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="share what the rate limit leaves with other processes on this host that call the tenant (default: yes)",
    )
    pace.add_argument(
        "--threads",
        type=int,
        default=Order.threads,
        metavar="N",
        help="how many requests may be under way at once (default: %(default)s)",
    )


def _add_judging(command: argparse.ArgumentParser) -> None:
    def default(value: object) -> str:
        return "default: %s" % value if command.prog.endswith(RUN) else "default: as in the run"

    judging = command.add_argument_group("what is found")
    for name, what in (
        ("stale", "an authenticator that was not used for so long is stale"),
        ("never-used", "one that was enrolled so long ago and never used is a finding"),
        ("unconfirmed", "one that was created so long ago and is not confirmed is a finding"),
    ):
        shown = default(getattr(Policy, name.replace("-", "_") + "_days"))
        judging.add_argument("--%s-days" % name, type=int, metavar="DAYS", help="%s (%s)" % (what, shown))
    judging.add_argument(
        "--weak-factors",
        type=_words,
        metavar="LIST",
        help="factors that are weak, with commas between them (%s)" % default(",".join(Policy.weak_factors)),
    )
    judging.add_argument(
        "--fail-on",
        choices=FAIL_ON,
        default=NONE,
        metavar="SEVERITY",
        help="exit with code 1 if there is a finding of this severity or above: %s, or %shigh for what the run before did not "
        "find (default: none)" % (", ".join(SEVERITIES), NEW),
    )


def _duration(text: str) -> int:
    try:
        return seconds("--deadline", text)
    except ConfigurationError:
        raise argparse.ArgumentTypeError("%r is not a number with a unit, such as 15m or 2h" % text) from None


def _words(text: str) -> tuple[str, ...]:
    return tuple(sorted({word.strip() for word in text.split(",")} - {""}))


def credentials(args: argparse.Namespace, environment: Mapping[str, str]) -> dict[str, Any]:
    """Tenant and operator in the options of the modules, from the command, its files and the environment.

    Called again, it reads the files again.

    :raises ConfigurationError: a file cannot be read
    """
    algorithm = environment.get("AUTH0_CLIENT_ASSERTION_SIGNING_ALG") or SIGNING_ALGORITHMS[0]
    if algorithm not in SIGNING_ALGORITHMS:
        raise ConfigurationError(
            "AUTH0_CLIENT_ASSERTION_SIGNING_ALG %r is not one of %s" % (algorithm, ", ".join(SIGNING_ALGORITHMS))
        )
    given = {
        "auth0_domain": args.auth0_domain,
        "base_url": args.base_url,
        "client_id": args.client_id or environment.get("AUTH0_CLIENT_ID"),
        "api_token": None,
        "client_secret": _secret("--client-secret-file", args.client_secret_file),
        "private_key": _secret("--private-key-file", args.private_key_file),
        "signing_algorithm": algorithm,
    }
    given.update(from_environment(given, environment))
    return {**given, **for_renewal(given, environment)}


def _secret(option: str, path: str | None) -> str | None:
    if path is None:
        return None
    # Somebody may have given the secret itself, so the path is not shown.
    text = _content(option, path, "the file of %s" % option).strip()
    if not text:
        raise ConfigurationError("The file of %s is empty" % option, hint="It holds nothing but the secret.")
    return text


def order(args: argparse.Namespace, tenant: str) -> Order:
    """What is to be audited, and how.

    :param tenant: domain of the tenant
    :raises ConfigurationError: an option cannot be right, or a list of users cannot be read
    """
    if args.user_ids_file == "-" and args.emails_file == "-":
        raise ConfigurationError("Standard input cannot be both lists", hint="Put one of them into a file.")
    user_ids = _list("--user-ids-file", args.user_ids_file)
    emails = _list("--emails-file", args.emails_file)
    running = args.command == RUN
    return Order(
        tenant,
        Scope(args.query, user_ids, emails),
        policy(args, Policy()),
        full=args.full,
        since=args.since,
        resume=args.resume if running else False,
        threads=args.threads,
    )


def _list(option: str, path: str | None) -> tuple[str, ...]:
    if path is None:
        return ()
    where = "standard input" if path == "-" else path
    users = tuple(entry for _line, entry in entries(_content(option, path, where)))
    if not users:
        # Nobody given must not mean everybody.
        raise ConfigurationError("%s: there is nobody in %s" % (option, where), hint="It has one user a line.")
    return users


def _content(option: str, path: str, shown: str) -> str:
    try:
        if path == "-":
            content = sys.stdin.buffer.read()
        else:
            with open(path, "rb") as file:
                content = file.read()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(
            "%s: %s cannot be read: %s" % (option, shown, error.strerror or "unknown reason"),
            hint="Name a file that exists and that you may read.",
        ) from None
    except ValueError:
        raise ConfigurationError("%s: %s is not text in UTF-8" % (option, shown)) from None


def policy(args: argparse.Namespace, otherwise: Policy) -> Policy:
    """The policy of the file that is given, or else this one with the thresholds that are given.

    :raises ConfigurationError: both are given, or something is wrong with the file
    """
    given = {name: value for name in _THRESHOLDS if (value := getattr(args, name, None)) is not None}
    if args.policy is None:
        return replace(otherwise, **given)
    if given:
        options = ", ".join("--" + name.replace("_", "-") for name in given)
        raise ConfigurationError("--policy and %s do not go together" % options, hint="Write it into the policy file.")
    return load(args.policy, RULES, datetime.now(timezone.utc).date())


def pseudonyms(args: argparse.Namespace, environment: Mapping[str, str]) -> Pseudonyms | None:
    """What stands in place of names in a report; None leaves them.

    :raises ConfigurationError: pseudonyms are wanted, and there is no key
    """
    if not args.pseudonyms:
        if args.pseudonym_key_file is not None:
            raise ConfigurationError("--pseudonym-key-file requires --pseudonyms")
        return None
    return Pseudonyms(read_key(args.pseudonym_key_file, environment))


def exit_code(figures: Summary, fail_on: str) -> int:
    """What a run ends with. A finding counts however many users are missing; a run that is partial is not clean.

    :param fail_on: one of :data:`FAIL_ON`
    """
    least = fail_on.removeprefix(NEW)
    found = figures["counted"]
    if fail_on.startswith(NEW) and figures["history"] is not None:
        found = figures["history"]["new"]
    if any(found[severity] for severity in SEVERITIES if least != NONE and is_at_least(severity, least)):
        return FOUND
    return PARTIAL if figures["partial"] else CLEAN


def is_at_least(severity: str, least: str) -> bool:
    """Whether a severity is this one or above."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(least)


def plan_text(tenant: str, planned: Planned, rate: float | None) -> str:
    """A plan in a few lines.

    :param rate: requests a second that the tenant has left for us; None while unknown
    """
    listing, users = planned.listing, planned.to_read + planned.carried + planned.out_of_scope
    at_least = "at least " if listing.incomplete else ""
    lines = ["Plan of an MFA audit of %s" % tenant, "", "Users: %s%d" % (at_least, users + listing.unseen)]
    if listing.unseen:
        lines.append("  of them not listed by Auth0: %d" % listing.unseen)
    lines += [
        "To read: %d" % planned.to_read,
        "To carry over from earlier runs: %d" % planned.carried,
        *(["Out of scope of the policy: %d" % planned.out_of_scope] if planned.out_of_scope else []),
        "Requests: about %d" % planned.requests,
        "Time: %s" % _time_text(planned.requests, rate),
    ]
    if planned.unfinished is not None:
        begun = planned.unfinished
        lines.append(
            "This is a new run. Unless it is given --no-resume, run goes on with %s, which has read %d of %s."
            % (begun.run, begun.first, plural(begun.to_read, "user"))
        )
    return "\n".join([*lines, *filter(None, (listing.note, listing.incomplete))]) + "\n"


def minutes(requests: int, rate: float | None) -> int | None:
    """How many minutes so many requests take at most; None while the rate is unknown.

    :param rate: requests a second
    """
    return math.ceil(requests / rate / 60) if rate else None


def _time_text(requests: int, rate: float | None) -> str:
    if not requests:
        return "none, nothing has to be read"
    if rate is None:
        return (
            "not known yet. Auth0's answers so far do not tell how many requests a second the tenant has left. "
            "A run learns that in its first seconds, and then shows the time that is left."
        )
    shown = (
        "less than a minute" if requests / rate < 60 else "up to %s" % plural(minutes(requests, rate) or 0, "minute")
    )
    # A plan sends a few requests only, and a bucket that is full does not show how much more would be added.
    return "%s, at %.1f requests a second. The tenant may allow more; a run finds out." % (shown, rate)
