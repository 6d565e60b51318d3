# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of a tenant's policy file as a JSON Schema, for editors and for us. Its descriptions are what an editor shows."""

from __future__ import annotations

from ..auth0.factors import channels, named_by, names
from ..auth0.tenant.mfa import POLICIES
from ..yaml_file import form
from ..yaml_file.form import Schema, flag, list_of, mapping, one_of, text

# Version of the form of the file.
VERSION = 1
ADDRESS = "https://raw.githubusercontent.com/mfaops/auth0/main/docs/schemas/tenant-policy.schema.json"
# The factors that the message types are about.
CONTACTED = sorted({str(named_by(word)[0]) for word in channels()})
PRESENT, ABSENT = STATES = ("present", "absent")


def schema() -> Schema:
    """The JSON Schema (draft 2020-12)."""
    return form.document(
        ADDRESS,
        "MFA policy of an Auth0 tenant (mfaops.auth0)",
        "What the tenant has. Whatever this file does not name stays as it is.",
        VERSION,
        factors=mapping(
            "Which factors users can pass MFA with.",
            **{name: flag("Whether %s is on." % name) for name in names(lambda row: row.guardian_name)},
        ),
        phone_message_types=list_of(
            one_of(channels(), "sms or voice."),
            "How Auth0 contacts phones. Left as it is while factors has phone: false.",
        ),
        policy=one_of(
            POLICIES,
            "When Auth0 asks for MFA: at every login (all-applications), at risky logins (confidence-score), or never.",
        ),
        actions=list_of(_action(), "Actions of the tenant. Others stay as they are.", empty=True),
    )


def _action() -> Schema:
    return mapping(
        "One Action.",
        required=["name"],
        name=text("The Action's name."),
        state=one_of(STATES, "present (the default) or absent."),
        code={"description": "The JavaScript code.", "type": "string"},
        code_file=text("A file with the code. A relative path begins at this file."),
        trigger=text("The trigger that runs the Action. By default post-login."),
        trigger_version=text("The trigger's version. By default the current one, or the one that the Action has."),
        runtime=text(
            "The Node.js runtime, such as node22. By default the trigger's own, or the one that the Action has."
        ),
        dependencies={
            "description": "All npm packages that the Action needs, name to version. By default they stay as they are.",
            "type": "object",
            "additionalProperties": text("The version, in quotes."),
        },
        deployed=flag("Whether the Action is deployed. By default true; with false, a draft stays a draft."),
        bound=flag("Whether the trigger runs the Action. By default true if it is deployed, else it stays as it is."),
        position={
            "description": "The Action's place among the trigger's Actions, from 1. By default it stays as it is.",
            "type": "integer",
            "minimum": 1,
            "maximum": 100,
        },
        force=flag("Whether state: absent may remove an Action that is bound."),
    )
