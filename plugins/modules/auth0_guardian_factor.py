#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_guardian_factor
short_description: Set which MFA factors and which MFA policy an Auth0 tenant has
version_added: 0.2.0
description:
  - Turns the tenant's MFA factors on and off, sets how Auth0 contacts phones, and sets when Auth0 asks for MFA, as the operator.
  - Options that you leave out change nothing. To turn a factor off, the task also reads the policy.
  - The task turns on the wanted factors before it makes the tenant ask for MFA.
options:
  enabled:
    description:
      - Factors to turn on. If Auth0 does not list one among the tenant's factors, the task fails before it changes anything.
    type: list
    elements: str
    choices: [otp, phone, push, email, recovery-code, webauthn-roaming, webauthn-platform, duo]
  disabled:
    description:
      - Factors to turn off. Users who have enrolled nothing else can then no longer pass MFA. This module does not look who that is;
        M(mfaops.auth0.auth0_mfa_policy) does.
      - A factor that Auth0 does not list among the tenant's factors is off already.
    type: list
    elements: str
    choices: [otp, phone, push, email, recovery-code, webauthn-roaming, webauthn-platform, duo]
  phone_message_types:
    description: How Auth0 contacts phones, V(sms), V(voice) or both. The factor V(phone) must be on.
    type: list
    elements: str
    choices: [sms, voice]
  policy:
    description:
      - When Auth0 asks for MFA. At every login (V(all-applications)), at risky logins (V(confidence-score)), or V(never). A login for
        the MFA API asks for it with every policy.
    type: str
    choices: [all-applications, confidence-score, never]
  allow_no_factor:
    description:
      - Whether the tenant may ask for MFA while no factor is on. Users without a factor then cannot log in. A recovery code does not
        count as a factor here.
    type: bool
    default: false
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
notes:
  - If an error stops the task halfway, the failed result lists in RV(applied) what was already set.
seealso:
  - module: mfaops.auth0.auth0_guardian_factor_info
  - module: mfaops.auth0.auth0_mfa_policy
  - module: mfaops.auth0.auth0_action
"""

EXAMPLES = r"""
- name: Offer strong factors only, and ask for MFA at every login
  mfaops.auth0.auth0_guardian_factor:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    enabled: [otp, push, webauthn-roaming, webauthn-platform, recovery-code]
    disabled: [phone, email]
    policy: all-applications

- name: Let users enroll a phone, for text messages only
  mfaops.auth0.auth0_guardian_factor:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
    enabled: [phone]
    phone_message_types: [sms]
"""

RETURN = r"""
factors:
  description: Whether each factor is on. Empty if the task has neither factors nor a policy.
  returned: success
  type: dict
  sample: {otp: true, phone: false, push: true}
phone_message_types:
  description: How Auth0 contacts phones; V(null) without O(phone_message_types).
  returned: success
  type: list
  elements: str
  sample: null
policy:
  description: When Auth0 asks for MFA; V(null) if the task did not read it.
  returned: success
  type: str
  sample: all-applications
applied:
  description: What was set before the error.
  returned: failure after the first change
  type: list
  elements: str
  sample: [otp=True]
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
  sample: update:guardian_factors
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope update:guardian_factors to the application's grant for this API, then get a new token.
"""

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.factors import channels, names
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.mfa import (
    POLICIES,
    converge_tenant,
    for_diff,
    wanted_from,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, Part, Session, run


def converge_factors(session: Session) -> dict:
    params = session.params
    wanted = wanted_from(params["enabled"], params["disabled"], params["phone_message_types"], params["policy"])
    before, after = converge_tenant(
        GuardianApi(session.operator), wanted, params["allow_no_factor"], session.check_mode
    )
    result = {
        "changed": before != after,
        "factors": after.factors,
        "phone_message_types": after.message_types and list(after.message_types),
        "policy": after.policy,
    }
    result["diff"] = {"before": for_diff(before), "after": for_diff(after)}
    return result


def main() -> None:
    factors = {"type": "list", "elements": "str", "choices": names(lambda row: row.guardian_name)}
    run(
        converge_factors,
        CONNECTION,
        Part(
            {
                "enabled": factors,
                "disabled": factors,
                "phone_message_types": {"type": "list", "elements": "str", "choices": channels()},
                "policy": {"type": "str", "choices": list(POLICIES)},
                "allow_no_factor": {"type": "bool", "default": False},
            },
            required_one_of=(("enabled", "disabled", "phone_message_types", "policy"),),
        ),
    )


if __name__ == "__main__":
    main()
