# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How hypothesis looks for examples: without a deadline, because the machine may be busy."""

import os

from hypothesis import Phase, settings

settings.register_profile("tests", deadline=None)
# For tools/mutants.py: any failing example will do, and two runs have to agree.
settings.register_profile(
    "mutants", deadline=None, phases=(Phase.explicit, Phase.generate), derandomize=True, database=None
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "tests"))
