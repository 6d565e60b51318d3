# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file for progress: checked before the task, and never a reason for the task to fail."""

from __future__ import annotations

import os

import pytest

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from ansible_collections.mfaops.auth0.plugins.module_utils.progress_file import ProgressFile


def no_warning(text):
    raise AssertionError(text)


def test_lines_are_added_to_what_is_there(tmp_path):
    path = tmp_path / "progress"
    path.write_text("earlier\n")
    progress = ProgressFile("progress_path", str(path), no_warning)
    progress.add("one")
    progress.add("two")
    assert path.read_text() == "earlier\none\ntwo\n"


def test_the_file_is_there_before_the_first_line(tmp_path):
    ProgressFile("progress_path", str(tmp_path / "progress"), no_warning)
    assert (tmp_path / "progress").read_text() == ""


def test_without_a_path_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ProgressFile("progress_path", None, no_warning).add("one")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", ["", "missing/progress", "."], ids=["empty", "no such directory", "a directory"])
def test_a_file_that_cannot_be_written_is_refused_beforehand(tmp_path, path):
    place = str(tmp_path / path) if path else ""
    with pytest.raises(ConfigurationError) as caught:
        ProgressFile("progress_path", place, no_warning)
    assert "progress_path %r cannot be written: " % place in str(caught.value)


def test_a_file_that_fails_later_costs_one_warning(tmp_path):
    path, warnings = tmp_path / "progress", []
    progress = ProgressFile("progress_path", str(path), warnings.append)
    path.unlink()
    path.mkdir()
    progress.add("one")
    progress.add("two")
    assert warnings == [
        "progress_path %r can no longer be written: Is a directory. The task continued without it." % str(path)
    ]


@pytest.mark.parametrize("link", [False, True])
def test_a_pipe_is_refused_and_nobody_waits_for_its_reader(tmp_path, link):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    with pytest.raises(ConfigurationError, match="Not a regular file"):
        ProgressFile("progress_path", str(tmp_path / ("link" if link else "pipe")), no_warning)


def test_a_directory_that_an_earlier_task_would_make_does_not_fail_in_check_mode(tmp_path):
    warnings = []
    ProgressFile("progress_path", str(tmp_path / "later" / "progress"), warnings.append, True).add("one")
    assert len(warnings) == 1 and "does not exist yet" in warnings[0] and not list(tmp_path.iterdir())
