# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit as a shell command; needs no Ansible.

python -m ansible_collections.mfaops.auth0.audit --help
"""

from __future__ import annotations

import argparse
import math
import os
import traceback
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from importlib.util import find_spec
from typing import Iterator, Sequence

from ..auth0.api.bearer import Authentication, Bearer
from ..auth0.api.guardian import GuardianApi
from ..auth0.api.management import ManagementApi
from ..auth0.login.operator import Reread, as_operator
from ..auth0.times import moment
from ..auth0.wire.budget import Budget
from ..auth0.wire.connection import Connection
from ..auth0.wire.errors import Auth0Error, ConfigurationError, visible
from ..auth0.wire.ledger import Ledger
from ..auth0.wire.redaction import Secrets
from ..versions import IMPORTED_AS, how_to_install, wrong_versions
from . import command
from .console import progress, say, show, watch
from .explain import explain, seen
from .history import History
from .judging import Judge
from .policy.model import Policy
from .policy.schema import published as policy_schema
from .reports.difference import differences
from .reports.files import facts_of
from .reports.summary import table
from .run import Outcome, plan, report, run
from .rules import RULES
from .schemas import published
from .stopping import Stop
from .store import FolderStore

_NEEDED = ("requests", "auth0-python", "httpx", "jinja2")
_FOR_POLICIES = ("ruamel.yaml", "jsonschema")


def main(words: Sequence[str]) -> int:
    """Carry out one command; returns its exit code. What is shown contains no secret."""
    secrets = Secrets()
    try:
        args = command.parse(words)
        _check_packages(*(_FOR_POLICIES if getattr(args, "policy", None) else ()))
        text, code = _COMMANDS[args.command](args, secrets)
        show(secrets.text(text))
        return code
    except Auth0Error as error:
        first, *more = error.told()
        for line in ("error: " + first, *more):
            say(secrets.text(line))
    except KeyboardInterrupt:
        return 130
    except Exception:  # a mistake of ours; Python's own exit code would mean that something was found
        for line in secrets.text(traceback.format_exc()).splitlines():
            say(line)
    return command.FAILED


def _check_packages(*more: str) -> None:
    """:raises ConfigurationError: what a run needs, its reports included, is not installed"""
    needed = (*_NEEDED, *more)
    missing = sorted({IMPORTED_AS[name] for name in IMPORTED_AS if IMPORTED_AS[name] in needed and not find_spec(name)})
    if missing:
        raise ConfigurationError(
            "%s cannot be imported" % " and ".join(missing), hint="Run: " + how_to_install(*missing)
        )
    wrong = wrong_versions(*needed)
    if wrong:
        raise ConfigurationError(wrong[0], hint=wrong[1])


class _Tenant:
    """What a command needs to speak with the tenant."""

    def __init__(self, args: argparse.Namespace, secrets: Secrets) -> None:
        """
        :raises ConfigurationError: an option cannot be right
        """
        self._args, self._secrets = args, secrets
        given = self._credentials()
        self.connection = Connection.from_options(
            auth0_domain=given["auth0_domain"],
            base_url=given["base_url"],
            ca_path=args.ca_path,
            timeout=args.timeout,
            proxy=args.proxy,
            secrets=secrets,
        )
        self.order = command.order(args, self.connection.domain)
        self.stop = Stop(args.deadline)
        # A run may wait as long as it may take.
        ledger = Ledger(self.connection.domain) if args.shared_budget else None
        self.budget = Budget(
            args.rate_limit_share, math.inf, max_rate=args.max_rate, ledger=ledger, sleep=self.stop.sleep
        )
        self._bearer = Bearer(Reread(self._authentication))

    @contextmanager
    def api(self) -> Iterator[ManagementApi]:
        """The Management API, until a signal says to stop."""
        watch(self.stop)
        with ManagementApi(self.connection, self.budget, self._bearer) as api:
            yield api

    def _credentials(self) -> dict[str, str]:
        given = command.credentials(self._args, os.environ)
        self._secrets.add(given["api_token"], given["client_secret"], given["private_key"])
        return given

    def _authentication(self) -> Authentication:
        return as_operator(self._credentials(), self.connection, self.budget)


def _plan(args: argparse.Namespace, secrets: Secrets) -> tuple[str, int]:
    tenant = _Tenant(args, secrets)
    with tenant.api() as api, progress() as tell:
        planned = plan(api, FolderStore(args.folder), tenant.order, stop=tenant.stop, tell=tell)
    text = command.plan_text(tenant.connection.domain, planned, tenant.budget.rate())
    return text, command.PARTIAL if planned.listing.incomplete else command.CLEAN


def _run(args: argparse.Namespace, secrets: Secrets) -> tuple[str, int]:
    tenant, store = _Tenant(args, secrets), FolderStore(args.folder)
    with tenant.api() as api, progress() as tell:
        outcome = run(api, tenant.budget, store, tenant.order, stop=tenant.stop, tell=tell, tenant=GuardianApi(api))
    return _shown(outcome, store, args)


def _report(args: argparse.Namespace, _secrets: Secrets) -> tuple[str, int]:
    store, now = FolderStore(args.folder), datetime.now(timezone.utc)
    if args.as_of is not None:
        now = moment("--as-of", args.as_of, now)
    pseudonyms = command.pseudonyms(args, os.environ)
    made = report(store, args.run, partial(command.policy, args), now, pseudonyms=pseudonyms, bom=args.bom)
    return _shown(made, store, args)


def _diff(args: argparse.Namespace, _secrets: Secrets) -> tuple[str, int]:
    lines = differences(FolderStore(args.folder), args.run)
    return "".join("%s\n" % visible(line) for line in lines), command.CLEAN


def _explain(args: argparse.Namespace, _secrets: Secrets) -> tuple[str, int]:
    """Everybody who is meant: more than one user may have an address."""
    ledger = History.of(FolderStore(args.folder)).find(args.run)
    checkpoint, now = ledger.checkpoint, datetime.now(timezone.utc)
    own = Policy.from_row(checkpoint.policy)
    policy = command.policy(args, own)
    unread = policy.paths_beyond(own)
    if unread:
        raise ConfigurationError(
            "The run %s did not read app_metadata: %s" % (checkpoint.run, ", ".join(unread)),
            hint="Run the audit with this policy, so that it can be told whom it means.",
        )
    judge = Judge(checkpoint.tenant, policy, now, facts_of(checkpoint))
    told = [
        "\n".join([*explain(record["profile"], policy, now), *seen(judge.row(record))])
        for record in ledger.records()
        if args.user == record["profile"]["user_id"] or args.user.lower() == (record["profile"]["email"] or "").lower()
    ]
    if not told:
        raise ConfigurationError(
            "The run %s knows no user %r" % (checkpoint.run, args.user),
            hint="Give an ID or an e-mail address as the reports have it.",
        )
    return "\n\n".join(told) + "\n", command.CLEAN


def _schema(args: argparse.Namespace, _secrets: Secrets) -> tuple[str, int]:
    if args.name == command.POLICY_SCHEMA:
        return policy_schema(RULES), command.CLEAN
    return published(args.name), command.CLEAN


def _shown(outcome: Outcome, store: FolderStore, args: argparse.Namespace) -> tuple[str, int]:
    files = ["%s: %s" % (name, os.path.join(store.folder, key)) for name, key in outcome.keys.items()]
    text = "%s\nRun: %s\n%s\n" % (table(outcome.summary, outcome.costs), outcome.run, "\n".join(map(visible, files)))
    return text, command.exit_code(outcome.summary, args.fail_on)


_COMMANDS = {
    command.PLAN: _plan,
    command.RUN: _run,
    command.REPORT: _report,
    command.DIFF: _diff,
    command.EXPLAIN: _explain,
    command.SCHEMA: _schema,
}
