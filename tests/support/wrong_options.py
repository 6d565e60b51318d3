# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every option of every module with a value of every wrong type, while all secrets of the task are canaries.

Needs ansible-core only, so that it runs on every supported version:
``python -m tests.support.wrong_options SHARE`` prints what was tried, and what went wrong, as JSON.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import socket
import sys
import traceback
from importlib import import_module
from pathlib import Path
from unittest import mock

from ansible.module_utils import basic
from ansible.module_utils.common import warnings

try:
    from ansible.module_utils import _internal
    from ansible.module_utils.testing import patch_module_args

    on_a_host = mock.patch.object(_internal, "is_controller", False)
except ImportError:  # before ansible-core 2.19
    on_a_host = contextlib.nullcontext()

    def patch_module_args(options: dict) -> contextlib.AbstractContextManager:
        return mock.patch.object(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode())


MODULES = sorted(path.stem for path in Path(__file__).parents[2].joinpath("plugins", "modules").glob("auth0_*.py"))
PACKAGE = "ansible_collections.mfaops.auth0.plugins."
CANARY = "canary%d-5f3a9"


def canary(number: int) -> str:
    return CANARY % number


VALUES: dict[str, object] = {
    "text": canary(1),
    "empty text": "",
    "number": 8172635409,
    "octal": 0o12345,
    "huge number": 10**400,
    "fraction": 1.1,
    "huge fraction": 1e308,
    "truth": True,
    "list": [canary(1)],
    "empty list": [],
    "list of numbers": [1, 2.5, True, None],
    "nested list": [[canary(1)], [[canary(2)]]],
    "mapping": {"API_KEY": canary(1)},
    "secret as a name": {canary(1): "x"},
    "list of mappings": [{"API_KEY": canary(1)}],
    "nested mapping": {"a": {"b": [canary(1), {"c": canary(2)}]}},
    "misspelled members": [{"name": "API_KEY", "val": canary(1)}],
    "mapping as text": '{"API_KEY": "%s"}' % canary(1),
    "pairs as text": "API_KEY=%s" % canary(1),
    "null": None,
    "date": "2026-03-01",
}
# What is a text for a secret, and what only Ansible calls one.
NEVER_A_TEXT = (
    "fraction",
    "huge fraction",
    "truth",
    "list",
    "nested list",
    "mapping",
    "nested mapping",
    "list of mappings",
)
NEVER_A_SECRET = (*NEVER_A_TEXT, "number", "octal")


class RequestSent(ConnectionRefusedError):
    """A task got as far as its first request."""


def options_of(name: str) -> dict[str, dict]:
    """The argument spec of a module."""
    found = {}

    def keep(_task, *parts):
        for part in parts:
            found.update(part.options)

    module = import_module(PACKAGE + "modules." + name)
    with mock.patch.object(module, "run", keep):
        module.main()
    return found


def innocent(value: object) -> object:
    """The same value without canaries, for an option that is no secret."""
    return json.loads(json.dumps(value).replace("canary", "plain"))


def backgrounds(options: dict[str, dict]) -> list[dict]:
    """What stands beside the option: every secret there is, and as much as a task needs."""
    secrets = [name for name, option in options.items() if option.get("no_log")]
    every = {name: canary(10 + number) for number, name in enumerate(secrets)}
    if "secrets" in options:
        every["secrets"] = [{"name": "NAME_OF_ONE", "value": canary(40)}]
    place = {"base_url": "http://127.0.0.1:9", "client_id": "m2m", "max_wait": 0}
    needed = {"name": "mine", "code": "x", "email": "a@example.com", "factor": "otp"}
    little = {"client_secret": canary(3), **{name: value for name, value in needed.items() if name in options}}
    return [{**place, **every}, {**place, **little}]


def end_of(name: str, given: dict, verbose: bool) -> tuple[str, bool]:
    """What the module prints, and whether it wanted to send a request."""
    module = import_module(PACKAGE + "modules." + name)
    printed, asked = io.StringIO(), []

    def refuse(*address, **_options):
        asked.append(address)
        raise RequestSent("no network here")

    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AUTH0_"))}
    modes = {"_ansible_check_mode": True, "_ansible_inject_invocation": True, "_ansible_verbosity": 3 if verbose else 0}
    with (
        mock.patch.dict(os.environ, environment, clear=True),
        on_a_host,
        mock.patch.object(warnings, "_global_warnings", type(warnings._global_warnings)()),
        mock.patch.object(warnings, "_global_deprecations", type(warnings._global_deprecations)()),
        mock.patch.object(socket.socket, "connect", refuse),
        mock.patch.object(socket, "getaddrinfo", refuse),
        patch_module_args({**given, **modes}),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        module.main()
    return printed.getvalue(), bool(asked)


def problems_of(name: str, option: dict, kind: str, given: dict) -> list[str]:
    """What is wrong with how one case ends."""
    try:
        output, asked = end_of(name, given, True)
    except Exception:  # pylint: disable=broad-exception-caught
        return ["traceback: " + traceback.format_exc().strip().splitlines()[-1][:200]]
    found = []
    result = json.loads(output)
    if "canary" in output:
        place = output.index("canary")
        found.append("a canary is printed: " + output[max(place - 60, 0) : place + 20])
    # What is wrong with a file is told on a line of its own, as compilers do.
    further = [line for line in result.get("msg", "").strip().split("\n")[1:] if not re.match(r"\S.*:\d+:\d+: ", line)]
    if "Traceback" in output or further:
        found.append("more than one line: " + result.get("msg", "")[:200])
    is_text = option.get("type", "str") == "str" and not option.get("choices")
    if is_text and kind in (NEVER_A_SECRET if option.get("no_log") else NEVER_A_TEXT):
        if asked:
            found.append("a request was sent")
        if not result.get("failed"):
            found.append("it was taken for a text")
    return found


def campaign(share: float) -> dict:
    """Try a share of all cases, the same ones every time.

    :returns: the number of ``cases`` that were tried, of all ``there_are``, and the ``problems``
    """
    cases = []
    for name in MODULES:
        options = options_of(name)
        for option, spec in options.items():
            for kind, value in VALUES.items():
                # The names of an Action's secrets may be shown.
                secret = spec.get("no_log") or (option == "secrets" and kind != "secret as a name")
                given = value if secret else innocent(value)
                for background in backgrounds(options):
                    cases.append((name, option, spec, kind, {**background, option: given}))
    tried = cases if share >= 1 else random.Random(7).sample(cases, int(len(cases) * share))
    problems = [
        "%s: %s as %s: %s" % (name, option, kind, problem)
        for name, option, spec, kind, given in tried
        for problem in problems_of(name, spec, kind, given)
    ]
    return {"cases": len(tried), "there_are": len(cases), "problems": problems}


if __name__ == "__main__":
    print(json.dumps(campaign(float(sys.argv[1])), indent=1))
