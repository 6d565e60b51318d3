#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_mfa_authenticator_info
short_description: List the MFA authenticators of one or many Auth0 users
version_added: 0.1.0
description:
  - Lists the authenticators of one user, as the user or as the operator. As the operator, also of thousands of users in one task.
  - The MFA API (as the user) also lists unconfirmed enrollments. It shows a phone as two rows, C(sms|dev_X) and C(voice|dev_X).
  - The Management API (as the operator) shows a phone once, with the dates of enrollment and last use. It does not list unconfirmed
    enrollments, as far as is known.
  - The module reads many users side by side, up to 32 at once, with one request each. How many requests it sends each second is up to
    the tenant's rate limit and O(rate_limit_share).
  - If a user cannot be read, that user's entry in the result has the reason. If the next user would fail as well (credentials,
    scopes, the rate limit, the network), the task fails, and the result still has what was read. One user whom Auth0 refuses to show
    (401 or 403) fails alone. The task fails when it is refused everybody, or 32 users in a row.
options:
  user_ids:
    description: User IDs. Only as the operator.
    type: list
    elements: str
    version_added: 0.2.0
  emails:
    description:
      - E-mail addresses of users, in exactly this spelling. Each takes one request more than an ID. Only as the operator.
      - If more than one user has an address, its entry has an error that lists them.
    type: list
    elements: str
    version_added: 0.2.0
  query:
    description:
      - A search for users, in the syntax of Auth0's user search v3, such as V(email.domain:"example.com"). V(*) matches every user. Only
        as the operator.
      - The module reads all matches, not only the first 1000 that Auth0 returns page by page. The search may not find the newest
        changes yet, and it cannot look for MFA.
    type: str
    version_added: 0.2.0
  summary:
    description:
      - Whether RV(users[].summary) has each user in one row, whatever the filters leave of the user's authenticators. Only as the operator.
      - For a user of O(query) or O(emails) this takes no further request. For another user it takes one more.
    type: bool
    default: false
    version_added: 0.3.0
  factor:
    description: Lists only authenticators of this factor.
    type: str
    choices: [otp, phone, sms, voice, push, email, recovery-code, webauthn-roaming, webauthn-platform, passkey, duo]
  include_unconfirmed:
    description: Whether to list unconfirmed enrollments as well. Users cannot pass MFA with them.
    type: bool
    default: false
  confirmed:
    description: V(true) lists only confirmed authenticators, V(false) only unconfirmed ones. Overrides O(include_unconfirmed).
    type: bool
    version_added: 0.2.0
  created_before:
    description:
      - Lists only authenticators created before this time. An ISO 8601 date or time (UTC if it has no offset), or an age such as
        V(90d), with the unit V(s), V(m), V(h), V(d) or V(w). Only as the operator.
    type: str
    version_added: 0.2.0
  created_after:
    description: Lists only authenticators created at this time or later, written like O(created_before). Only as the operator.
    type: str
    version_added: 0.2.0
  last_used_before:
    description:
      - Lists only authenticators not used since this time, written like O(created_before). For an authenticator that was never used,
        the time of its enrollment counts, or else of its creation. Only as the operator.
    type: str
    version_added: 0.2.0
  last_used_after:
    description: Lists only authenticators used at this time or later, written like O(created_before). Only as the operator.
    type: str
    version_added: 0.2.0
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
  - mfaops.auth0.connection.target
  - mfaops.auth0.connection.user
  - mfaops.auth0.connection.progress
attributes:
  check_mode:
    support: full
    details: Never changes anything.
  diff_mode:
    support: none
    details: Never changes anything.
  idempotent:
    support: full
    details: Never changes anything.
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_see
    description: See who has what.
  - module: mfaops.auth0.auth0_mfa_authenticator
"""

EXAMPLES = r"""
- name: List a user's authenticators as the operator
  mfaops.auth0.auth0_mfa_authenticator_info:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ lookup('ansible.builtin.env', 'AUTH0_CLIENT_ID') }}"
    client_secret: "{{ lookup('ansible.builtin.env', 'AUTH0_CLIENT_SECRET') }}"
    email: user00003@example.com
  register: found

- name: List a user's phones with the user's own token, unconfirmed ones too
  mfaops.auth0.auth0_mfa_authenticator_info:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ app_client_id }}"
    client_secret: "{{ app_client_secret }}"
    mfa_token: "{{ user_token }}"
    factor: phone
    include_unconfirmed: true

- name: Find what the users of one domain have not used for half a year, in one task
  mfaops.auth0.auth0_mfa_authenticator_info:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    query: email.domain:"example.com"
    last_used_before: 180d
  register: unused

- name: Read every user, each in one row
  mfaops.auth0.auth0_mfa_authenticator_info:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    query: "*"
    summary: true
  register: everybody

- name: Write the rows to a CSV file, in which no text can be a formula
  ansible.builtin.copy:
    dest: "{{ directory }}/users.csv"
    mode: "0600"
    content: |
      {{ columns | join(',') }}
      {% for row in everybody.users | map(attribute='summary') %}
      {% for column in columns %}"{{ (row[column] if row[column] is string or row[column] is boolean else row[column] | default([], true) | join(' '))
      | string | regex_replace('^([=+@-])', "'\\1") | replace('"', '""') }}"{{ '' if loop.last else ',' }}{% endfor %}

      {% endfor %}
  vars:
    columns: [user_id, email, name, connection, blocked, last_login, second_factor, protection, factors, recovery_code, last_used_at, error]
"""

RETURN = r"""
user_id:
  description: The user's ID; V(null) as the user.
  returned: if the task names one user, with O(user_id), O(email) or a token
  type: str
  sample: auth0|640b5a0ed3534be8b2db9dd3
users:
  description:
    - One entry for each user, in the order of the options, each user once. After a failure it has the users that were read before, and
      those of O(user_ids) or O(emails) that were not reached, whose RV(users[].error) says so. A O(query) stops at the failure.
  returned: always, unless the task failed before the first user
  type: list
  elements: dict
  contains:
    user_id:
      description: The user's ID; V(null) as the user, and for an e-mail address that not exactly one user has.
      type: str
      sample: auth0|640b5a0ed3534be8b2db9dd3
    email:
      description: The e-mail address from O(email) or O(emails), or the one that the search found; V(null) otherwise.
      type: str
      sample: user00003@example.com
    authenticators:
      description: As RV(authenticators); V(null) if the user could not be read.
      type: list
      elements: dict
      sample: []
    error:
      description: Why the user could not be read; V(null) if the user was.
      type: dict
      sample: null
      contains:
        msg:
          description: The error.
          type: str
          sample: 'Could not list the authenticators of auth0|1: The user does not exist. (status 404, inexistent_user).'
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
          sample: read:authentication_methods
        hint:
          description: What to do about it.
          returned: if there is something
          type: str
          sample: Check user_id, and that auth0_domain is the tenant this user belongs to.
    summary:
      description: The user in one row, for example for a CSV file.
      returned: with O(summary=true)
      type: dict
      version_added: 0.3.0
      contains:
        user_id:
          description: The user's ID.
          type: str
          sample: auth0|640b5a0ed3534be8b2db9dd3
        email:
          description: The user's e-mail address.
          type: str
          sample: user00003@example.com
        name:
          description: The user's name.
          type: str
          sample: Jane Doe
        connection:
          description: The connection of the user's first identity, which is the primary one.
          type: str
          sample: Username-Password-Authentication
        identities:
          description: All identities, each with C(connection), C(provider) and C(is_social).
          type: list
          elements: dict
          sample: [{connection: Username-Password-Authentication, provider: auth0, is_social: false}]
        blocked:
          description: Whether the user is blocked.
          type: bool
          sample: false
        created_at:
          description: When the user was created, ISO 8601.
          type: str
          sample: '2023-03-10T16:25:51.113Z'
        last_login:
          description: When the user last logged in, ISO 8601; V(null) if never.
          type: str
          sample: '2023-06-01T08:00:00.000Z'
        second_factor:
          description: Whether the user can pass MFA. V(null) if the user could not be read.
          type: bool
          sample: true
        protection:
          description:
            - How well the user is protected, in the words of the audit (M(mfaops.auth0.auth0_mfa_audit)) without a policy file. V(strong),
              V(weak) (only e-mail or phone), V(none), V(elsewhere) (the identity provider does MFA), or V(unknown).
            - Factors that the tenant has switched off count as well. The audit leaves them out.
          type: str
          sample: strong
        factors:
          description: The factors of the user's second factors.
          type: list
          elements: str
          sample: [otp, phone]
        recovery_code:
          description: Whether the user has a recovery code. V(null) if the user could not be read.
          type: bool
          sample: true
        last_used_at:
          description: When the user last used an authenticator or the recovery code, ISO 8601; V(null) if Auth0 does not say.
          type: str
          sample: '2023-06-01T08:00:00.000Z'
        unreadable:
          description: Members of the profile that Auth0 gave in a form that cannot be read. They are V(null) here.
          type: list
          elements: str
          sample: []
        error:
          description: Why the user could not be read; V(null) if the user was. Then nothing of the authenticators is known.
          type: str
          sample: null
unread:
  description: How many users could not be read.
  returned: with RV(users)
  type: int
  sample: 0
authenticators:
  description: The user's authenticators, ordered by ID. Empty if the user has none.
  returned: if the task names one user, with O(user_id), O(email) or a token
  type: list
  elements: dict
  contains:
    id:
      description: The ID, as this API writes it.
      type: str
      sample: phone|dev_kXVq4drj3Mw6uCF5
    factor:
      description: The factor, as in O(factor). Entries that are not a factor have Auth0's own word, such as V(password).
      type: str
      sample: phone
    view:
      description: Which API the row comes from, V(mfa) (as the user) or V(management) (as the operator).
      type: str
      sample: management
    confirmed:
      description: Whether the enrollment was confirmed. The user cannot pass MFA with an unconfirmed one.
      type: bool
      sample: true
    second_factor:
      description:
        - Whether the user can pass MFA with it. It is confirmed, and not a recovery code. A passkey is a second factor, because logging
          in with it is MFA by itself. As the user, passkeys are not listed.
        - As the user, an e-mail address is V(false), because the MFA API also lists addresses that nobody enrolled.
      type: bool
      sample: true
    channels:
      description: How Auth0 can contact it.
      type: list
      elements: str
      sample: [sms, voice]
    name:
      description: The label. Only as the operator.
      type: str
      sample: work phone
    phone_number:
      description: The number, masked by Auth0.
      type: str
      sample: XXXXXXXXXXX5044
    email:
      description: The e-mail address, masked by Auth0.
      type: str
      sample: chuc****@exam*******
    created_at:
      description: When it was created, ISO 8601. Only as the operator.
      type: str
      sample: '2023-03-10T16:25:51.113Z'
    enrolled_at:
      description: When it was confirmed, ISO 8601. Only as the operator; V(null) if Auth0 does not say.
      type: str
      sample: '2023-03-10T16:26:40.020Z'
    last_auth_at:
      description:
        - When it was last used, ISO 8601. Only as the operator; V(null) if Auth0 does not say. Auth0 also sets it at the confirmation.
      type: str
      sample: '2023-06-01T08:00:00.000Z'
    preferred_method:
      description: How Auth0 contacts a phone first, V(sms) or V(voice). Only as the operator; V(null) if Auth0 does not say.
      type: str
      sample: sms
    key_id:
      description: The ID of a WebAuthn credential or passkey. Only as the operator.
      type: str
      sample: null
    twin_ids:
      description: The IDs of its linked authenticators, which Auth0 removes together with it, if this API shows the link.
      type: list
      elements: str
      sample: []
    deletable:
      description: Whether it can be removed.
      type: bool
      sample: true
    not_deletable_because:
      description: Why it cannot be removed; V(null) if it can.
      type: str
      sample: null
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
"""

from dataclasses import replace
from functools import partial
from typing import Callable

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import words
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.row_filter import RowFilter
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.user_read import UserRead
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.module import (
    CONNECTION,
    PROGRESS,
    TARGET,
    USER,
    Part,
    Session,
    run,
)

MANY_USERS = Part(
    {
        "user_ids": {"type": "list", "elements": "str"},
        "emails": {"type": "list", "elements": "str"},
        "query": {"type": "str"},
    },
    # IDs go with addresses; nothing else goes with either.
    mutually_exclusive=(
        ("user_ids", "query", "user_id", "email"),
        ("emails", "query", "user_id", "email"),
        ("user_ids", "query", "mfa_token", "username"),
        ("emails", "query", "mfa_token", "username"),
    ),
)
SUMMARY = Part({"summary": {"type": "bool", "default": False}})
FILTER = Part(
    {
        "factor": {"type": "str", "choices": words()},
        "include_unconfirmed": {"type": "bool", "default": False},
        "confirmed": {"type": "bool"},
        "created_before": {"type": "str"},
        "created_after": {"type": "str"},
        "last_used_before": {"type": "str"},
        "last_used_after": {"type": "str"},
    }
)


def row_filter(session: Session) -> RowFilter:
    """What the task asks for, with ages counted back from the tenant's time as far as its answers told it."""
    return RowFilter.from_options(session.params, session.now())


def list_authenticators(session: Session) -> dict:
    # A date that cannot be read is told before the first request.
    needs_dates = row_filter(session).needs_dates
    if any(session.params[name] is not None for name in MANY_USERS.options):
        return list_many(session)
    if session.acts_as_user and needs_dates:
        raise ConfigurationError(
            "The MFA API shows no dates, so it cannot filter by date",
            hint="Act as the operator, or remove the filters by date.",
        )
    summary = summaries(session)
    side = session.side()
    read = UserRead(side.user_id, session.params["email"], tuple(side.authenticators()))
    user = read.entry(row_filter(session))
    if summary is not None:
        profile = session.operator.user(side.user_id, FIELDS)
        user = {**user, "summary": summary(replace(read, profile=profile))}
    return {
        "changed": False,
        "user_id": user["user_id"],
        "users": [user],
        "unread": 0,
        "authenticators": user["authenticators"],
    }


def summaries(session: Session) -> Callable[[UserRead], dict] | None:
    """What makes the one row of a user; None if nobody asks for it.

    :raises ConfigurationError: nobody can know it
    """
    if not session.params["summary"]:
        return None
    if session.acts_as_user:
        raise ConfigurationError(
            "The MFA API does not show the user's profile, so there is no summary",
            hint="Act as the operator, or remove summary.",
        )
    # Modules are compiled anew for every task, so what only a summary needs is loaded for one.
    from ansible_collections.mfaops.auth0.plugins.module_utils.audit.one_row import Rows

    rows = Rows()
    return lambda read: rows.of(read, session.now())


# What a summary has of a profile.
FIELDS = ("user_id", "email", "name", "created_at", "last_login", "blocked", "identities")


def list_many(session: Session) -> dict:
    # Likewise, what only many users need.
    from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.reading import (
        Reading,
        progress_line,
        read_all,
    )
    from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.users.side_by_side import AT_ONCE
    from ansible_collections.mfaops.auth0.plugins.module_utils.progress_file import ProgressFile

    params, summary = session.params, summaries(session)
    reading = Reading.from_options(session.operator, params, AT_ONCE, FIELDS if summary else ())
    progress = ProgressFile("progress_path", params["progress_path"], session.warn, session.check_mode)

    def report(done: int, unread: int) -> None:
        progress.add(progress_line(done, reading.total, unread, session.budget.waited))

    result = read_all(reading, partial(row_filter, session), params["progress_every"], report, summary)
    if result["unread"]:
        session.warn(
            "%d of %d users could not be read. See error of each entry in users."
            % (result["unread"], len(result["users"]))
        )
    return result


def main() -> None:
    run(list_authenticators, CONNECTION, TARGET, USER, MANY_USERS, SUMMARY, FILTER, PROGRESS)


if __name__ == "__main__":
    main()
