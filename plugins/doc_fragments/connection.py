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
      - The tenant's domain, such as V(example.eu.auth0.com), with a port if it has one.
      - Defaults to the environment variable E(AUTH0_DOMAIN), unless O(base_url) starts with V(http://) (a loopback address).
    type: str
  base_url:
    description:
      - Another address of the same tenant, such as a custom domain, with V(https://). By default V(https://) and O(auth0_domain).
      - V(http://) is accepted only for loopback addresses.
      - Defaults to the environment variable E(AUTH0_BASE_URL), unless the task has O(auth0_domain).
    type: str
  api_token:
    description:
      - A token for the Management API, to act as the operator. M(mfaops.auth0.auth0_api_token) gets one for all tasks of a play.
      - The task uses it even if it has O(client_secret) or O(private_key) as well. If Auth0 refuses the token, the task gets another one
        with them, but only if the token was issued to the application O(client_id) for this tenant. Without both the environment's
        E(AUTH0_CLIENT_SECRET) or E(AUTH0_CLIENT_ASSERTION_PRIVATE_KEY) does this.
      - Defaults to the environment variable E(AUTH0_API_TOKEN) if the task has none of O(api_token), O(client_secret) and
        O(private_key).
    type: str
  client_id:
    description:
      - The application's client ID. As the operator, a machine-to-machine application that is authorized for the Management API. As the
        user, the application that the user logs in to.
      - Defaults to the environment variable E(AUTH0_CLIENT_ID).
    type: str
  client_secret:
    description:
      - The application's secret.
      - Defaults to the environment variable E(AUTH0_CLIENT_SECRET) if the task has none of O(api_token), O(client_secret) and
        O(private_key), and E(AUTH0_API_TOKEN) is not set.
    type: str
  private_key:
    description:
      - An RSA key in PEM format, for an application that authenticates with a signed JWT instead of a secret.
      - Defaults to the environment variable E(AUTH0_CLIENT_ASSERTION_PRIVATE_KEY) if neither the task nor the environment has another
        credential.
    type: str
    version_added: 0.2.0
  signing_algorithm:
    description:
      - The algorithm to sign with O(private_key). It must be the one in the application's credentials.
      - Defaults to the environment variable E(AUTH0_CLIENT_ASSERTION_SIGNING_ALG).
    type: str
    choices: [RS256, RS384, PS256]
    default: RS256
    version_added: 0.2.0
  validate_certs:
    description: Whether to verify the tenant's certificate.
    type: bool
    default: true
  ca_path:
    description:
      - A file with the certificate authorities to trust, instead of all others.
      - A file on the host that the module runs on. A relative path starts at the directory that the module runs in; use an absolute path.
      - By default the environment variables E(REQUESTS_CA_BUNDLE), E(CURL_CA_BUNDLE), E(SSL_CERT_FILE) and E(SSL_CERT_DIR) decide, the
        first that is set. Where none is, the system's are trusted.
    type: path
  proxy:
    description:
      - The proxy to use, such as V(http://proxy.example.com:3128). It must speak HTTP. SOCKS is not supported.
      - By default the environment variables E(HTTPS_PROXY), E(ALL_PROXY) and E(NO_PROXY) decide. They do not apply to loopback
        addresses.
    type: str
    version_added: 0.2.0
  timeout:
    description: How many seconds one request may take, from the connection to the end of the response. A response may have up to 32 MiB.
    type: float
    default: 30
  rate_limit_share:
    description:
      - Which part of the tenant's bucket of requests the task may use, above V(0) and at most V(1). The rest is left to the tenant's
        production logins.
      - The share bounds what the task takes out of the bucket, not how fast it goes on. The task also takes what the tenant adds to the
        bucket and nobody else wants. In a tenant without other requests V(0.5) takes about all of it.
      - Where the bucket is filled once in a second or minute, the task takes more than its share shortly before that. What others are
        seen to use until then is left to them.
    type: float
    default: 0.5
  max_rate:
    description: How many requests the task may send each second at most, such as V(5) or V(0.5). By default the tenant's rate limit decides.
    type: float
    version_added: 0.3.0
  shared_budget:
    description:
      - Whether tasks of the same user that call the tenant from this host at the same time share what O(rate_limit_share) leaves them, so
        that many forks do not run into the rate limit together.
      - They tell each other about their requests in a file in E(XDG_RUNTIME_DIR), or else in a directory of the user's own for
        temporary files. It contains no secrets and no IDs, and it is safe to delete it. Where it cannot be written, each task paces alone.
    type: bool
    default: true
    version_added: 0.3.0
  max_wait:
    description: How many seconds one request may be held back by the rate limit, and by tries without a response, before the task fails.
    type: float
    default: 60
notes:
  - As the operator means with a Management API token, as the user means with the user's own token. The
    R(glossary, ansible_collections.mfaops.auth0.docsite.glossary) explains the other words.
  - The module reads the environment variables on the host that it runs on. This is not the controller, unless the task is delegated to it.
  - Characters of the tenant's texts that would steer a terminal or cannot be seen are returned and shown as escapes such as
    C(\x1b) and C(\u202e). An option with such a character is refused.
seealso:
  - ref: ansible_collections.mfaops.auth0.docsite.guide_authenticate
    description: Say which tenant a task calls, and who calls.
requirements:
  - Python 3.10 or newer on the host that the module runs on
  - requests 2.32 or newer
  - auth0-python 6.8 or newer, below 7 (to act as the operator)
  - PyJWT with cryptography (for O(private_key); auth0-python installs both)
"""

    TARGET = r"""
options:
  user_id:
    description:
      - The user's ID, such as V(auth0|640b5a0ed3534be8b2db9dd3). Only as the operator.
    type: str
  email:
    description:
      - The user's e-mail address, in exactly this spelling. If more than one user has it, the task fails. Only as the operator.
    type: str
"""

    USER = r"""
options:
  mfa_token:
    description:
      - The user's own token. Either an access token for the audience V(https://TENANT/mfa/), or the C(mfa_token) of a login that
        stopped at C(mfa_required).
      - An C(mfa_token) can list authenticators and enroll only a first one. It cannot remove any.
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
      - The user's connection, such as V(Username-Password-Authentication). By default Auth0 uses the tenant's default directory.
    type: str
  otp:
    description:
      - The code that the user's OTP app shows, if the user must pass MFA to log in with O(username). Quote it, or YAML drops a leading
        zero.
      - Without it the login of such a user stops halfway. The task can then list authenticators but not remove them.
    type: str
notes:
  - With O(mfa_token) or O(username) the task acts as the user, through the MFA API. Otherwise it acts as the operator, through the
    Management API.
"""

    PROGRESS = r"""
options:
  progress_path:
    description:
      - A file on the host that the module runs on. With many users, the task adds a line to it after every O(progress_every) users. A
        relative path starts at the directory that the module runs in; use an absolute path.
      - If the module runs on the controller, C(ansible-playbook -v) prints these lines while the task runs, without this option.
    type: path
    version_added: 0.2.0
  progress_every:
    description: After how many users the task reports its progress again.
    type: int
    default: 100
    version_added: 0.2.0
"""

    LOCKOUT = r"""
options:
  allow_lockout:
    description: Whether to go on if users would have no second factor left that is on, or if nobody knows.
    type: bool
    default: false
    version_added: 0.3.0
  lockout_check:
    description:
      - V(required) looks at every user before a change that could lock somebody out. Any other change reads no user.
      - V(skip) looks at nobody, and the task goes on without knowing.
    type: str
    choices: [required, skip]
    default: required
    version_added: 0.3.0
  lockout_max_users:
    description:
      - How many users the task may read, with one request each. A larger tenant needs O(audit_folder), or another decision.
    type: int
    default: 1000
    version_added: 0.3.0
  audit_folder:
    description:
      - The folder of an audit (M(mfaops.auth0.auth0_mfa_audit)). The task then takes the users from the last finished audit of the
        whole tenant and reads none.
    type: path
    version_added: 0.3.0
  audit_max_age:
    description: How long ago that audit may have begun, such as V(12h) or V(7d).
    type: str
    default: 1d
    version_added: 0.3.0
"""

    USERS = r"""
options:
  users:
    description:
      - Many users in one task, instead of O(user_id) or O(email). Several users are worked on at once, within the rate limit.
      - Each entry names one user, with O(users[].user_id) or O(users[].email).
      - The task checks all entries before its first request. If some are wrong, it names all of them, and changes nothing. If two entries
        turn out to be the same user, neither is changed.
      - A user who fails does not keep the task from the others. At the end the task fails, and RV(users) has the result of each user. If
        the next user would fail as well (credentials, scopes, the rate limit, the network), the task ends, and tells who was not reached.
        SIGINT and SIGTERM end it in the same way, after the users that are at work.
      - If the task failed or was killed, run it again.
    type: list
    elements: dict
    version_added: 0.3.0
    suboptions:
      user_id:
        description: The user's ID.
        type: str
      email:
        description: The user's e-mail address, in exactly this spelling. It takes one request more than an ID.
        type: str
      source:
        description: Where the entry comes from, for messages, such as V(users.csv line 3). By default its place in the list.
        type: str
  max_users:
    description:
      - How many of O(users) the task may change, V(25) by default. If more have to be changed, it changes none of them. To know that, it
        reads all users before the first write, unless O(users) has no more entries than this.
    type: int
    version_added: 0.3.0
"""
