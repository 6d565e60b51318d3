#!/usr/bin/python

# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: variables
short_description: Check the variables of a playbook before it does anything
version_added: 0.3.0
description:
  - The first task of the playbooks of this collection. It converts each variable to its type and fills in defaults. It tells everything that
    is wrong before the first request.
  - A variable comes from the inventory or from C(--extra-vars). C(--extra-vars) may have other variables as well, but not one whose name is
    nearly that of a variable of the playbook, because it is probably misspelled.
  - In an inventory, such a name may be for something else. It is a warning then, unless another playbook of this collection has the variable.
    The task also warns if the inventory has hosts with V(tenant) and the playbook runs for one without, because V(target) is not set.
  - With O(for_tenants), if V(tenant) is set, it has to be a mapping of options that all modules of this collection have.
options:
  options:
    description:
      - The variables, name to C(type), C(default), C(required), C(choices) and so on, as in the argument spec of a role. C(description) is
        for people, and C(example) is shown if the variable is required and not set. If it begins with C(@), it is a file of variables.
      - A relative path starts in the directory in which C(ansible-playbook) was started. The playbook gets an absolute one.
      - The value of a variable with C(no_log), or of a member with it in a variable's C(options), is in no message. The task then shows no result either,
        whatever the verbosity.
      - A variable cannot have the name of something that every result has, such as C(changed), C(msg) or C(results).
    type: dict
    required: true
  for_tenants:
    description:
      - Whether the playbook runs for tenants of the inventory, with the variables V(tenant) and V(target). If V(false), the task does not know these two.
    type: bool
    default: true
author:
  - mfaops.auth0 contributors (@mfaops)
attributes:
  check_mode:
    description: Runs in C(check_mode), because it only reads variables.
    support: full
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_tenants
    description: Variables for several tenants, in an inventory.
"""

EXAMPLES = r"""
- name: Check the variables
  mfaops.auth0.variables:
    options:
      audits:
        description: A directory for the reports.
        type: path
        required: true
        example: mfa-audits
      most_users:
        description: How many users may be changed.
        type: int
        default: 25
  register: given

- name: Audit every user
  mfaops.auth0.auth0_mfa_audit:
    folder: "{{ given.audits }}"
"""

RETURN = r"""
each_variable:
  description: Each variable under its own name, with its type; its default, or V(null), if it is not set.
  returned: success
  type: dict
  sample: {audits: /home/me/mfa-audits, most_users: 25}
"""
