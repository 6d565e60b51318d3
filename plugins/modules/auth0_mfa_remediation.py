#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_mfa_remediation
short_description: Act on reviewed findings of an MFA audit of an Auth0 tenant
version_added: 0.3.0
description:
  - Carries out what people decided about the findings of an audit, as the operator. It removes authenticators that are C(stale),
    C(never-used), C(unconfirmed) or have an C(odd-date). It mails an enrollment ticket to users with C(no-mfa) and C(recovery-code-only). It
    makes a recovery code for users with C(no-recovery-code).
  - Each decision is compared with the finding's ID, with the tenant, and with what Auth0 shows now. An authenticator that was used, confirmed
    or enrolled anew since the audit stays, and so does one that Auth0 would remove together with another that was used since. A user's last
    second factor stays. A user who has a second factor by now gets no ticket, and a user who has a recovery code by now gets no other.
  - What does not hold any more is skipped, with the reason. The task does not fail for that. It fails after the last user if something could
    not be done, and the result then still has everything that was done.
options:
  findings:
    description:
      - A file of the audit's report, on the host that the module runs on. C(findings.csv), in which somebody has filled in the column
        C(decision), or C(findings.jsonl.gz) or C(users.jsonl.gz) together with O(reviewed), compressed with gzip or not.
      - The cells of C(findings.csv) that the task relies on have to be as the audit wrote them, by the column C(row_sum). It finds mistakes, and
        nobody who means to deceive.
      - In the column, C(remove), C(ticket) or C(rotate) is what can be done about a finding of the rule. C(keep) and an empty cell do nothing.
      - A relative path starts at the directory that the module runs in; use an absolute path. The same goes for the other paths.
    type: path
    required: true
  reviewed:
    description: The IDs of the findings to act on. Without it, the column C(decision) says what to do. With it, the column is not read.
    type: list
    elements: str
  results_path:
    description:
      - The file that tells what became of each decision, in JSON lines. The task makes it, or adds to it. Only its owner can read it.
      - The next task with the same file does not repeat what was done since the audit, and does not mail a ticket as long as an earlier one is
        valid. Keep one file for each tenant.
      - It contains no secret.
    type: path
    required: true
  include:
    description:
      - Whether to act on V(privileged) and V(break-glass) users as well, and to mail tickets to users who are V(blocked) or have
        V(never-logged-in) as well. Without it they are skipped. A user who is two of these requires both.
      - Whether a user is privileged or break-glass, the file says. Whether a user is blocked or has never logged in is read from Auth0 before
        the ticket, which requires the scope C(read:users).
    type: list
    elements: str
    choices: [privileged, break-glass, blocked, never-logged-in]
    default: []
  most_removals:
    description: If there are more authenticators to remove than this, the task fails and does nothing.
    type: int
    default: 25
  most_tickets:
    description: If there are more tickets to mail than this, the task fails and does nothing.
    type: int
    default: 25
  most_codes:
    description: If there are more recovery codes to make than this, the task fails and does nothing.
    type: int
    default: 25
  email_locale:
    description: The language of the mails with the tickets, such as V(de).
    type: str
  codes_folder:
    description:
      - A directory for new recovery codes, one file for each user, which only its owner can read. It is made if it does not exist. Required to
        make recovery codes.
      - The files have the names that the playbook C(rotate_recovery_codes) gives them. Before the task makes a code, it makes a note beside
        the file. If the task is killed, or Auth0's response is lost, the next task finds the note and makes another code.
    type: path
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
  - mfaops.auth0.connection.progress
attributes:
  check_mode:
    support: full
    details: Reads the users and comes to the same decisions. Changes nothing in Auth0 and writes no file. V(planned) is what would be done.
  diff_mode:
    support: full
    details: Shows the lines that O(results_path) gets, in check mode those that it would get.
  idempotent:
    support: full
    details: If Auth0's response to a ticket is lost, the task fails, and the next task mails another one. Both are valid.
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_remediate
    description: Act on what an audit found.
  - module: mfaops.auth0.auth0_mfa_audit
  - module: mfaops.auth0.auth0_mfa_authenticator
  - module: mfaops.auth0.auth0_mfa_enrollment_ticket
  - module: mfaops.auth0.auth0_recovery_code
"""

EXAMPLES = r"""
- name: Do what the column "decision" says
  mfaops.auth0.auth0_mfa_remediation:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    findings: "{{ directory }}/findings.csv"
    results_path: "{{ directory }}/acted.jsonl"
    codes_folder: "{{ directory }}/codes"
    email_locale: de
  register: acted

- name: Act on one finding, whose user may be privileged
  mfaops.auth0.auth0_mfa_remediation:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    findings: "{{ directory }}/findings.jsonl.gz"
    reviewed:
      - 1f0c7b1fd3a54a3f9f3c1f2a5b6c7d8e
    include: [privileged]
    results_path: "{{ directory }}/acted.jsonl"
"""

RETURN = r"""
results:
  description: What became of each decision. Also returned if the task fails after it has begun.
  returned: always
  type: list
  elements: dict
  contains:
    finding:
      description: "The finding's ID."
      returned: always
      type: str
      sample: 1f0c7b1fd3a54a3f9f3c1f2a5b6c7d8e
    rule:
      description: "The rule that found it."
      returned: always
      type: str
      sample: stale
    tenant:
      description: "The domain of the tenant."
      returned: always
      type: str
      sample: example.eu.auth0.com
    user_id:
      description: "The user's ID."
      returned: always
      type: str
      sample: auth0|640b5a0ed3534be8b2db9dd3
    user:
      description: "The user's e-mail address, name or ID."
      returned: always
      type: str
      sample: user00001@example.com
    authenticator_id:
      description: "The authenticator that the finding is about; V(null) if it is about the user."
      returned: always
      type: str
      sample: phone|dev_kXVq4drj3Mw6uCF5
    action:
      description: "V(remove), V(ticket) or V(rotate)."
      returned: always
      type: str
      sample: remove
    result:
      description: "V(done), V(skipped), V(failed) or V(not-reached). In check mode, V(planned) stands in place of V(done)."
      returned: always
      type: str
      sample: done
    reason:
      description: "Why it was not done; V(null) if it was or is planned."
      returned: always
      type: str
      sample: null
    removed:
      description: "The IDs of the authenticators that are gone, in check mode that would go, linked ones included."
      returned: always
      type: list
      elements: str
      sample: [phone|dev_kXVq4drj3Mw6uCF5]
    path:
      description: "The file with the user's new recovery code; V(null) if none was made."
      returned: always
      type: str
      sample: null
    at:
      description: "When, by the tenant's clock."
      returned: always
      type: str
      sample: '2026-03-01T06:00:00.000Z'
    schema_version:
      description: "The version of this form."
      returned: always
      type: int
      sample: 3
counts:
  description: How many decisions had each result.
  returned: always
  type: dict
  sample: {done: 1, planned: 0, skipped: 0, failed: 0, not-reached: 0}
without_second_factor:
  description:
    - The IDs of the users whom this task leaves without a second factor, in check mode would leave. A last second factor is never removed, so
      somebody else removed another one meanwhile. Users whose identity provider does MFA are not among them.
  returned: always
  type: list
  elements: str
  sample: []
unread:
  description: The IDs of the users from whom something may have been removed and who could not be read afterward. Check them.
  returned: always
  type: list
  elements: str
  sample: []
results_path:
  description: The full path of the file with the results.
  returned: always
  type: str
  sample: /var/lib/mfa-audit/example/acted.jsonl
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
  sample: delete:authentication_methods
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope delete:authentication_methods to the application's grant for this API, then get a new token.
mistakes:
  description: What is wrong with the findings file, each after the ID of the finding that it is about.
  returned: failure because of decisions that cannot be right
  type: list
  elements: str
  sample: ['1f0c7b1fd3a54a3f9f3c1f2a5b6c7d8e: Rule, user or authenticator are not those of the ID']
"""

from collections import Counter

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.operator_side import OperatorSide
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import Auth0Error, ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.writing import Writing
from ansible_collections.mfaops.auth0.plugins.module_utils.code_file import converge_code_file
from ansible_collections.mfaops.auth0.plugins.module_utils.many_users import Progress
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, PROGRESS, Part, Session, run
from ansible_collections.mfaops.auth0.plugins.module_utils.remediation.acting import Done, Remediation
from ansible_collections.mfaops.auth0.plugins.module_utils.remediation.decisions import (
    REMOVE,
    ROTATE,
    TICKET,
    Decision,
    read_decisions,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.remediation.results import ResultsFile, acted_row
from ansible_collections.mfaops.auth0.plugins.module_utils.secret_file import SecretFile, SecretsFolder

LIMITS = {REMOVE: "most_removals", TICKET: "most_tickets", ROTATE: "most_codes"}
# What check mode says in place of done.
PLANNED = "planned"
RESULTS = ("done", PLANNED, "skipped", "failed", "not-reached")


def remediate(session: Session) -> dict:
    params, tenant = session.params, session.connection.domain
    decisions = read_decisions(params["findings"], tenant, params["reviewed"])
    writing = Writing()
    progress = Progress(session)

    with ResultsFile("results_path", params["results_path"], session.check_mode) as results:
        codes = Codes(session)
        remediation = Remediation(
            session.operator,
            send_ticket=tickets(session),
            new_code=codes.converge,
            done_at=lambda decision: results.done_at(decision, session.now()),
            now=session.now,
            check_mode=session.check_mode,
            include=params["include"],
            writing=writing,
        )
        due = [decision for decision in decisions if remediation.held_back(decision) is None]
        check_limits(due, params)
        codes.prepare(decision.user_id for decision in due if decision.action == ROTATE)
        rows = []

        def note(done: Done) -> None:
            row = acted_row(done, tenant, session.now())
            planned = session.check_mode and done.result == "done"
            rows.append({**row, "result": PLANNED} if planned else row)
            results.add(row)

        with writing.until_told():
            outcomes = remediation.act(decisions, note, lambda number, total: progress.tell(number, total, "done"))
        added = {
            "before": "",
            "after": "".join(results.added),
            "before_header": results.path,
            "after_header": "%s, its new lines" % results.path,
        }
    order = {decision.finding: place for place, decision in enumerate(decisions)}
    counts = Counter(row["result"] for row in rows)
    result = {
        "changed": any(each.changed for each in outcomes),
        "results": sorted(rows, key=lambda row: order[row["finding"]]),
        "counts": {name: counts[name] for name in RESULTS},
        "without_second_factor": sorted(remediation.without),
        "unread": sorted(remediation.unread),
        "results_path": results.path,
        "diff": added,
    }
    return verdict(outcomes, result, remediation.unnoted)


def verdict(outcomes: list[Done], result: dict, unnoted: Auth0Error | None) -> dict:
    """The result of the task.

    :raises Auth0Error: something could not be done; it holds the result
    """
    wrong = [each for each in outcomes if each.result == "failed"] or [
        each for each in outcomes if each.result == "not-reached"
    ]
    if unnoted is not None:
        raise unnoted.replace(progress=result)
    if wrong:
        counts = result["counts"]
        raise Auth0Error(
            "%d of %d decisions failed, and %d were not reached. %s: %s"
            % (counts["failed"], len(outcomes), counts["not-reached"], wrong[0].decision.user, wrong[0].reason),
            hint="See results. Run the task again: what was done is not done again.",
            progress=result,
        )
    return result


def check_limits(due: list[Decision], params: dict) -> None:
    """Return if there is not more to do than allowed.

    :raises ConfigurationError: there is
    """
    for action, option in LIMITS.items():
        count = sum(decision.action == action for decision in due)
        if count > params[option]:
            raise ConfigurationError(
                "There are %d decisions to %s, but %s is %d" % (count, WORDS[action], option, params[option]),
                hint="Nothing was changed. Increase %s to carry out all of them." % option,
            )


WORDS = {REMOVE: "remove an authenticator", TICKET: "mail a ticket", ROTATE: "make a recovery code"}


def tickets(session: Session):
    """What mails a ticket to the user of an ID. The ticket's link is nowhere kept."""
    locale = session.params["email_locale"]
    fields = {"send_mail": True, **({"email_locale": locale} if locale is not None else {})}

    def send(user_id: str) -> None:
        GuardianApi(session.operator).create_ticket(user_id, fields)

    return send


class Codes:
    """New recovery codes, each in a file of its own."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._files: dict[str, SecretFile] = {}

    def prepare(self, user_ids) -> None:
        """Make sure that the codes can be kept, before anything is sent.

        :param user_ids: the users who are to get one
        :raises ConfigurationError: they cannot
        """
        users = list(user_ids)
        if not users:
            return
        path, check_mode = self._session.params["codes_folder"], self._session.check_mode
        if path is None:
            raise ConfigurationError(
                "codes_folder is required to make recovery codes", hint="Set it to a directory for the new codes."
            )
        folder = SecretsFolder("codes_folder", path, check_mode)
        self._files = {user_id: folder.file_of(user_id, check_mode) for user_id in users}

    def converge(self, side: OperatorSide) -> str | None:
        """The file with the user's new code; None if no code was needed."""
        session, file = self._session, self._files[side.user_id]
        made = converge_code_file(
            file,
            side,
            "present",
            None,
            session.now,
            session.check_mode,
            tenant=session.connection.domain,
            warn=session.warn,
        )
        return file.path if made.outcome.changed else None


def main() -> None:
    run(
        remediate,
        CONNECTION,
        Part(
            {
                "findings": {"type": "path", "required": True},
                "reviewed": {"type": "list", "elements": "str"},
                "results_path": {"type": "path", "required": True},
                "include": {
                    "type": "list",
                    "elements": "str",
                    "choices": ["privileged", "break-glass", "blocked", "never-logged-in"],
                    "default": [],
                },
                "most_removals": {"type": "int", "default": 25},
                "most_tickets": {"type": "int", "default": 25},
                "most_codes": {"type": "int", "default": 25},
                "email_locale": {"type": "str"},
                "codes_folder": {"type": "path"},
            },
            # Without them, another list of decisions would count, or no limit.
            never_null=("reviewed", "include", "most_removals", "most_tickets", "most_codes", "codes_folder"),
        ),
        PROGRESS,
    )


if __name__ == "__main__":
    main()
