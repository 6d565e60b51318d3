#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_mfa_audit
short_description: Audit the MFA authenticators of the users of an Auth0 tenant
version_added: 0.3.0
description:
  - Reads the authenticators of every user of a tenant, or of some of them, and writes reports to a folder. It only reads from Auth0.
  - It is the same audit as the shell command and the AWS Lambda function, and goes on with what they began in the same folder.
  - Every run after the first reads only the users who are new or have changed, and some of the others by turn. A run that was cut off goes
    on where it was.
  - In check mode the module lists the users and says how many of them a run would read, and how long that would take. It reads nothing
    of any user and writes nothing.
options:
  folder:
    description:
      - A directory on the host that the module runs on, for runs and reports. Each tenant needs one of its own. It is made if it does not
        exist, and nobody else may read it.
      - A relative path starts at the directory that the module runs in; use an absolute path.
    type: path
    required: true
  query:
    description: Audits only the users that this search finds, in the syntax of Auth0's user search v3. By default every user.
    type: str
  user_ids:
    description: Audits only these users.
    type: list
    elements: str
  emails:
    description: Audits only the users with these e-mail addresses.
    type: list
    elements: str
  policy:
    description:
      - A policy file, which says who is meant and what is worth a finding. By default every user is meant, and the thresholds are those of the
        profile V(default). A relative path starts at the directory that the module runs in; use an absolute path.
      - It takes the packages C(ruamel.yaml) and C(jsonschema).
    type: path
  since:
    description: Reads only what has changed since this run. By default since the last complete one.
    type: str
  full:
    description: Whether to read every user, also those who have not changed.
    type: bool
    default: false
  resume:
    description: Whether to go on with the last run if it is not finished and has the same users and policy.
    type: bool
    default: true
  deadline:
    description: Stops reading after this time, such as V(15m) or V(2h). The next run goes on. By default the run lasts until it is done.
    type: str
  threads:
    description: How many requests may be under way at once.
    type: int
    default: 32
  fail_on:
    description: The task fails if there is a finding of this severity or above. With C(new:), only what the run before did not find counts. Users who could
      not be read are no new findings; they make the run partial.
    type: str
    choices: [critical, high, medium, low, 'new:critical', 'new:high', 'new:medium', 'new:low', none]
    default: none
  fail_if_partial:
    description: Whether the task fails if the run stopped early or not every user could be read. The reports are written all the same.
    type: bool
    default: true
  progress_path:
    description:
      - A file on the host that the module runs on. The task adds a line to it every half minute. A relative path starts at the directory
        that the module runs in; use an absolute path.
      - If the module runs on the controller, C(ansible-playbook -v) prints these lines while the task runs, without this option.
    type: path
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
attributes:
  check_mode:
    support: full
    details: Says how much a run would read.
  diff_mode:
    support: none
    details: Never changes anything in the tenant.
  idempotent:
    support: full
    details: Never changes anything in the tenant.
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_audit
    description: Audit all users.
  - ref: ansible_collections.mfaops.auth0.docsite.guide_policy
    description: Decide what the audit finds.
  - module: mfaops.auth0.auth0_mfa_authenticator_info
"""

EXAMPLES = r"""
- name: Audit every user, and fail if a finding is high or critical
  mfaops.auth0.auth0_mfa_audit:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ lookup('ansible.builtin.env', 'AUTH0_CLIENT_ID') }}"
    client_secret: "{{ lookup('ansible.builtin.env', 'AUTH0_CLIENT_SECRET') }}"
    folder: /var/lib/mfa-audit/example
    fail_on: high

- name: Audit the users of one domain for at most a quarter of an hour
  mfaops.auth0.auth0_mfa_audit:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    folder: /var/lib/mfa-audit/example-com
    query: email.domain:"example.com"
    deadline: 15m
    fail_if_partial: false
"""

RETURN = r"""
run:
  description: The ID of the run.
  returned: if a run was made
  type: str
  sample: 000001-20260301T060000Z
partial:
  description: Whether the run stopped early, or not every user could be read.
  returned: if a run was made
  type: bool
  sample: false
reason:
  description: Why the run is partial; V(null) if it is not.
  returned: if a run was made
  type: str
  sample: null
note:
  description: What else is to be known of the run, such as patterns of the policy that fit nobody; V(null) if there is nothing.
  returned: if a run was made
  type: str
  sample: "Patterns of the policy that fit nobody: privileged.emails: ceo@example.com."
coverage:
  description: What became of every user, as in C(summary.json) of the run.
  returned: if a run was made
  type: dict
  sample: {listed: 1042, read: 1042, carried: 0, unread: 0, gone: 0, out_of_scope: 0, not_reached: 0}
protection:
  description: How many users in scope are protected how well.
  returned: if a run was made
  type: dict
  sample: {strong: 700, weak: 200, none: 100, elsewhere: 42, unknown: 0}
new:
  description:
    - How many findings count that the run before did not have, by severity; V(null) if it is compared with none.
    - Users who could not be read are in RV(coverage) and not in here.
  returned: if a run was made
  type: dict
  sample: {critical: 0, high: 1, medium: 4, low: 0}
findings:
  description: How many findings there are by rule, of users in scope and with exempted ones; rules without findings are left out.
  returned: if a run was made
  type: dict
  sample: {no-mfa: 142, stale: 31}
costs:
  description: What the run cost, with C(requests), C(rate_limited), C(waited_seconds) and C(duration_seconds).
  returned: if a run was made
  type: dict
  sample: {requests: 1042, rate_limited: 0, waited_seconds: 0.0, duration_seconds: 65.2}
files:
  description: Where the reports are, the name of the report to its path.
  returned: if a run was made
  type: dict
  sample: {summary.json: /var/lib/mfa-audit/example/runs/000001-20260301T060000Z/report/summary.json}
plan:
  description:
    - How many C(users) there are, how many a run would read (C(to_read)), carry over from earlier runs (C(carried)) and leave out because
      of the policy (C(out_of_scope)), and how many C(requests) and C(minutes) that takes. C(minutes) is V(null) as long as the rate is not
      known.
  returned: in check mode
  type: dict
  sample: {users: 1042, to_read: 1042, carried: 0, out_of_scope: 0, requests: 1042, minutes: 2}
status:
  description: The HTTP status of Auth0's response.
  returned: failure, if there was a response
  type: int
  sample: 403
error_code:
  description: Auth0's word for the error.
  returned: failure, if Auth0 gave one
  type: str
  sample: insufficient_scope
request_id:
  description: The ID by which Auth0's support finds the request.
  returned: failure, if the response had one
  type: str
  sample: 8a0bb6a5e7c1f3d2
required_scope:
  description: The scope that the token lacks.
  returned: failure, if a scope is missing
  type: str
  sample: read:authentication_methods
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope read:authentication_methods to the application's grant for this API, then get a new token.
mistakes:
  description: What is wrong with the policy file, each with its line and column.
  returned: failure because of the file
  type: list
  elements: str
  sample: ['policy.yml:3:10: profile is "pcii"; expected pci']
"""

import math
import os
from datetime import datetime, timezone

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.command import (
    FAIL_ON,
    FOUND,
    NONE,
    PARTIAL,
    exit_code,
    minutes,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.console import Lines
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.order import Order
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.file import load
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.population import Scope
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import Outcome, plan
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import run as audit
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.stopping import Stop
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.times import seconds
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError, RefusedError
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, Part, Session, run
from ansible_collections.mfaops.auth0.plugins.module_utils.progress_file import ProgressFile

AUDIT = Part(
    {
        "folder": {"type": "path", "required": True},
        "policy": {"type": "path"},
        "query": {"type": "str"},
        "user_ids": {"type": "list", "elements": "str"},
        "emails": {"type": "list", "elements": "str"},
        "since": {"type": "str"},
        "full": {"type": "bool", "default": False},
        "resume": {"type": "bool", "default": True},
        "deadline": {"type": "str"},
        "threads": {"type": "int", "default": Order.threads},
        "fail_on": {"type": "str", "choices": [*FAIL_ON], "default": NONE},
        "fail_if_partial": {"type": "bool", "default": True},
        "progress_path": {"type": "path"},
    },
    mutually_exclusive=(("query", "user_ids"), ("query", "emails"), ("since", "full")),
    # Without them everybody would be read.
    never_null=("policy", "query", "user_ids", "emails", "deadline"),
    packages=("jinja2",),
)


def audit_tenant(session: Session) -> dict:
    params = session.params
    stop = Stop(math.inf if params["deadline"] is None else seconds("deadline", params["deadline"]))
    session.sleep = stop.sleep
    order = Order(
        session.connection.domain,
        scope_of(params),
        policy_of(params),
        full=params["full"],
        since=params["since"],
        resume=params["resume"],
        threads=params["threads"],
    )
    store = FolderStore(params["folder"])
    tell = Lines(ProgressFile("progress_path", params["progress_path"], session.warn, session.check_mode).add)
    if session.check_mode:
        return {"changed": False, "plan": planned(session, store, order, stop, tell)}
    tenant = GuardianApi(session.operator)
    outcome = audit(session.operator, session.budget, store, order, stop=stop, tell=tell, tenant=tenant)
    return verdict(outcome, store, params["fail_on"], params["fail_if_partial"])


def scope_of(params: dict) -> Scope:
    """The users that the options name.

    :raises ConfigurationError: a list has nobody
    """
    for name in ("user_ids", "emails"):
        if params[name] == []:
            raise ConfigurationError("%s is empty" % name, hint="To audit every user, leave it out.")
    return Scope(params["query"], tuple(params["user_ids"] or ()), tuple(params["emails"] or ()))


def policy_of(params: dict) -> Policy:
    """The policy of the file, if there is one.

    :raises ConfigurationError: something is wrong with it
    """
    if params["policy"] is None:
        return Policy()
    return load(params["policy"], RULES, datetime.now(timezone.utc).date())


def planned(session: Session, store: FolderStore, order: Order, stop: Stop, tell: Lines) -> dict:
    found = plan(session.operator, store, order, stop=stop, tell=tell)
    for text in filter(None, (found.listing.note, found.listing.incomplete)):
        session.warn(text)
    return {
        "users": found.to_read + found.carried + found.out_of_scope + found.listing.unseen,
        "to_read": found.to_read,
        "carried": found.carried,
        "out_of_scope": found.out_of_scope,
        "requests": found.requests,
        "minutes": minutes(found.requests, session.budget.rate()),
    }


def verdict(outcome: Outcome, store: FolderStore, fail_on: str, fail_if_partial: bool) -> dict:
    """The result of a run.

    :raises RefusedError: it is one to fail for; it holds the result
    """
    figures = outcome.summary
    result = {
        "changed": False,
        "run": outcome.run,
        "partial": figures["partial"],
        "reason": figures["reason"],
        "note": figures["note"],
        "coverage": figures["coverage"],
        "protection": figures["users"],
        "new": figures["history"]["new"] if figures["history"] and figures["history"]["base"] else None,
        "findings": {rule: count for rule, count in figures["findings"].items() if count},
        "costs": outcome.costs,
        "files": {name: os.path.join(store.folder, key) for name, key in outcome.keys.items()},
    }
    ended = exit_code(figures, fail_on)
    if ended == FOUND:
        what = "new findings" if fail_on.startswith("new:") else "findings"
        raise RefusedError(
            "The audit has %s of severity %s or above" % (what, fail_on.removeprefix("new:")),
            hint="See files['report.html'].",
            progress=result,
        )
    if ended == PARTIAL and fail_if_partial:
        raise RefusedError(
            "The audit is partial: %s" % figures["reason"], hint="Run it again: it goes on.", progress=result
        )
    return result


def main() -> None:
    run(audit_tenant, CONNECTION, AUDIT)


if __name__ == "__main__":
    main()
