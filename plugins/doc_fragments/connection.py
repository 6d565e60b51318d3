# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that the modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """C(DOCUMENTATION) is where the tenant is and who calls; C(TARGET) names a user, C(USER) is for acting as the user."""

    DOCUMENTATION = r"""
options:
  auth0_domain:
    description:
      - The tenant's domain, such as V(example.eu.auth0.com), with a port where it has one.
      - Falls back to the environment variable E(AUTH0_DOMAIN), unless O(base_url) is a plain V(http://) address, that is on loopback.
    type: str
  base_url:
    description:
      - Another address of the same tenant, such as a custom domain, with its scheme. By default V(https://) and O(auth0_domain).
      - Plain V(http://) is accepted for loopback addresses only.
    type: str
  api_token:
    description:
      - A token for the Management API, to act as operator without client credentials.
      - Falls back to the environment variable E(AUTH0_API_TOKEN) where the task has none of O(api_token), O(client_secret) and
        O(private_key).
    type: str
  client_id:
    description:
      - The application. As operator, a machine-to-machine application that is authorized for the Management API; as the user,
        the application the user logs in to.
      - Falls back to the environment variable E(AUTH0_CLIENT_ID).
    type: str
  client_secret:
    description:
      - The application's secret.
      - Falls back to the environment variable E(AUTH0_CLIENT_SECRET) where the task has none of O(api_token), O(client_secret) and
        O(private_key), and E(AUTH0_API_TOKEN) is not set.
    type: str
  private_key:
    description:
      - An RSA key in PEM form, for an application that authenticates with a signed JWT instead of a secret.
      - Falls back to the environment variable E(AUTH0_CLIENT_ASSERTION_PRIVATE_KEY) where neither the task nor the environment has
        another credential.
    type: str
    version_added: 0.2.0
  signing_algorithm:
    description:
      - How O(private_key) signs, as it is set in the application's credentials.
      - Falls back to the environment variable E(AUTH0_CLIENT_ASSERTION_SIGNING_ALG).
    type: str
    choices: [RS256, RS384, PS256]
    default: RS256
    version_added: 0.2.0
  validate_certs:
    description: Whether the tenant's certificate must be trusted.
    type: bool
    default: true
  ca_path:
    description: A file with the certificate authorities to trust, instead of the system's.
    type: path
  proxy:
    description:
      - A proxy to reach the tenant through, such as V(http://proxy.example.com:3128).
      - Without it the environment variables E(HTTPS_PROXY), E(HTTP_PROXY), E(ALL_PROXY) and E(NO_PROXY) decide, except for
        loopback addresses.
    type: str
    version_added: 0.2.0
  timeout:
    description: Seconds to wait for a connection and for an answer.
    type: float
    default: 30
  rate_limit_share:
    description:
      - How much of the tenant's rate limit bucket the task may use, above V(0) and at most V(1). The rest is left to the
        tenant's production logins.
    type: float
    default: 0.5
  max_wait:
    description: The longest time in seconds one request may be held back by the rate limit before the task fails.
    type: float
    default: 60
notes:
  - The environment variables are read on the host the module runs on, which is not the controller unless the task is delegated
    to it.
requirements:
  - Python 3.10 or newer on the host the module runs on
  - requests
  - auth0-python 6.8 or newer (to act as operator)
  - PyJWT with cryptography (with O(private_key); auth0-python brings both)
"""

    TARGET = r"""
options:
  user_id:
    description:
      - The user, such as V(auth0|640b5a0ed3534be8b2db9dd3). Only as operator.
    type: str
  email:
    description:
      - The user by e-mail address, in exactly this spelling. Fails where more than one user has it. Only as operator.
    type: str
"""

    USER = r"""
options:
  mfa_token:
    description:
      - The user's own token, either an access token for the audience V(https://TENANT/mfa/) or the C(mfa_token) of an
        C(mfa_required) answer.
      - The C(mfa_token) can list authenticators, and enroll while the user has no active one; it cannot remove any.
    type: str
  username:
    description:
      - The user's name, to log in with O(password). The application needs the grant types Password and MFA.
    type: str
  password:
    description: The user's password.
    type: str
  realm:
    description:
      - The connection the user is in, such as V(Username-Password-Authentication). Without it the tenant's default directory is used.
    type: str
  otp:
    description:
      - A one-time password of the user's OTP app, for users who must pass MFA to log in with O(username). Quote it, or YAML
        drops a leading zero.
      - Without it the login of such a user stops half way, and the task can list but not remove.
    type: str
notes:
  - With O(mfa_token) or O(username) the task acts as the user, through the MFA API; otherwise as operator, through the
    Management API.
"""
