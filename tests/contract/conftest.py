# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the emulator is held against: the published OpenAPI subset and the recorded traffic, kept beside the project."""

from __future__ import annotations

import contextlib
import os

import pytest

from .observed import start
from .openapi import reference_folder
from .tenant import Tenant


@pytest.fixture(scope="session")
def shared():
    """The folder with the OpenAPI documents and the recordings."""
    folder = reference_folder()
    if not folder.is_dir():
        reason = f"no reference material at {folder}: set MFAOPS_SHARED to the folder that holds auth0/"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture
def run_tenant():
    """A context manager: a tenant with these options of ``start``."""

    @contextlib.contextmanager
    def run(**options):
        with start(**options) as emulator:
            tenant = Tenant(emulator)
            with tenant.http:
                yield tenant

    return run
