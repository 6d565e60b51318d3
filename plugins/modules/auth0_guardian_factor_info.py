#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: auth0_guardian_factor_info
short_description: Read which MFA factors and which MFA policy an Auth0 tenant has
version_added: 0.3.0
description:
  - Reads which factors are on, how Auth0 contacts phones, and when Auth0 asks for MFA, as the operator.
options: {}
author:
  - mfaops.auth0 contributors (@mfaops)
extends_documentation_fragment:
  - mfaops.auth0.attributes
  - mfaops.auth0.connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: Never changes anything.
  idempotent:
    support: full
    details: Never changes anything.
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_gitops
    description: Keep the tenant's policy in git.
  - module: mfaops.auth0.auth0_guardian_factor
  - module: mfaops.auth0.auth0_mfa_policy_info
"""

EXAMPLES = r"""
- name: Read the factors and the policy
  mfaops.auth0.auth0_guardian_factor_info:
    auth0_domain: example.eu.auth0.com
    client_id: "{{ operator_client_id }}"
    client_secret: "{{ operator_client_secret }}"
"""

RETURN = r"""
factors:
  description: Whether each factor is on.
  returned: success
  type: dict
  sample: {otp: true, phone: false, push: true}
phone_message_types:
  description: How Auth0 contacts phones.
  returned: success
  type: list
  elements: str
  sample: [sms, voice]
policy:
  description: When Auth0 asks for MFA, V(all-applications), V(confidence-score) or V(never).
  returned: success
  type: str
  sample: all-applications
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
  sample: read:guardian_factors
hint:
  description: What to do about the failure.
  returned: failure, if there is something to do
  type: str
  sample: Add the scope read:guardian_factors to the application's grant for this API, then get a new token.
"""

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.guardian import GuardianApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.tenant.mfa import read_all
from ansible_collections.mfaops.auth0.plugins.module_utils.module import CONNECTION, Session, run


def read(session: Session) -> dict:
    found = read_all(GuardianApi(session.operator))
    return {
        "changed": False,
        "factors": found.factors,
        "phone_message_types": list(found.message_types or ()),
        "policy": found.policy,
    }


def main() -> None:
    run(read, CONNECTION)


if __name__ == "__main__":
    main()
