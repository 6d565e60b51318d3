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
  - Turns MFA factors of the tenant on and off, says how phones are challenged, and sets when MFA is asked for, as operator.
  - What is not named is not changed. The policy is read where a factor is to be turned off.
  - Writes come in an order that never asks for MFA before the wanted factors are on.
options:
  enabled:
    description: Factors that are to be on.
    type: list
    elements: str
    choices: [otp, phone, push, email, recovery-code, webauthn-roaming, webauthn-platform, duo]
  disabled:
    description:
      - Factors that are to be off. Users who have enrolled nothing else cannot pass MFA afterward.
    type: list
    elements: str
    choices: [otp, phone, push, email, recovery-code, webauthn-roaming, webauthn-platform, duo]
  phone_message_types:
    description: How phones are challenged, by V(sms), V(voice) or both. The factor V(phone) has to be on.
    type: list
    elements: str
    choices: [sms, voice]
  policy:
    description:
      - When MFA is asked for, at every login (V(all-applications)), at risky ones (V(confidence-score)), or V(never). A login for the
        MFA API asks for it with any policy.
    type: str
    choices: [all-applications, confidence-score, never]
  allow_no_factor:
    description:
      - Whether MFA may be asked for while no factor is on, so that users without one cannot log in. A recovery code is no factor.
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
  - A task that is cut off by an error has what was set before in RV(applied) of the failed result.
seealso:
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
  description: For each factor whether it is on. Empty where neither factors nor the policy were asked for.
  returned: success
  type: dict
  sample: {otp: true, phone: false, push: true}
phone_message_types:
  description: How phones are challenged; V(null) where it was not asked for.
  returned: success
  type: list
  elements: str
  sample: null
policy:
  description: When MFA is asked for; V(null) where it was not read.
  returned: success
  type: str
  sample: all-applications
applied:
  description: What was set before the error.
  returned: failure after the first change
  type: list
  elements: str
  sample: [otp=True]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import FACTORS, GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.mfa import (
    POLICIES,
    converge_tenant,
    for_diff,
    wanted_from,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.module import Session, connection_spec, rules, run


def converge_factors(session: Session) -> dict:
    params = session.params
    wanted = wanted_from(params["enabled"], params["disabled"], params["phone_message_types"], params["policy"])
    before, after = converge_tenant(
        GuardianApi(session.operator), wanted, params["allow_no_factor"], session.module.check_mode
    )
    result = {
        "changed": before != after,
        "factors": after.factors,
        "phone_message_types": after.message_types and list(after.message_types),
        "policy": after.policy,
    }
    if session.module._diff:
        result["diff"] = {"before": for_diff(before), "after": for_diff(after)}
    return result


def main() -> None:
    factors = {"type": "list", "elements": "str", "choices": list(FACTORS)}
    module = AnsibleModule(
        argument_spec={
            **connection_spec(),
            "enabled": factors,
            "disabled": factors,
            "phone_message_types": {"type": "list", "elements": "str", "choices": ["sms", "voice"]},
            "policy": {"type": "str", "choices": list(POLICIES)},
            "allow_no_factor": {"type": "bool", "default": False},
        },
        required_one_of=[("enabled", "disabled", "phone_message_types", "policy")],
        supports_check_mode=True,
        **rules(connection_spec()),
    )
    run(module, converge_factors)


if __name__ == "__main__":
    main()
