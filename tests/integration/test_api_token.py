# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mfaops.auth0.auth0_api_token against the embedded tenant, and what other modules do with its token."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

import pytest

from .conftest import email
from .test_failures import API_TOKEN, FACTOR, INFO

pytestmark = pytest.mark.run_by("module")


def grants(tenant) -> int:
    """How many tokens the tenant was asked for."""
    return len(tenant.requests("POST", "/oauth/token"))


def later(tenant, seconds: int) -> None:
    tenant.running.control("PUT", "clock", {"advance_seconds": seconds})


def test_a_token_has_its_scopes_and_its_end_by_the_tenants_clock(tenant):
    later(tenant, 7 * 86400)
    (shared,) = tenant.results(tenant.operator, {API_TOKEN: {}})
    assert "read:users" in shared["scopes"] and shared["changed"] is False
    now = datetime.fromisoformat(tenant.running.control("GET", "clock")["now"])
    lives = datetime.fromisoformat(shared["expires_at"].replace("Z", "+00:00")) - now
    assert timedelta(hours=23, minutes=59) < lives <= timedelta(hours=24)
    (shared,) = tenant.results({**tenant.operator, "client_id": "m2m-readonly"}, {API_TOKEN: {}})
    assert shared["failed"]


def test_a_token_is_kept_while_it_lasts_and_renewed_before_it_ends(tenant):
    (shared,) = tenant.results(tenant.operator, {API_TOKEN: {}})
    given = {**tenant.operator, "api_token": shared["access_token"]}
    kept, longer = tenant.results(given, {API_TOKEN: {}}, {API_TOKEN: {"min_validity": "2d"}})
    assert kept == shared and grants(tenant) == 2
    assert longer["access_token"] != shared["access_token"] and "less than min_validity" in str(longer["warnings"])
    later(tenant, 86400 - 300)
    (renewed,) = tenant.results(given, {API_TOKEN: {}})
    assert grants(tenant) == 3 and renewed["expires_at"] > shared["expires_at"]


def test_a_task_renews_an_expired_token_for_itself(tenant):
    token = tenant.operator_token()
    later(tenant, 2 * 86400)
    tenant.forget_requests()
    (result,) = tenant.results({**tenant.operator, "api_token": token}, {FACTOR: {"enabled": ["duo"]}})
    assert not result.get("failed"), result["msg"]
    assert result["changed"] and grants(tenant) == 1


@pytest.mark.parametrize(
    "client, options, says",
    [
        ("m2m-readonly", {}, "a token of that application is renewed"),
        ("m2m", {"client_secret": None}, "a token of that application is renewed"),
        ("m2m", {"client_secret": "wrong"}, "Could not get a token for client m2m"),
    ],
    ids=["a token of another application", "no credentials", "wrong credentials"],
)
def test_a_token_that_cannot_be_renewed_is_told(tenant, client, options, says):
    token = tenant.operator_token(client)
    later(tenant, 2 * 86400)
    tenant.forget_requests()
    given = {name: value for name, value in {**tenant.operator, **options}.items() if value is not None}
    (result,) = tenant.results({**given, "api_token": token}, {INFO: {"email": email(3)}})
    assert result["failed"] and says in result["msg"] and grants(tenant) == (1 if "Could not get" in says else 0)


def test_a_scope_that_the_token_lacks_is_told_and_no_other_token_is_fetched(tenant):
    given = {**tenant.operator, "api_token": tenant.operator_token("m2m-readonly")}
    tenant.forget_requests()
    (result,) = tenant.results(given, {FACTOR: {"enabled": ["duo"]}})
    assert result["required_scope"] == "update:guardian_factors" and grants(tenant) == 0


@pytest.mark.oldest
@pytest.mark.middle
@pytest.mark.run_by("ansible-playbook")
@pytest.mark.parametrize("callback", [None, "whole_results"])
def test_a_play_shares_one_token_that_is_not_there_yet_and_shows_only_why_there_is_none(tenant, callback):
    """Without ``no_log``, which would hide the error as well before ansible-core 2.19."""
    defaults = {**tenant.operator, "api_token": "{{ result_0.access_token | default(omit) }}"}
    refused = {API_TOKEN: {"client_secret": "canary", "api_token": "{{ omit }}"}}
    tasks = [{API_TOKEN: {}, "loop": [1, 2]}, refused, *({INFO: {"email": email(number)}} for number in (3, 4))]
    played = tenant.play(defaults, {API_TOKEN: {}}, *tasks, options=("-v",), callback=callback)
    shared, looped, wrong, *read = played.results
    assert not any(result.get("failed") for result in (shared, looped, *read)) and grants(tenant) == 2
    assert {each["access_token"] for each in looped["results"]} == {shared["access_token"]}
    assert "eyJ" not in played.output and "canary" not in played.output
    assert wrong["hint"] in played.output and (wrong["status"], wrong["error_code"]) == (401, "access_denied")


@pytest.mark.oldest
@pytest.mark.run_by("ansible-playbook")
def test_a_connection_that_shows_what_tasks_print_does_not_show_the_token(tenant):
    ssh = tenant.folder / "ssh"
    ssh.write_text(
        '#!/bin/sh\n# ssh to a machine that is this one: the command comes last.\neval "exec sh -c \\"\\${$#}\\""\n'
    )
    ssh.chmod(0o700)
    variables = {
        "ansible_connection": "ssh",
        "ansible_ssh_executable": str(ssh),
        "ansible_ssh_transfer_method": "piped",
        "ansible_python_interpreter": sys.executable,
    }
    played = tenant.runner(tenant.folder, [{API_TOKEN: {}}], tenant.operator, "-vvvv", variables=variables)
    assert played.results[0]["access_token"].startswith("eyJ") and "stdout and stderr censored" in played.output
    assert "eyJ" not in played.output
