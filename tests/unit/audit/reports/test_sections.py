# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import io

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.lines import read_lines
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports import sections
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.reports.sections import Sections, gzipped
from hypothesis import given, strategies as st

RANKS = st.tuples(st.integers(0, 2), st.booleans())


@given(st.lists(st.tuples(RANKS, st.text("ab", max_size=9))), st.sampled_from([1, 10, 1 << 18]))
def test_the_lines_are_those_of_a_stable_sort_however_many_fit_into_memory(tmp_path_factory, entries, block):
    directory = str(tmp_path_factory.getbasetemp())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sections, "_BLOCK", block)
        patch.setattr(sections, "_MOST_HELD", 3 * block)
        packed, plain = Sections(directory, gzipped), Sections(directory, head=b"head\n")
        for rank, text in entries:
            packed.add(rank, b"%s\n" % text.encode())
            plain.add(rank, b"%s\n" % text.encode())
    expected = "".join(f"{text}\n" for _rank, text in sorted(entries, key=lambda each: each[0])).encode()
    with packed.finished() as file:
        assert gzip.decompress(file.read()) == expected
    with plain.finished() as file:
        assert file.read() == b"head\n" + expected


def test_a_gzip_file_without_lines_is_whole(tmp_path):
    with Sections(str(tmp_path), gzipped).finished() as file:
        assert list(read_lines(io.BytesIO(file.read()), "rows")) == []
