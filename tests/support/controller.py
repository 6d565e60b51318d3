# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a controller makes of the files that users import into it: a job's environment and its extra variables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples" / "controller"
CREDENTIAL_TYPE = json.loads((EXAMPLES / "credential_type.json").read_text())
# By the playbook that asks.
SURVEYS = {
    path.stem.removeprefix("survey_"): json.loads(path.read_text()) for path in sorted(EXAMPLES.glob("survey_*.json"))
}


def injected(**inputs: str) -> dict[str, str]:
    """The environment of a job whose credential was filled in so; a field that was left empty is not there."""
    templates = ImmutableSandboxedEnvironment(undefined=Undefined)
    return {
        name: templates.from_string(template).render(inputs)
        for name, template in CREDENTIAL_TYPE["injectors"]["env"].items()
    }


def extra_vars(playbook: str, **answers: Any) -> dict[str, Any]:
    """The variables of a job whose survey was answered so, and otherwise left as it was."""
    return {question["variable"]: question["default"] for question in SURVEYS[playbook]["spec"]} | answers
