# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tenant as new for every test, and the two sides a task can act from.

Tasks are run by ansible-playbook, or by the module in the process of the test where ``run_by("module")`` marks a test or a file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyotp
import pytest
import requests

from tests.emulator.launch import Running, start
from tests.support import in_process, playbook
from tests.support.documented import undocumented
from tests.support.playbook import Played

PASSWORD = "Correct-Horse-7"
REALM = "Username-Password-Authentication"
WRITES = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Tenant:
    """A running tenant, a folder to play in, and what runs the tasks."""

    running: Running
    folder: Path
    runner: Callable[..., Played] = playbook.play

    @property
    def operator(self) -> dict:
        """Options of a task that acts as operator."""
        return {"base_url": self.running.url, "client_id": "m2m", "client_secret": "m2m-secret"}

    @property
    def application(self) -> dict:
        """Options of a task that acts as the user, without the user."""
        return {"base_url": self.running.url, "client_id": "app", "client_secret": "app-secret"}

    def user(self, number: int, **options) -> dict:
        """Options of a task that acts as this user, by password."""
        return {**self.application, "username": email(number), "password": PASSWORD, "realm": REALM, **options}

    def play(self, defaults: dict, *tasks: dict, options: tuple[str, ...] = (), callback: str | None = None) -> Played:
        """Run tasks with these defaults. What their modules return is documented.

        :param callback: the plugin that prints, instead of Ansible's own
        """
        played = self.runner(self.folder, list(tasks), defaults, *options, callback=callback)
        for task, result in zip(tasks, played.results):
            assert undocumented(task, result) == [], task
        return played

    def results(self, defaults: dict, *tasks: dict) -> list[dict]:
        """The results of tasks with these defaults."""
        return self.play(defaults, *tasks).results

    def user_token(self, number: int) -> str:
        """What the user's login gives: an access token for the MFA API, or an mfa_token for a user with a factor."""
        answer = self.log_in(number)
        return answer.get("access_token") or answer["mfa_token"]

    def log_in(self, number: int, **fields) -> dict:
        """The answer to a login with the user's password, or to what is given."""
        body = {
            "grant_type": "http://auth0.com/oauth/grant-type/password-realm",
            "realm": REALM,
            "client_id": "app",
            "client_secret": "app-secret",
            "username": email(number),
            "password": PASSWORD,
            "audience": "https://%s/mfa/" % self.running.domain,
            **fields,
        }
        return requests.post(self.running.url + "/oauth/token", json=body, timeout=10).json()

    def operator_token(self, client: str = "m2m") -> str:
        """A token for the Management API."""
        body = {"grant_type": "client_credentials", "client_id": client, "client_secret": client + "-secret"}
        body["audience"] = "https://%s/api/v2/" % self.running.domain
        return requests.post(self.running.url + "/oauth/token", json=body, timeout=10).json()["access_token"]

    def post(self, path: str, body: dict, headers: dict | None = None):
        """A request of the application that does not go through our client."""
        credentials = {"client_id": "app", "client_secret": "app-secret"}
        answer = requests.post(self.running.url + path, json={**credentials, **body}, headers=headers, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def management(self, method: str, path: str, body: object = None):
        """A call of the Management API that does not go through our client."""
        headers = {"Authorization": "Bearer " + self.operator_token()}
        answer = requests.request(method, self.running.url + "/api/v2" + path, json=body, headers=headers, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def user_id(self, number: int) -> str:
        """The id of a seeded user."""
        return self.management("GET", "/users-by-email?email=" + email(number))[0]["user_id"]

    def methods(self, number: int) -> list[dict]:
        """What the Management API lists for a seeded user."""
        return self.management("GET", "/users/%s/authentication-methods" % self.user_id(number).replace("|", "%7C"))

    def forget_requests(self) -> None:
        """Start the request log anew."""
        self.running.control("DELETE", "requests")

    def requests(self, method: str = "", part: str = "") -> list[dict]:
        """The requests so far, of a method, with a part of the path."""
        logged = self.running.control("GET", "requests")
        return [entry for entry in logged if method in ("", entry["method"]) and part in entry["path"]]

    def writes(self, refused: bool = True) -> list[str]:
        """The requests that can change something; tokens are none of them.

        :param refused: whether those that Auth0 refused count as well
        """
        return writes_in(self.requests(), refused)

    def fault(self, **description) -> None:
        """Make the next requests go wrong."""
        self.running.control("POST", "faults", description)


def writes_in(log: list[dict], refused: bool = True) -> list[str]:
    """The requests of a log that can change something, as :meth:`Tenant.writes` tells them."""
    return [
        "%(method)s %(path)s" % entry
        for entry in log
        if entry["method"] in WRITES and not entry["path"].startswith("/oauth/token")
        if refused or entry["status"] is None or entry["status"] < 400
    ]


def email(number: int) -> str:
    """The address of a seeded user."""
    return "user%05d@example.com" % number


def code_of(secret: str, running: Running) -> str:
    """What an OTP app with this secret shows at the tenant's time."""
    from datetime import datetime

    return pyotp.TOTP(secret).at(datetime.fromisoformat(running.control("GET", "clock")["now"]))


RUNNERS = {"ansible-playbook": playbook.play, "module": in_process.play}


# What takes a tenant some seconds takes none, but where a test is about the waiting.
AT_ONCE = {"export-seconds": 0, "action-build-seconds": 0}
# The realistic preset, hurried: latency in the recorded proportions, of a millisecond; late search and log, compressed
# answers, IDs of requests and any order of methods as they are.
HURRIED = {**AT_ONCE, "action-bind-delay-seconds": 0, "latency-ms": 1, "method-order": "shuffled"}


@pytest.fixture(scope="session")
def emulator():
    """One process for all tests of a worker."""
    with start(users=20, switches=AT_ONCE) as running:
        yield running


def reset(request: pytest.FixtureRequest, emulator: Running) -> None:
    """Make the tenant as new for a test: as it started, or as a real one where ``realistic`` marks the test."""
    if request.node.get_closest_marker("realistic"):
        emulator.reset(preset="realistic", switches=HURRIED)
    else:
        emulator.reset()


@pytest.fixture
def tenant(request, emulator, tmp_path, monkeypatch):
    """A tenant as new, with 20 users; a test that needs other switches calls ``tenant.running.reset`` with them."""
    reset(request, emulator)
    # What the tasks of another test told of the tenant is no longer true.
    (tmp_path.parent / "runtime").mkdir(exist_ok=True)
    runtime = tmp_path.parent / "runtime" / tmp_path.name
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    mark = request.node.get_closest_marker("run_by")
    return Tenant(emulator, tmp_path, RUNNERS[mark.args[0] if mark else "ansible-playbook"])
