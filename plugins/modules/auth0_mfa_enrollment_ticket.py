#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_mfa_enrollment_ticket
short_description: Let Auth0 users enroll an MFA authenticator with a ticket
version_added: 0.2.0
description:
  - Creates an enrollment ticket, as the operator. Whoever has its link can enroll an authenticator for the user, once and within five
    days.
  - Auth0 mails the link to the user, or the task writes it to a file or returns it, for you to give to the user.
  - Every run creates another ticket, unless O(existing_file=keep). Earlier tickets stay valid until they expire. The request for a ticket
    is never sent twice. If its response is lost, the task fails and says that a ticket may exist.
options:
  send_mail:
    description:
      - Whether Auth0 mails the ticket to the user. The result then has neither its ID nor its link.
      - A user without an e-mail address gets no ticket, unless O(mail_to) is set. For a user whom the task names by ID it reads the address
        first, which is one request more and requires the scope C(read:users). Without the scope the task warns, and goes on.
    type: bool
    default: false
  ticket_file:
    description:
      - Writes the link to this file on the host that the module runs on. Only its owner can read it. The result then has neither the
        ticket's ID nor its link, so nothing secret gets into a log. It has the file's full path.
      - The file must not exist, unless O(existing_file=keep). The link of an earlier ticket is never overwritten, because nobody may have
        received it yet.
      - A relative path starts at the directory that the module runs in. With a local connection that is the playbook's directory, not the
        one in which you start C(ansible-playbook). Use an absolute path.
      - The task checks that it can write the file before it asks Auth0 for a ticket.
    type: path
    version_added: 0.3.0
  tickets_folder:
    description:
      - A directory for the links of O(users) that have no O(users[].ticket_file), with a file for each user, named after the user's ID.
        The task makes the directory if it does not exist, with mode 0700. A user whose file is there already gets no ticket; O(existing_file)
        says whether the user fails.
    type: path
    version_added: 0.3.0
  existing_file:
    description:
      - What the task does for a user whose file of O(ticket_file) or O(tickets_folder) is there already. With V(refuse) the user fails.
      - With V(keep) a file that has the link of an earlier ticket stays as it is. The user gets no other ticket, and is V(unchanged) with
        the file's path in the result. So a task that was cut off can run again for the whole list. A file with anything else in it fails
        the user.
      - The task does not ask Auth0 whether that ticket still works. A ticket works once, and for five days. Move the file away to make
        another one.
    type: str
    choices: [refuse, keep]
    default: refuse
    version_added: 0.3.0
  custom_domain:
    description:
      - The custom domain of the link, such as V(login.example.com), for a tenant that has several. The task sends it to Auth0 in the header
        C(auth0-custom-domain). It must be a verified custom domain of the tenant.
      - Without it Auth0 decides. A tenant with several custom domains may refuse to make a ticket then.
    type: str
    version_added: 0.3.0
  mail_to:
    description: Another address for the mail. Requires O(send_mail).
    type: str
  email_locale:
    description: The mail's language, such as V(de). Requires O(send_mail).
    type: str
  factor:
    description: The only factor that the ticket can enroll. Without it the user chooses. Requires Universal Login.
    type: str
    choices: [otp, phone, push, email, webauthn-roaming, webauthn-platform]
  allow_multiple_enrollments:
    description: Whether a user who already has a factor may enroll another one. Requires Universal Login.
    type: bool
    default: false
  users:
    description:
      - Many users in one task, instead of O(user_id) or O(email). Several users are worked on at once, within the rate limit.
      - Each entry names one user, with O(users[].user_id) or O(users[].email). For what an entry does not set, the options of the task
        count. The links have to be mailed with O(send_mail) or written to files, because what is only in the result would be lost with a
        killed task.
      - The task checks all entries before its first request. If some are wrong, it names all of them, and creates no ticket. If two entries
        turn out to be the same user, neither gets one.
      - A user who fails does not keep the task from the others. At the end the task fails, and RV(users) has the result of each user. If
        the next user would fail as well (credentials, scopes, the rate limit, the network), the task ends, and tells who was not reached.
        SIGINT and SIGTERM end it in the same way, after the users that are at work.
      - If you run the task again, every user in the list gets another ticket. After a failure, run it for those who have none, or write
        the links to files and set O(existing_file=keep).
    type: list
    elements: dict
    version_added: 0.3.0
    suboptions:
      user_id:
        description: The user's ID.
        type: str
      email:
        description: The user's e-mail address, in exactly this spelling. It takes one request more than an ID.
        type: str
      source:
        description: Where the entry comes from, for messages, such as V(users.csv line 3). By default its place in the list.
        type: str
      ticket_file:
        description: As O(ticket_file). Required without O(tickets_folder) and O(send_mail).
        type: path
      mail_to:
        description: As O(mail_to).
        type: str
      email_locale:
        description: As O(email_locale).
        type: str
      factor:
        description: As O(factor).
        type: str
        choices: [otp, phone, push, email, webauthn-roaming, webauthn-platform]
  max_users:
    description: If O(users) are more than this, the task creates no ticket. By default any number.
    type: int
    version_added: 0.3.0
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
  - mfaops.auth0.connection.target
  - mfaops.auth0.connection.progress
attributes:
  check_mode:
    support: partial
    details: Creates no ticket, so the result has neither RV(ticket_id), RV(ticket_url) nor RV(ticket_file). Checks the credentials but not
      the scopes, and checks that the user exists only with O(email), or with O(send_mail) and without O(mail_to).
  diff_mode:
    support: none
    details: There is no earlier state to compare a ticket with.
  idempotent:
    support: partial
    details: Every run creates another ticket, except for users whose file is there already, with O(existing_file=keep).
notes:
  - Without O(send_mail) and O(ticket_file), register the result and set C(no_log=true) on the task, because RV(ticket_url) is a secret
    and is not masked.
  - A ticket cannot enroll a passkey, because a passkey is no factor of Guardian. The user adds one while logging in, or with an application
    that uses Auth0's My Account API.
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_reset
    description: Reset a lost phone.
  - module: mfaops.auth0.auth0_mfa_authenticator
"""

EXAMPLES = r"""
- name: Mail a ticket to the user
  mfaops.auth0.auth0_mfa_enrollment_ticket:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00001@example.com
    send_mail: true

- name: Make a ticket for a security key, to hand over
  mfaops.auth0.auth0_mfa_enrollment_ticket:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00003@example.com
    factor: webauthn-roaming
    allow_multiple_enrollments: true
  register: ticket
  no_log: true

- name: Write the link to a file, on the domain that the user knows
  mfaops.auth0.auth0_mfa_enrollment_ticket:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    email: user00003@example.com
    ticket_file: "{{ directory }}/user00003.ticket"
    custom_domain: login.example.com

- name: Write the links of many users to files, in as many runs as it takes
  mfaops.auth0.auth0_mfa_enrollment_ticket:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    tickets_folder: "{{ directory }}/tickets"
    existing_file: keep
    users:
      - email: user00001@example.com
      - email: user00016@example.com

- name: Mail a ticket to many users
  mfaops.auth0.auth0_mfa_enrollment_ticket:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    send_mail: true
    users:
      - email: user00001@example.com
      - email: user00016@example.com
        email_locale: de
"""

RETURN = r"""
user_id:
  description: The user's ID.
  returned: success
  type: str
  sample: auth0|640b5a0ed3534be8b2db9dd3
ticket_id:
  description: The ticket's ID.
  returned: without O(send_mail), O(ticket_file) and O(users), not in check mode
  type: str
  sample: jip3H2Q20fiUyQCcMmS0gBAinoBe4rOV
ticket_url:
  description: The link with which the user enrolls.
  returned: without O(send_mail), O(ticket_file) and O(users), not in check mode
  type: str
  sample: https://example.eu.auth0.com/mfa/enrollment?ticket=jip3H2Q20fiUyQCcMmS0gBAinoBe4rOV
ticket_file:
  description: The full path of the file with the link.
  returned: with O(ticket_file), not in check mode unless the file is kept
  type: str
  sample: /secure/user00003.ticket
  version_added: 0.3.0
users:
  description: One entry for each user of O(users), in their order.
  returned: with O(users), unless the task failed before its first request
  type: list
  elements: dict
  contains:
    user_id:
      description: The user's ID; V(null) if the user was not found.
      type: str
      sample: auth0|640b5a0ed3534be8b2db9dd3
    email:
      description: The address that the entry has; V(null) if it has a user ID.
      type: str
      sample: user00001@example.com
    result:
      description:
        - V(changed) or V(unchanged) (in check mode, what it would be), V(failed), or V(not_reached) if the task ended before it touched
          the user.
      type: str
      sample: changed
    changed:
      description: Whether something was changed, or may have been.
      type: bool
      sample: true
    failed:
      description: Whether the user failed or was not reached.
      type: bool
      sample: false
    msg:
      description: Why the user failed or was not reached; V(null) otherwise.
      type: str
      sample: null
    error:
      description: The same as data; V(null) if there is no error.
      type: dict
      sample: null
      contains:
        msg:
          description: The error.
          type: str
          sample: 'Could not create an enrollment ticket for auth0|1: The user does not exist. (status 404, inexistent_user).'
        status:
          description: The HTTP status of Auth0's response.
          returned: if there was a response
          type: int
          sample: 404
        error_code:
          description: Auth0's word for the error.
          returned: if Auth0 gave one
          type: str
          sample: inexistent_user
        request_id:
          description: The ID by which Auth0's support finds the request.
          returned: if the response had one
          type: str
          sample: 8a0bb6a5e7c1f3d2
        required_scope:
          description: The scope that the token lacks.
          returned: if a scope is missing
          type: str
          sample: create:guardian_enrollment_tickets
        hint:
          description: What to do about it.
          returned: if there is something
          type: str
          sample: Check user_id, and that auth0_domain is the tenant this user belongs to.
    warnings:
      description: What to know about this user beside the result.
      type: list
      elements: str
      sample: []
    ticket_file:
      description: The full path of the file with the user's link; V(null) if there is none.
      type: str
      sample: /secure/tickets/auth0-640b5a0ed3534be8b2db9dd3-1f0c7b1f
  version_added: 0.3.0
counts:
  description: How many users have each RV(users[].result).
  returned: with RV(users)
  type: dict
  sample: {changed: 998, unchanged: 1, failed: 1, not_reached: 0}
  version_added: 0.3.0
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
  sample: create:guardian_enrollment_tickets
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope create:guardian_enrollment_tickets to the application's grant for this API, then get a new token.
mistakes:
  description: Everything that is wrong with O(users), each with its place. Nothing was sent.
  returned: failure because of O(users)
  type: list
  elements: str
  sample: ["users.csv line 3: email 'user' is not an e-mail address"]
  version_added: 0.3.0
"""

import os
import re
from contextlib import nullcontext
from typing import Any, Callable, Mapping
from urllib.parse import urlsplit

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.checks import check_host_name
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import FACTORS, names
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.operator_side import OperatorSide
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    ConfigurationError,
    InsufficientScopeError,
    RefusedError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.entries import many_users
from ansible_collections.mfaops.auth0.plugins.module_utils.module import (
    CONNECTION,
    PROGRESS,
    TARGET,
    Part,
    Session,
    run,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.secret_file import SecretFile, SecretsFolder

# What this module writes to a file.
LINK = re.compile(rb"https?://[!-~]+[?&]ticket=[!-~]+\n")
LONGEST_LINK = 65536

# A user whose ticket failed has none. Whoever has one would get another.
AGAIN = "Run the task again for those users only, because each user in the list gets another ticket."


def task(session: Session) -> dict:
    if session.params["custom_domain"] is not None:
        check_host_name("custom_domain", session.params["custom_domain"])
    return make_ticket(session) if session.params["users"] is None else make_tickets(session)


def make_ticket(session: Session) -> dict:
    params = session.params
    check_way(params, params["ticket_file"])
    path = params["ticket_file"]
    if is_kept(params, path):
        return {"user_id": session.operator_side().user_id, **kept(path)}
    file = SecretFile("ticket_file", path, session.check_mode, replace=False) if path is not None else None
    side = session.operator_side()
    return {"user_id": side.user_id, **create(session, side, params, file, session.check_mode, session.warn)}


def make_tickets(session: Session) -> dict:
    """The same for many users. No link is in the result."""
    # Modules are compiled anew for every task, so what only many users need is loaded for them.
    from ansible_collections.mfaops.auth0.plugins.module_utils.many_users import ManyUsers

    params = session.params
    folder_path, paths = params["tickets_folder"], set()
    check_way(params, folder_path)

    def prepare(options: Mapping[str, Any]):
        path = options["ticket_file"]
        check_way(options, path)
        if path is not None:
            if not is_kept(params, path):
                SecretFile("ticket_file", path, session.check_mode, replace=False)
            full = os.path.abspath(path)
            if full in paths:
                raise ConfigurationError("ticket_file %s is another user's as well" % full)
            paths.add(full)
        elif folder_path is None and not options["send_mail"]:
            raise ConfigurationError("ticket_file is required, unless tickets_folder or send_mail is set")

        def act(side, *, check_mode: bool, warn) -> dict:
            place = path or (folder.path_of(side.user_id) if folder_path is not None else None)
            if is_kept(params, place):
                return kept(place)
            file = None
            if path is not None:
                file = SecretFile("ticket_file", path, check_mode, replace=False)
            elif folder_path is not None:
                file = folder.file_of(side.user_id, check_mode)
            return create(session, side, options, file, check_mode, warn)

        return act

    blank = {"ticket_file": None}
    users = ManyUsers(session, OF_EACH_USER, ("ticket_file",), prepare, blank, params["max_users"], AGAIN)
    if folder_path is not None:
        folder = SecretsFolder("tickets_folder", folder_path, session.check_mode, replace=False)
    return users.run()


def is_kept(params: Mapping[str, Any], path: str | None) -> bool:
    """Whether the file stays as it is, because it has the link of an earlier ticket."""
    if params["existing_file"] != "keep" or path is None or not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return LINK.fullmatch(file.read(LONGEST_LINK)) is not None
    except OSError:
        # What is wrong with it is told when it is to be written.
        return False


def kept(path: str) -> dict:
    """The result of a user who has a link already."""
    return {"changed": False, "ticket_file": os.path.abspath(path)}


def check_way(options: Mapping[str, Any], place: str | None) -> None:
    """Return if the options of a user say one way for the link.

    :param place: where the link is to be written
    :raises ConfigurationError: they do not
    """
    if not options["send_mail"] and (options["mail_to"] or options["email_locale"]):
        raise ConfigurationError(
            "mail_to and email_locale require send_mail", hint="Set send_mail to true, or remove them."
        )
    if options["send_mail"] and place is not None:
        raise ConfigurationError(
            "With send_mail, the link is written to no file", hint="Set send_mail to false, or remove the path."
        )


def create(
    session: Session,
    side: OperatorSide,
    options: Mapping[str, Any],
    file: SecretFile | None,
    check_mode: bool,
    warn: Callable[[str], None],
) -> dict:
    """A new ticket for one user: its part of the result.

    :param options: of this user
    :param file: for the link, outside its ``with`` block; with None it is in the result, unless it is mailed
    """
    user_id = side.user_id
    if options["send_mail"] and not options["mail_to"]:
        require_address(side, warn)
    if check_mode:
        session.operator.authenticate()
        if file is not None and file.notice:
            warn(file.notice)
        return {"changed": True}
    fields = {
        "email": options["mail_to"],
        "send_mail": options["send_mail"],
        "email_locale": options["email_locale"],
        "factor": FACTORS[options["factor"]].ticket_name if options["factor"] else None,
        "allow_multiple_enrollments": options["allow_multiple_enrollments"] or None,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    domain = options["custom_domain"] and options["custom_domain"].lower()
    with file or nullcontext():
        ticket_id, ticket_url = GuardianApi(session.operator).create_ticket(user_id, given, domain)
        if file is not None:
            file.write(ticket_url.encode() + b"\n")
    host = urlsplit(ticket_url).hostname or ""
    if domain is not None and host != domain:
        warn("The ticket's link leads to %s, not to custom_domain %s" % (host, domain))
    if file is not None:
        return {"changed": True, "ticket_file": file.path}
    if options["send_mail"]:
        return {"changed": True}
    return {"changed": True, "ticket_id": ticket_id, "ticket_url": ticket_url}


def require_address(side: OperatorSide, warn: Callable[[str], None]) -> None:
    """:raises RefusedError: the user has no e-mail address, so that a mailed ticket would reach nobody"""
    try:
        address = side.address()
    except InsufficientScopeError:
        warn("Without the scope read:users the task cannot check that %s has an e-mail address" % side.user_id)
        return
    if not address:
        raise RefusedError(
            "The user %s has no e-mail address that a ticket could be mailed to" % side.user_id,
            hint="Set mail_to to an address. Or set send_mail to false, and write the link to a file with ticket_file or tickets_folder.",
        )


OF_EACH_USER = {
    "ticket_file": {"type": "path"},
    "mail_to": {"type": "str"},
    "email_locale": {"type": "str"},
    "factor": {"type": "str", "choices": names(lambda row: row.ticket_name)},
}


def main() -> None:
    run(
        task,
        CONNECTION,
        TARGET,
        Part(
            {
                **OF_EACH_USER,
                "send_mail": {"type": "bool", "default": False},
                "tickets_folder": {"type": "path"},
                "existing_file": {"type": "str", "choices": ["refuse", "keep"], "default": "refuse"},
                "custom_domain": {"type": "str"},
                "allow_multiple_enrollments": {"type": "bool", "default": False},
            },
            required_by={"tickets_folder": ("users",)},
            # Without a file, the link would be in the result.
            never_null=("ticket_file", "tickets_folder"),
        ),
        many_users(OF_EACH_USER, ("ticket_file",)),
        PROGRESS,
    )


if __name__ == "__main__":
    main()
