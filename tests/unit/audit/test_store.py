# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import io
import os
import stat
import subprocess
import sys

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import packed, read_lines
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore, StoreError, TakenError


@pytest.fixture
def store(tmp_path) -> FolderStore:
    return FolderStore(str(tmp_path / "audits"))


def names_below(store: FolderStore) -> list[str]:
    return sorted(name for _folder, _folders, files in os.walk(store.folder) for name in files)


def test_what_was_written_is_read(store):
    version = store.write("runs/1/checkpoint.json", b"one", None)
    assert store.read("runs/1/checkpoint.json") == (b"one", version)
    store.put("runs/1/plan.jsonl.gz", io.BytesIO(b"two"))
    with store.open("runs/1/plan.jsonl.gz") as file:
        assert file.read() == b"two"
    assert store.names("runs") == ["1"]
    assert store.names("runs/1") == ["checkpoint.json", "plan.jsonl.gz"]


def test_nothing_is_not_an_error_to_read_and_is_one_to_open(store):
    assert store.read("runs/1/checkpoint.json") is None
    assert store.names("runs") == []
    with pytest.raises(StoreError, match="nothing cannot be read: it is missing.*Move the directory"):
        store.open("nothing")


def test_only_the_known_version_is_replaced(store):
    first = store.write("a/b", b"one", None)
    for version in (None, "another"):
        with pytest.raises(TakenError, match="written by somebody else"):
            store.write("a/b", b"two", version)
    second = store.write("a/b", b"two", first)
    with pytest.raises(TakenError):
        store.write("a/b", b"three", first)
    assert store.read("a/b") == (b"two", second)


def test_what_is_written_once_is_not_replaced(store):
    store.put("a/b", io.BytesIO(b"one"), once=True)
    with pytest.raises(TakenError):
        store.put("a/b", io.BytesIO(b"two"), once=True)
    assert store.read("a/b")[0] == b"one"
    store.put("a/b", io.BytesIO(b"three"))
    assert store.read("a/b")[0] == b"three"
    assert names_below(store) == ["b"]


def test_only_the_owner_can_read_it(store):
    with store.hold():
        store.write("runs/1/checkpoint.json", b"one", None)
    modes = {
        stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode)
        for folder, folders, files in os.walk(os.path.dirname(store.folder))
        for name in folders + files
    }
    assert modes == {0o700, 0o600}


def test_one_worker_at_a_time(store):
    script = (
        "import sys; from ansible_collections.mfaops.auth0.plugins.module_utils.audit.store import FolderStore, TakenError\n"
        "try:\n    with FolderStore(sys.argv[1]).hold(): print('held')\n"
        "except TakenError as error: print(error)\n"
    )
    command = [sys.executable, "-c", script, store.folder]
    environment = {**os.environ, "PYTHONPATH": "build/collections"}
    with store.hold():
        told = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout
        assert told.startswith("Another audit is working in %s." % store.folder)
    assert subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout == "held\n"


def test_what_a_killed_worker_left_half_written_is_removed_and_nothing_of_anybody_else(store):
    store.put("runs/1/plan", io.BytesIO(b"one"))
    for name in (".under-way/tmpabc", "runs/1/.new-thesis", "somebody/else/tmpabc"):
        path = os.path.join(store.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb"):
            pass
    with store.hold():
        assert names_below(store) == [".lock", ".new-thesis", "plan", "tmpabc"]
        assert not os.listdir(os.path.join(store.folder, ".under-way"))


class FullDisk(io.BytesIO):
    def read(self, *_arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_changes_nothing_and_is_told(store):
    store.put("a/b", io.BytesIO(b"one"))
    with pytest.raises(StoreError, match="No space left on device.*What is stored stays"):
        store.put("a/b", FullDisk())
    assert store.read("a/b")[0] == b"one"
    assert names_below(store) == ["b"]


def test_a_place_that_is_no_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    store = FolderStore(str(tmp_path / "file"))
    with pytest.raises(StoreError, match="Could not write to .*file: Not a directory"), store.hold():
        pass


ROWS = [{"b": 1, "a": "\u202eä\ud800"}, {"a": None}]


def test_lines_come_back_and_are_the_same_bytes_every_time():
    content = packed(ROWS)
    assert content == packed(ROWS)
    assert list(read_lines(io.BytesIO(content), "rows")) == ROWS


@pytest.mark.parametrize("broken", [b"", b"no gzip", packed(ROWS)[:-4], packed(ROWS)[:20]])
def test_damaged_lines_are_an_error(broken):
    with pytest.raises(StoreError, match="runs/1/plan cannot be read"):
        list(read_lines(io.BytesIO(broken), "runs/1/plan"))
