# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes the modules of tests start faster: a source file in a ZIP is compiled once, not twice for each task.

Ansible sends a module as a ZIP of sources. Python keeps no bytecode of these, and compiles each source once to find it and once more to run it
(python/cpython#141276): a third of what a task takes. Python runs this file when it starts with this folder in ``PYTHONPATH``. The code that runs is the
same; tests that live in a plain environment go without.
"""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import os
import sys
import zipimport

_FOLDER = os.path.join(os.path.abspath(os.path.join(__file__, *[os.pardir] * 4)), "build", "bytecode")
_compile = zipimport._compile_source


def _compiled(pathname, source):
    # In the ZIP, whose own path is another one for each task.
    place = pathname.rpartition(".zip" + os.sep)[2]
    key = hashlib.sha256(b"\0".join([importlib.util.MAGIC_NUMBER, place.encode(), source])).hexdigest()
    kept = os.path.join(_FOLDER, key)
    if os.path.exists(kept):
        with open(kept, "rb") as file:
            return marshal.load(file)
    code = _compile(pathname, source)
    os.makedirs(_FOLDER, exist_ok=True)
    partial = "%s.%d" % (kept, os.getpid())
    with open(partial, "wb") as file:
        marshal.dump(code, file)
    os.replace(partial, kept)
    return code


# With click, which only developers have, httpx imports the parts of a command line.
sys.modules["httpx._main"] = None
zipimport._compile_source = _compiled
