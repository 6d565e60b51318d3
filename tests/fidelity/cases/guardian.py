# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Factors, policies, tickets and enrollments. Each function is a case of the manifest."""

from __future__ import annotations

import re

from ..checks import NotSeen, equal, has_status, holds, refused_by_management
from ..lab import Lab
from ..tenant import Answer, encoded

ORDER = [
    "sms", "push-notification", "otp", "email", "duo", "webauthn-roaming", "webauthn-platform", "recovery-code"
]  # fmt: skip


def factors(lab: Lab) -> None:
    found = has_status(lab.manage("GET", "/guardian/factors"), 200).body
    for factor in found:
        equal(
            "members", sorted(set(factor) & {"name", "enabled", "trial_expired"}), ["enabled", "name", "trial_expired"]
        )
    missing = set(ORDER) - {factor["name"] for factor in found}
    holds(not missing, f"not listed: {', '.join(sorted(missing))}")


def order_of_factors(lab: Lab) -> None:
    found = has_status(lab.manage("GET", "/guardian/factors"), 200).body
    equal("names", [factor["name"] for factor in found if factor["name"] in ORDER], ORDER)


def same_factor_again(lab: Lab) -> None:
    enabled = lab.factors()["otp"]
    answer = has_status(lab.manage("PUT", "/guardian/factors/otp", json={"enabled": enabled}), 200)
    equal("body", answer.body, {"enabled": enabled})


def unknown_factor(lab: Lab) -> None:
    has_status(lab.manage("PUT", "/guardian/factors/no-such-factor", json={"enabled": True}), 400, 404)


def factor_needs_enabled(lab: Lab) -> None:
    refused_by_management(lab.manage("PUT", "/guardian/factors/otp", json={}), 400, code="invalid_body")


def message_types(lab: Lab) -> None:
    body = has_status(lab.manage("GET", "/guardian/factors/phone/message-types"), 200).body
    equal("members", list(body), ["message_types"])
    holds(set(body["message_types"]) <= {"sms", "voice"}, "there are others than sms and voice")


def unknown_message_type(lab: Lab) -> None:
    body = {"message_types": ["fax"]}
    refused_by_management(
        lab.manage("PUT", "/guardian/factors/phone/message-types", json=body), 400, code="invalid_body"
    )


def policies(lab: Lab) -> None:
    body = has_status(lab.manage("GET", "/guardian/policies"), 200).body
    holds(isinstance(body, list), "the body is not a bare array")
    holds(set(body) <= {"all-applications", "confidence-score"}, "there are other policies")


def unknown_policy(lab: Lab) -> None:
    refused_by_management(lab.manage("PUT", "/guardian/policies", json=["no-such-policy"]), 400, code="invalid_body")


def ticket(lab: Lab) -> None:
    body = has_status(make_ticket(lab, user_id=lab.user_id), 200).body
    holds(re.fullmatch("[A-Za-z0-9]{32}", body["ticket_id"]) is not None, "ticket_id is not 32 letters and digits")
    end = f"/mfa/enrollment?ticket={body['ticket_id']}"
    holds(body["ticket_url"].startswith("https://") and body["ticket_url"].endswith(end), "ticket_url leads elsewhere")


def ticket_is_new_each_time(lab: Lab) -> None:
    tickets = {has_status(make_ticket(lab, user_id=lab.user_id), 200).body["ticket_id"] for _number in range(2)}
    equal("different tickets", len(tickets), 2)


def ticket_of_unknown_user(lab: Lab) -> None:
    has_status(make_ticket(lab, user_id="auth0|ffffffffffffffffffffffff"), 404)


def ticket_with_unknown_factor(lab: Lab) -> None:
    refused_by_management(make_ticket(lab, user_id=lab.user_id, factor="oob"), 400, code="invalid_body")


def ticket_with_old_member(lab: Lab) -> None:
    refused_by_management(make_ticket(lab, user_id=lab.user_id, send_email=False), 400, code="invalid_body")


def unknown_enrollment(lab: Lab) -> None:
    answer = lab.manage("GET", "/guardian/enrollments/dev_AAAAAAAAAAAAAAAA")
    refused_by_management(answer, 404, "Enrollment not found", "enrollment_not_found")


def delete_unknown_enrollment(lab: Lab) -> None:
    answer = lab.manage("DELETE", "/guardian/enrollments/dev_AAAAAAAAAAAAAAAA")
    refused_by_management(answer, 404, "Enrollment not found", "enrollment_not_found")


def enrollment(lab: Lab) -> None:
    lab.with_otp()
    found = has_status(lab.manage("GET", f"/guardian/enrollments/{encoded(lab.listed()[0]['id'])}"), 200).body
    equal("status", found["status"], "confirmed")


def delete_enrollment(lab: Lab) -> None:
    lab.with_otp()
    has_status(lab.manage("DELETE", f"/guardian/enrollments/{encoded(lab.listed()[0]['id'])}"), 204)
    equal("methods", lab.listed(), [])


def make_ticket(lab: Lab, **members: object) -> Answer:
    """``POST`` an enrollment ticket; mails nothing."""
    answer = lab.manage("POST", "/guardian/enrollments/ticket", json=members)
    if answer.status == 409:
        raise NotSeen("the tenant has several custom domains, and wants one to be named")
    return answer
