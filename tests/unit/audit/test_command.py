# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words of the shell command, and its exit codes."""

from __future__ import annotations

import math

import pytest
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.command import (
    credentials,
    exit_code,
    order,
    parse,
    plan_text,
    policy,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.console import Lines
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import Policy
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.population import Listing
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.records import SEVERITIES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.run import Planned, Progress
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError

CANARY = "canary-5f3a9"
FOLDER = ("--folder", "audits")


def run(*words: str):
    return parse(["run", *FOLDER, *words])


def refusal(*words: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse(list(words))
    return str(caught.value)


@pytest.mark.parametrize("words", [(), ("audit",), ("run",), ("plan",), ("report",), ("run", "--folder")])
def test_a_command_needs_its_name_and_a_folder(words):
    assert "--help" in refusal(*words)


def test_what_is_not_said_has_the_careful_value():
    args = run()
    assert (args.full, args.resume, args.fail_on, args.deadline) == (False, True, "none", math.inf)
    assert (args.rate_limit_share, args.max_rate, policy(args, Policy())) == (0.5, None, Policy())


@pytest.mark.parametrize(
    "words",
    [
        ("--client-secret", CANARY),
        ("--client-secret=" + CANARY,),
        ("--api-token", CANARY),
        ("--private-key", CANARY),
        ("--token=" + CANARY,),
    ],
)
@pytest.mark.parametrize("command", ["plan", "run", "report"])
def test_a_secret_is_no_option_and_is_not_shown(command, words):
    said = refusal(command, *FOLDER, *words)
    assert "AUTH0_CLIENT_SECRET" in said and CANARY not in said


@pytest.mark.parametrize("words", [("--client-secre", CANARY), ("--secret=" + CANARY,), (CANARY,)])
def test_what_stands_beside_an_unknown_word_is_not_shown(words):
    assert CANARY not in refusal("run", *FOLDER, *words)


@pytest.mark.parametrize(
    "words, part",
    [
        (("--full", "--since", "R"), "not allowed with"),
        (("--client-secret-file", "a", "--private-key-file", "b"), "not allowed with"),
        (("--deadline", "15"), "'15'"),
        (("--deadline", "-1m"), "expected one argument"),
        (("--deadline=-1m",), "'-1m'"),
        (("--threads", "many"), "'many'"),
        (("--stale-days", "1.5"), "'1.5'"),
        (("--fail-on", "all"), "'all'"),
    ],
)
def test_a_value_that_cannot_be_right_is_named(words, part):
    assert part in refusal("run", *FOLDER, *words)


@pytest.mark.parametrize(
    "words", [("--threads", "0"), ("--threads", "65"), ("--stale-days", "0"), ("--weak-factors", "email,knock")]
)
def test_a_value_out_of_range_is_told_before_anything_is_sent(words):
    with pytest.raises(ConfigurationError):
        order(run(*words), "example.eu.auth0.com")


def test_the_words_make_the_order():
    words = ("--query", "x:y", "--since", "R", "--no-resume", "--threads", "4", "--stale-days", "10")
    made = order(run(*words, "--weak-factors", "phone, email,"), "example.eu.auth0.com")
    assert (made.tenant, made.scope.query, made.since, made.resume, made.threads) == (
        "example.eu.auth0.com",
        "x:y",
        "R",
        False,
        4,
    )
    assert (made.policy.stale_days, made.policy.never_used_days) == (10, 30)
    assert made.policy.weak_factors == ("email", "phone")


def test_an_hour_is_a_deadline():
    assert run("--deadline", "1h").deadline == 3600


@pytest.mark.parametrize("option", ["--user-ids-file", "--emails-file"])
def test_an_empty_list_is_nobody_and_not_everybody(tmp_path, option):
    (tmp_path / "list").write_text("# all have left\n")
    with pytest.raises(ConfigurationError, match="nobody"):
        order(run(option, str(tmp_path / "list")), "t")


def test_lists_are_taken_from_files(tmp_path):
    (tmp_path / "ids").write_bytes(b"\xef\xbb\xbfauth0|1\n")
    (tmp_path / "emails").write_text("a@example.com\nb@example.com\n")
    made = order(run("--user-ids-file", str(tmp_path / "ids"), "--emails-file", str(tmp_path / "emails")), "t")
    assert made.scope.user_ids == ("auth0|1",) and made.scope.emails == ("a@example.com", "b@example.com")


def test_standard_input_is_one_list_only():
    with pytest.raises(ConfigurationError, match="both"):
        order(run("--user-ids-file", "-", "--emails-file", "-"), "t")


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
@pytest.mark.parametrize("option", ["--client-secret-file", "--private-key-file"])
def test_a_secret_that_cannot_be_read_is_told_without_its_path(tmp_path, option, content):
    path = tmp_path / CANARY
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=option) as caught:
        credentials(run(option, str(path)), {})
    assert CANARY not in str(caught.value)


def test_a_secret_is_read_from_its_file_each_time(tmp_path):
    path = tmp_path / "secret"
    args = run("--client-secret-file", str(path), "--client-id", "m2m")
    for secret in ("first", "second"):
        path.write_text(secret + "\n")
        assert credentials(args, {"AUTH0_API_TOKEN": "no"})["client_secret"] == secret


def test_the_environment_says_what_no_option_does():
    environment = {
        "AUTH0_DOMAIN": "example.eu.auth0.com",
        "AUTH0_CLIENT_ID": "m2m",
        "AUTH0_CLIENT_SECRET": "s",
        "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY": "k",
    }
    given = credentials(run(), environment)
    assert (given["auth0_domain"], given["client_id"], given["client_secret"], given["private_key"]) == (
        "example.eu.auth0.com",
        "m2m",
        "s",
        None,
    )
    assert credentials(run("--auth0-domain", "d", "--client-id", "c"), environment)["client_id"] == "c"
    assert credentials(run("--base-url", "http://127.0.0.1:1"), environment)["auth0_domain"] is None


def test_an_algorithm_that_does_not_exist_is_told():
    with pytest.raises(ConfigurationError, match="HS256"):
        credentials(run(), {"AUTH0_CLIENT_ASSERTION_SIGNING_ALG": "HS256"})


@pytest.mark.parametrize(
    "found, fail_on, partial, code",
    [
        (None, "none", False, 0),
        (None, "none", True, 3),
        (None, "low", True, 3),
        ("high", "none", False, 0),
        ("high", "none", True, 3),
        ("high", "high", False, 1),
        ("high", "low", False, 1),
        ("high", "medium", True, 1),
        ("medium", "high", False, 0),
        ("medium", "high", True, 3),
        ("medium", "medium", False, 1),
        ("low", "medium", False, 0),
        ("low", "low", False, 1),
        ("critical", "high", False, 1),
        ("high", "critical", False, 0),
    ],
)
def test_the_exit_code_tells_findings_and_gaps(found, fail_on, partial, code):
    counted = {severity: int(severity == found) for severity in SEVERITIES}
    assert exit_code({"counted": counted, "partial": partial}, fail_on) == code


@pytest.mark.parametrize(
    "new, fail_on, code",
    [
        ({"high": 1}, "new:high", 1),
        ({"high": 1}, "new:critical", 0),
        ({"low": 2}, "new:medium", 0),
        ({}, "new:low", 0),
        ({}, "low", 1),
        (None, "new:low", 1),
    ],
)
def test_of_the_findings_only_the_new_ones_count_where_that_is_asked_for(new, fail_on, code):
    """Where nothing was compared, everything is new."""
    nothing = dict.fromkeys(SEVERITIES, 0)
    history = None if new is None else {"new": {**nothing, **new}}
    assert exit_code({"counted": {**nothing, "high": 3}, "history": history, "partial": False}, fail_on) == code


@pytest.mark.parametrize(
    "to_read, rate, part",
    [
        (0, None, "nothing has to be read"),
        (100, None, "not known yet"),
        (100, 10.0, "less than a minute, at 10.0 requests a second"),
        (601, 10.0, "up to 2 minutes"),
    ],
)
def test_a_plan_says_how_long_it_takes(to_read, rate, part):
    text = plan_text("t", Planned(Listing("export"), to_read, 7), rate)
    assert part in text and "To carry over from earlier runs: 7" in text and "Users: %d" % (to_read + 7) in text


def test_a_plan_that_may_miss_users_says_so():
    text = plan_text("t", Planned(Listing("search", 3, "The search stopped."), 10, 0), 1.0)
    assert "Users: at least 13" in text and "not listed by Auth0: 3" in text and "The search stopped." in text


def test_lines_come_with_each_phase_and_then_now_and_then():
    said, now = [], [0.0]
    lines = Lines(said.append, lambda: now[0])
    lines(Progress("listing"))
    for done in range(100, 161):
        lines(Progress("reading", done, 1000, 2))
        now[0] += 1
    lines(Progress("reporting", 160, 1000))
    assert said == [
        "Listing the users",
        "Reading the users: 100 of 1000, 2 unread",
        "Reading the users: 130 of 1000, 2 unread, 1.0 a second, 14 minutes left",
        "Reading the users: 160 of 1000, 2 unread, 1.0 a second, 14 minutes left",
        "Writing the reports",
    ]


def test_a_note_is_a_line_at_once():
    said, now = [], [0.0]
    lines = Lines(said.append, lambda: now[0])
    lines(Progress("reading", 0, 10))
    now[0] = 12.0
    lines(Progress("reading", 5, 10, note="Nobody could be read for 12 s."))
    assert said == ["Reading the users: 0 of 10", "Nobody could be read for 12 s."]
