# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read from the Actions API."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.actions import ActionsApi
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import NotFoundError


class Item(dict):
    def model_dump(self, **_options):
        return self


class Tenant:
    """Answers every call with the same triggers."""

    def __init__(self, *triggers):
        self.answer = SimpleNamespace(triggers=[Item(each) for each in triggers])

    def call(self, _action, _send):
        return self.answer


OLD = {"id": "post-login", "status": "DEPRECATED", "version": "v2"}
CURRENT = {"id": "post-login", "status": "CURRENT", "version": "v3", "default_runtime": "node18"}
OTHER = {"id": "credentials-exchange", "status": "CURRENT", "version": "v2"}


def test_a_new_action_takes_the_trigger_s_current_version_and_runtime():
    api = ActionsApi(Tenant(OLD, CURRENT, OTHER))
    assert api.defaults("post-login") == ("v3", "node18")
    assert api.defaults("credentials-exchange") == ("v2", "node22")


def test_a_trigger_that_the_tenant_lacks_is_no_error_of_the_configuration():
    # It takes requests to find out, and ConfigurationError is raised before the first one.
    with pytest.raises(
        NotFoundError, match="no trigger nope. Set trigger to one of: credentials-exchange, post-login."
    ):
        ActionsApi(Tenant(OLD, CURRENT, OTHER)).defaults("nope")
