# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write docs/schemas/ anew from the forms in the audit: .venv/bin/python tools/schemas.py"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "build" / "collections"))

from ansible_collections.mfaops.auth0.plugins.module_utils.audit.schemas import FORMS, published  # noqa: E402

for name in FORMS:
    (ROOT / "docs" / "schemas" / (name + ".schema.json")).write_text(published(name), encoding="utf-8")
