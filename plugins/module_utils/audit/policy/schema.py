# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of a policy file as a JSON Schema, for editors and for us. Its descriptions are what an editor shows."""

from __future__ import annotations

from typing import Iterable

from ...yaml_file import form
from ...yaml_file.form import Schema, list_of, mapping, one_of, text
from ..records import SEVERITIES
from .model import LONGEST_DAYS, SECOND_FACTORS
from .profiles import PROFILES

# Names with dots between them.
PATH = r"^[^.\s]([^\s]*[^.\s])?$"
# Version of the form of the file.
VERSION = 1
ADDRESS = "https://raw.githubusercontent.com/mfaops/auth0/main/docs/schemas/policy.schema.json"


def schema(rules: Iterable[str]) -> Schema:
    """The JSON Schema (draft 2020-12).

    :param rules: IDs of the rules
    """
    rule_ids = sorted(rules)
    return form.document(
        ADDRESS,
        "Policy of an MFA audit (mfaops.auth0)",
        "Who is meant, and what is worth a finding.",
        VERSION,
        name=text("What the reports call the policy. By default the name of the profile."),
        profile=one_of(PROFILES, "What counts for everything that this file does not say. By default default."),
        thresholds=mapping(
            "When something becomes a finding, by rule.",
            **{
                "stale": _threshold("A confirmed authenticator was not used for so long.", warns=True),
                "never-used": _threshold("An authenticator was enrolled so long ago and never used.", warns=True),
                "unconfirmed": _threshold("An authenticator was created so long ago and is not confirmed."),
                "dormant-user": _threshold("A user did not log in for so long.", warns=True),
                "not-challenged": _threshold(
                    "The last login is more than so many days after the last use of a factor. Remembered browsers live "
                    "for 30 days."
                ),
                "too-many": mapping(
                    "A user has too many second factors.",
                    authenticators={
                        "description": "More than so many are too many.",
                        "type": "integer",
                        "minimum": 1,
                        "maximum": 100,
                    },
                ),
            },
        ),
        weak_factors=list_of(
            one_of(sorted(SECOND_FACTORS), "A factor."), "A user with none but these is weak-only.", empty=True
        ),
        severities={
            "description": "Severity of the findings of a rule, in place of the rule's own.",
            "type": "object",
            "properties": {rule: one_of(SEVERITIES, "Severity of %s." % rule) for rule in rule_ids},
            "additionalProperties": False,
        },
        off=list_of(one_of(rule_ids, "ID of a rule."), "Rules that find nothing.", empty=True),
        grace_days={
            "description": "For so many days a new account need not have a second factor.",
            "type": "integer",
            "minimum": 0,
            "maximum": LONGEST_DAYS,
        },
        connections=list_of(
            mapping(
                "Who does MFA for the users of some connections.",
                required=["name", "mfa"],
                name=text("Name of a connection, or a pattern with * and ?."),
                mfa=one_of(
                    ("auth0", "idp", "none"),
                    "auth0: Auth0 asks for the second factor; idp: the identity provider does; none: the users are out of "
                    "scope.",
                ),
            ),
            "The first that fits a connection counts. By default Auth0 does MFA for databases and passwordless connections, "
            "and the identity provider for social and enterprise connections. Of a user with several connections the "
            "strictest counts.",
            empty=True,
        ),
        blocked=_place("Blocked users."),
        never_logged_in=_place("Users who never logged in."),
        exclude=_people("Users who are out of scope."),
        privileged=_people("Users whose findings are one step more severe, and who come first."),
        break_glass=_people(
            "Users of last resort: they must have a phishing-resistant factor, and are never stale or dormant."
        ),
        exemptions=list_of(
            mapping(
                "Findings to live with for a time. They stay in every report, marked, and do not count for fail_on.",
                required=["users", "reason", "owner", "expires"],
                rule=one_of(rule_ids, "ID of the rule. By default every rule."),
                users=_people("The users."),
                reason=text("Why."),
                owner=text("Who answers for it."),
                expires={
                    "description": "The last day on which it holds, at most a year away, such as 2027-01-31.",
                    "type": "string",
                    "format": "date",
                },
            ),
            "Findings to live with for a time.",
            empty=True,
        ),
    )


def published(rules: Iterable[str]) -> str:
    """The schema as it is published, for ``docs/schemas/policy.schema.json``."""
    return form.published(schema(rules))


def _place(who: str) -> Schema:
    return one_of(
        ("in", "out", "aside"),
        "%s in: as everybody; out: out of scope; aside: in a section of their own, where nothing counts for fail_on. By "
        "default aside." % who,
    )


def _threshold(description: str, *, warns: bool = False) -> Schema:
    days = {"type": "integer", "minimum": 1, "maximum": LONGEST_DAYS}
    properties = {"days": {"description": "From this age on it is a finding.", **days}}
    if warns:
        properties["warning_days"] = {
            "description": "From this age on it is a warning; before days. null for no warnings.",
            **days,
            "type": ["integer", "null"],
        }
    return mapping(description, **properties)


def _people(description: str) -> Schema:
    return mapping(
        description + " Whoever one of these fits.",
        user_ids=list_of(text("A user ID, or a pattern with * and ?, such as auth0|*."), "User IDs."),
        user_ids_file=text("A file with user IDs, one a line. A relative path begins at the policy file."),
        emails=list_of(text("An e-mail address in any case, or a pattern with * and ?."), "E-mail addresses."),
        app_metadata=list_of(
            mapping(
                "A value in app_metadata.",
                required=["path", "value"],
                path={
                    **text("Names of members with dots between them, such as staff.role."),
                    "pattern": PATH,
                    "maxLength": 100,
                },
                value={
                    "description": "What stands there, or is in the list that stands there.",
                    "type": ["string", "integer", "boolean"],
                },
            ),
            "Values that the profile has.",
        ),
    )
