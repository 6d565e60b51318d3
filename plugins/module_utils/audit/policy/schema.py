# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of a policy file as a JSON Schema, for editors and for us. Its descriptions are what an editor shows."""

from __future__ import annotations

import json
from typing import Any, Iterable

from ..records import SEVERITIES
from .model import LONGEST_DAYS, SECOND_FACTORS
from .profiles import PROFILES

# Version of the form of the file.
VERSION = 1
ADDRESS = "https://raw.githubusercontent.com/mfaops/auth0/main/docs/schemas/policy.schema.json"
LONGEST_LIST = 10_000
# No blank at either end.
_TRIMMED = r"^\S(.*\S)?$"

Schema = dict[str, Any]


def schema(rules: Iterable[str]) -> Schema:
    """The JSON Schema (draft 2020-12).

    :param rules: IDs of the rules
    """
    rule_ids = sorted(rules)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ADDRESS,
        "title": "Policy of an MFA audit (mfaops.auth0)",
        **_mapping(
            "Who is meant, and what is worth a finding.",
            required=["version"],
            version={"description": "Version of this form.", "type": "integer", "enum": [VERSION]},
            name=_text("What the reports call the policy. By default the name of the profile."),
            profile=_one_of(PROFILES, "What counts for everything that this file does not say. By default default."),
            thresholds=_mapping(
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
                    "too-many": _mapping(
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
            weak_factors=_list(
                _one_of(sorted(SECOND_FACTORS), "A factor."), "A user with none but these is weak-only.", empty=True
            ),
            severities={
                "description": "Severity of the findings of a rule, in place of the rule's own.",
                "type": "object",
                "properties": {rule: _one_of(SEVERITIES, "Severity of %s." % rule) for rule in rule_ids},
                "additionalProperties": False,
            },
            off=_list(_one_of(rule_ids, "ID of a rule."), "Rules that find nothing.", empty=True),
            grace_days={
                "description": "For so many days a new account need not have a second factor.",
                "type": "integer",
                "minimum": 0,
                "maximum": LONGEST_DAYS,
            },
            connections=_list(
                _mapping(
                    "Who does MFA for the users of some connections.",
                    required=["name", "mfa"],
                    name=_text("Name of a connection, or a pattern with * and ?."),
                    mfa=_one_of(
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
            exemptions=_list(
                _mapping(
                    "Findings to live with for a time. They stay in every report, marked, and do not count for fail_on.",
                    required=["users", "reason", "owner", "expires"],
                    rule=_one_of(rule_ids, "ID of the rule. By default every rule."),
                    users=_people("The users."),
                    reason=_text("Why."),
                    owner=_text("Who answers for it."),
                    expires={
                        "description": "The last day on which it holds, at most a year away, such as 2027-01-31.",
                        "type": "string",
                        "format": "date",
                    },
                ),
                "Findings to live with for a time.",
                empty=True,
            ),
        ),
    }


def published(rules: Iterable[str]) -> str:
    """The schema as it is published, for ``docs/schemas/policy.schema.json``."""
    return json.dumps(schema(rules), indent=2, ensure_ascii=False) + "\n"


def _mapping(description: str, *, required: Iterable[str] = (), **properties: Schema) -> Schema:
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **({"required": list(required)} if required else {"minProperties": 1}),
    }


def _list(items: Schema, description: str, *, empty: bool = False) -> Schema:
    return {
        "description": description,
        "type": "array",
        "items": items,
        "maxItems": LONGEST_LIST,
        **({} if empty else {"minItems": 1}),
    }


def _text(description: str) -> Schema:
    return {"description": description, "type": "string", "pattern": _TRIMMED, "maxLength": 1000}


def _one_of(values: Iterable[str], description: str) -> Schema:
    return {"description": description, "type": "string", "enum": list(values)}


def _place(who: str) -> Schema:
    return _one_of(
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
    return _mapping(description, **properties)


def _people(description: str) -> Schema:
    return _mapping(
        description + " Whoever one of these fits.",
        user_ids=_list(_text("A user ID, or a pattern with * and ?, such as auth0|*."), "User IDs."),
        user_ids_file=_text("A file with user IDs, one a line. A relative path begins at the policy file."),
        emails=_list(_text("An e-mail address in any case, or a pattern with * and ?."), "E-mail addresses."),
        app_metadata=_list(
            _mapping(
                "A value in app_metadata.",
                required=["path", "value"],
                path={
                    **_text("Names of members with dots between them, such as staff.role."),
                    "pattern": r"^[^.\s]([^\s]*[^.\s])?$",
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
