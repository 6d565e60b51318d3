# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file for a secret: whole or not at all, and nobody else's to read."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
from pathlib import Path

import pytest
import yaml
from jinja2 import Environment

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import Auth0Error, ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.secret_file import SecretFile, name_of_file

ROOT = Path(__file__).resolve().parents[2]


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


def test_what_must_not_be_replaced_is_refused_also_when_it_appears_later(tmp_path):
    path = tmp_path / "ticket"
    early = SecretFile("ticket_file", str(path), replace=False)
    path.write_text("unread")
    for each in (lambda: SecretFile("ticket_file", str(path), replace=False), early.__enter__):
        with pytest.raises(ConfigurationError, match="ticket_file .*/ticket exists already"):
            each()
    assert path.read_text() == "unread" and os.listdir(tmp_path) == ["ticket"]


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


def note_of(path):
    return path.parent / (".%s.pending" % path.name)


def cut_off(path, **facts):
    """What a run leaves that is killed after its announcement."""
    note_of(path).write_text(json.dumps(facts))


def test_a_note_stays_until_the_secret_is_in_place(tmp_path):
    path = tmp_path / "code"
    with SecretFile("path", str(path)) as file:
        file.announce(user_id="auth0|1")
        assert stat.S_IMODE(note_of(path).stat().st_mode) == 0o600
        assert json.loads(note_of(path).read_text()) == {"user_id": "auth0|1"}
        file.write(b"secret")
    assert os.listdir(tmp_path) == ["code"]


def test_a_run_that_was_cut_off_is_found_by_the_next_one_and_in_check_mode(tmp_path):
    path = tmp_path / "code"
    with pytest.raises(KeyboardInterrupt):
        with SecretFile("path", str(path)) as file:
            file.announce(user_id="auth0|1")
            raise KeyboardInterrupt
    assert SecretFile("path", str(path), check_mode=True).left == {"user_id": "auth0|1"}
    with SecretFile("path", str(path)) as file:
        assert file.left == {"user_id": "auth0|1"}
    assert note_of(path).exists()


def test_a_note_that_is_withdrawn_is_what_it_was_before(tmp_path):
    path = tmp_path / "code"
    with SecretFile("path", str(path)) as file:
        file.announce(user_id="auth0|2")
        file.withdraw()
    assert os.listdir(tmp_path) == []
    cut_off(path, user_id="auth0|1")
    with SecretFile("path", str(path)) as file:
        file.announce(user_id="auth0|2")
        file.withdraw()
    assert SecretFile("path", str(path), check_mode=True).left == {"user_id": "auth0|1"}


@pytest.mark.parametrize("content", ["{", "32YCGV1JUE9G7MDJ71UTN12W", "[]", '{"user_id": 5}'])
def test_a_note_that_cannot_be_read_still_says_that_a_run_was_cut_off(tmp_path, content):
    path = tmp_path / "code"
    note_of(path).write_text(content)
    with SecretFile("path", str(path)) as file:
        assert file.left == {}


def test_space_that_was_only_reserved_is_no_note(tmp_path):
    path = tmp_path / "code"
    note_of(path).write_bytes(b" " * 65536)
    with SecretFile("path", str(path)) as file:
        assert file.left is None
    assert os.listdir(tmp_path) == []


def test_two_runs_cannot_write_one_file_at_the_same_time(tmp_path):
    path = str(tmp_path / "code")
    with SecretFile("path", path):
        with pytest.raises(ConfigurationError, match="being written by another run"):
            with SecretFile("path", path):
                pytest.fail("both have it")
    with SecretFile("path", path) as file:
        file.write(b"x")


@pytest.mark.parametrize(
    "place", ["/dev/stdout", "/dev/null", "/proc/self/fd/1", "/proc/code", "/dev/code", "/sys/code"]
)
def test_devices_and_links_to_them_are_no_files(place):
    with pytest.raises(ConfigurationError, match="path '%s' cannot be written" % place):
        SecretFile("path", place)


def test_a_fifo_a_link_to_one_and_a_null_byte_are_refused(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("fifo")
    for name in ("fifo", "link", "nul\0byte"):
        with pytest.raises(ConfigurationError, match="cannot be written"):
            SecretFile("path", str(tmp_path / name))


def test_a_note_that_is_somebody_elses_link_is_refused(tmp_path):
    (tmp_path / "theirs").write_text("")
    note_of(tmp_path / "code").symlink_to("theirs")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        with SecretFile("path", str(tmp_path / "code")):
            pytest.fail("it is a link")
    assert (tmp_path / "theirs").read_text() == ""


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_name_that_is_too_long_is_noticed_beforehand(tmp_path, check_mode):
    with pytest.raises(ConfigurationError, match="may have 246 bytes at most"):
        SecretFile("path", str(tmp_path / ("x" * 300)), check_mode)


def test_a_directory_that_an_earlier_task_would_make_does_not_fail_in_check_mode(tmp_path):
    file = SecretFile("path", str(tmp_path / "later" / "code"), check_mode=True)
    assert "does not exist yet" in file.notice and file.left is None


def test_a_relative_path_is_told_in_full(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert SecretFile("path", "code").path == str(tmp_path / "code")


def test_users_of_any_id_have_a_file_each(tmp_path):
    distinguished = "samlp|corp|CN=Ada Lind,%sO=Corp + Co" % ("OU=Sales/EMEA," * 70)
    ids = [distinguished, distinguished + "x", "auth0|a/b", "auth0|a b", "auth0|a\\b", "auth0|Jörg"]
    for user_id in ids:
        with SecretFile("path", str(tmp_path / name_of_file(user_id))) as file:
            file.write(user_id.encode())
    assert sorted(path.read_text(encoding="utf-8") for path in tmp_path.iterdir()) == sorted(ids)


def test_the_playbook_makes_the_same_names():
    user_id = "samlp|corp|CN=Jörg,%sO=Corp + Co" % ("OU=Sales/EMEA," * 70)
    playbook = yaml.safe_load((ROOT / "playbooks" / "rotate_recovery_codes.yml").read_text(encoding="utf-8"))
    environment = Environment()
    environment.filters.update(zip=zip, regex_replace=lambda text, pattern, by: re.sub(pattern, by, text))
    names = playbook[0]["vars"]["names"].strip("{} ")
    made = environment.from_string("{% for each in " + names + " %}{{ each }}{% endfor %}")
    checksum = hashlib.sha1(user_id.encode()).hexdigest()[:8]
    assert made.render(ids=[user_id], checksums=[checksum]) == name_of_file(user_id)
