# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file for a secret: whole or not at all, and nobody else's to read."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import Auth0Error, ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.secret_file import SecretFile


def test_it_is_readable_by_its_owner_only_and_replaces_what_was_there(tmp_path):
    path = tmp_path / "code"
    path.write_text("old")
    path.chmod(0o644)
    with SecretFile("path", str(path)) as file:
        assert path.read_text() == "old"
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["code"]


def test_what_is_not_written_leaves_nothing_behind(tmp_path):
    path = tmp_path / "code"
    with pytest.raises(ZeroDivisionError):
        with SecretFile("path", str(path)):
            raise ZeroDivisionError
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("path", ["", "missing/code", "code/"], ids=["a directory", "no such directory", "no name"])
def test_a_place_that_cannot_be_written_is_refused_beforehand(tmp_path, path):
    with pytest.raises(ConfigurationError, match="path .* cannot be written"):
        SecretFile("path", str(tmp_path) + "/" + path)


def test_a_full_disk_is_told_before_there_is_a_secret(tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigurationError, match="path '.*/code' cannot be written: No space left on device"):
        with SecretFile("path", str(tmp_path / "code")):
            pytest.fail("a secret could be made")
    assert os.listdir(tmp_path) == []


def test_a_secret_that_cannot_be_put_in_place_is_kept_and_told_where(tmp_path):
    path = tmp_path / "code"
    with SecretFile("path", str(path)) as file:
        path.mkdir()
        with pytest.raises(Auth0Error) as caught:
            file.write(b"canary-secret")
    kept = caught.value.progress["path"]
    assert "The secret is in %s," % kept in str(caught.value)
    with open(kept, "rb") as secret:
        assert secret.read() == b"canary-secret"
    assert "canary-secret" not in str(caught.value)
