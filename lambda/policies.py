# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy of a run: a file in the bucket, or the one in the package."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime, timezone

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import scratch
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.file import load
from ansible_collections.mfaops.auth0.plugins.module_utils.yaml_file.checked import FileError
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import DamagedError
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

from stores import S3Store

FOLDER = "policies"


def read_policy(store: S3Store, name: str | None) -> tuple[Policy, str | None]:
    """The policy, and where it is from with its version there.

    :param name: of the file, with or without its ending; None for the policy in the package
    :raises ConfigurationError: there is no such file, or something is wrong with it; says where: file, line and column
    :raises StoreError: the bucket does not answer
    """
    if name is None:
        return Policy(), None
    file = name if "." in name else name + ".yml"
    place = store.place("%s/%s" % (FOLDER, file))
    with scratch() as directory:
        try:
            version = store.fetch("%s/%s" % (FOLDER, file), os.path.join(directory, file))
        except DamagedError:
            known = ", ".join(each for each in store.names(FOLDER) if each.endswith((".yml", ".yaml"))) or "none"
            raise ConfigurationError(
                "There is no policy %s in the bucket" % place, hint="Policies there: %s." % known
            ) from None
        # Lists of users lie beside the policy that names them.
        for other in store.names(FOLDER):
            if not other.endswith((".yml", ".yaml")):
                with suppress(DamagedError):  # it is a folder
                    store.fetch("%s/%s" % (FOLDER, other), os.path.join(directory, other))
        try:
            policy = load(os.path.join(directory, file), RULES, datetime.now(timezone.utc).date())
        except FileError as error:
            # A person knows the bucket, and not the directory for a moment.
            shown = " | ".join(error.lines).replace(directory + os.sep, os.path.dirname(place) + "/")
            raise ConfigurationError(
                "The policy cannot be used: %s" % shown,
                hint="Correct the file in the bucket. Nothing was sent to Auth0.",
            ) from None
    return policy, place if version is None else "%s, version %s" % (place, version)
