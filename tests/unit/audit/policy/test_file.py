# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import pickle
import re
import sys
import textwrap
from datetime import date
from pathlib import Path

import pytest
import yaml
from ansible_collections.mfaops.auth0.plugins.module_utils.yaml_file import checked, document
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.file import load
from ansible_collections.mfaops.auth0.plugins.module_utils.yaml_file.checked import FileError
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.model import (
    ConnectionPolicy,
    Exemption,
    Member,
    People,
    Policy,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.profiles import PROFILES
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.policy.schema import published, schema
from ansible_collections.mfaops.auth0.plugins.module_utils.audit.rules import RULES
from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import ConfigurationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[4]
EXAMPLE = ROOT / "docs" / "examples" / "audit" / "policy.yml"
TODAY = date(2026, 11, 27)


@pytest.fixture
def policy_of(tmp_path):
    def make(text, **files):
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        path = tmp_path / "policy.yml"
        path.write_bytes(text if isinstance(text, bytes) else ("version: 1\n" + text).encode())
        return load(str(path), RULES, TODAY)

    return make


@pytest.fixture
def mistakes_of(policy_of, tmp_path):
    """The lines that tell what is wrong with a file, without its directory."""

    def told(text, **files):
        with pytest.raises(FileError) as caught:
            policy_of(text, **files)
        assert isinstance(caught.value, ConfigurationError)
        assert all(line in str(caught.value) for line in caught.value.lines)
        return [line.removeprefix(str(tmp_path) + os.sep) for line in caught.value.lines]

    return told


# What a policy says


def test_the_example_is_a_policy():
    policy = load(str(EXAMPLE), RULES, TODAY)
    assert policy == Policy(
        name="Example Corp",
        stale_days=45,
        stale_warning_days=30,
        never_used_days=30,
        never_used_warning_days=14,
        dormant_days=60,
        dormant_warning_days=45,
        severities={"unconfirmed": "medium"},
        grace_days=7,
        connections=(ConnectionPolicy("corp-*", "idp"), ConnectionPolicy("load-test", "none")),
        never_logged_in="out",
        excluded=People(emails=("*@load-test.example.com",)),
        privileged=People(
            ("auth0|5f7c8ec7c33c6c004bbafe82", "auth0|5f7c8ec7c33c6c004bbafe83"),
            app_metadata=(Member("staff.role", "admin"),),
        ),
        break_glass=People(emails=("emergency-1@example.com", "emergency-2@example.com")),
        exemptions=(
            Exemption(
                "weak-only",
                People(emails=("*@field.example.com",)),
                "Their tablets get security keys in spring",
                "security@example.com",
                date(2027, 4, 30),
            ),
        ),
    )
    assert Policy.from_row(json.loads(json.dumps(policy.as_row()))) == policy


def test_every_part_that_the_guide_shows_is_a_policy(policy_of):
    guide = (ROOT / "docs" / "docsite" / "rst" / "guide_policy.rst").read_text()
    blocks = re.findall(r"^\.\. code-block:: yaml\n\n((?:(?:   .*)?\n)+)", guide, re.MULTILINE)
    assert len(blocks) == 5
    for block in map(textwrap.dedent, blocks):
        policy_of(block.replace("version: 1", ""))
    profiles = re.findall(r"   \* - ``([a-z-]+)``\n     - (\d+)\n", guide)
    assert {name: int(days) for name, days in profiles} == {name: each.stale_days for name, each in PROFILES.items()}


def test_a_file_that_only_names_its_version_is_the_default(policy_of):
    assert policy_of("") == Policy()


def test_the_same_in_json(policy_of):
    assert policy_of(b'{"version":1,"off":["stale"],"grace_days":3}') == Policy(off=frozenset({"stale"}), grace_days=3)


@pytest.mark.parametrize("name, days", [("default", 90), ("pci", 90), ("cis", 45), ("fedramp-high", 35), ("stig", 35)])
def test_a_profile_has_the_days_of_its_standard(policy_of, name, days):
    policy = policy_of("profile: %s\n" % name)
    assert (policy.stale_days, policy.dormant_days, policy.name) == (days, days, name)
    assert set(PROFILES) == {"default", "pci", "cis", "fedramp-high", "stig"}


def test_what_the_file_says_overrides_the_profile(policy_of):
    policy = policy_of("profile: stig\nname: Ours\nthresholds: {stale: {days: 10}, too-many: {authenticators: 3}}\n")
    assert (policy.stale_days, policy.dormant_days, policy.too_many, policy.name) == (10, 35, 3, "Ours")


def test_a_warning_can_be_taken_away(policy_of):
    assert policy_of("thresholds: {stale: {warning_days: null}}").stale_warning_days is None


def test_a_list_that_is_empty_takes_away(policy_of):
    assert policy_of("weak_factors: []\noff: []\nconnections: []\nexemptions: []\n").weak_factors == ()


def test_ids_of_a_file_join_those_of_the_list(policy_of):
    policy = policy_of(
        "privileged: {user_ids: ['auth0|2', 'auth0|9'], user_ids_file: ids.txt}",
        **{"ids.txt": b"\xef\xbb\xbf# ours\r\nauth0|1 # boss\r\n\r\nauth0|2\r\n"},
    )
    assert policy.privileged.user_ids == ("auth0|2", "auth0|9", "auth0|1")


def test_an_ids_file_is_beside_the_policy_whatever_the_directory(policy_of, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert policy_of("exclude: {user_ids_file: ids}", ids=b"auth0|1").excluded.user_ids == ("auth0|1",)
    assert load("../policy.yml", RULES, TODAY).excluded.user_ids == ("auth0|1",)


@pytest.mark.parametrize(
    "text, value",
    [
        ("yes please", "yes please"),
        ("'yes'", "yes"),
        ("true", True),
        ("0o10", 8),
        ("0x1f", 31),
        ("-3", -3),
        ("~x", "~x"),
    ],
)
def test_values_are_those_of_yaml_1_2(policy_of, text, value):
    policy = policy_of("privileged: {app_metadata: [{path: a, value: %s}]}" % text)
    assert policy.privileged.app_metadata == (Member("a", value),)


@pytest.mark.parametrize("text", ["y", "n", "no", "On", "OFF", "yes", "1_000", "12:30", "0b1", "2026-12-24", "1.2.3"])
def test_what_older_yaml_takes_for_something_else_is_text_where_only_text_can_stand(policy_of, text):
    policy = policy_of(
        "name: %s\nconnections: [{name: %s, mfa: idp}]\nexemptions:\n"
        "- {users: {app_metadata: [{path: %s, value: 1}]}, reason: %s, owner: %s, expires: 2027-01-31}"
        % (text, text, text.replace(".", "-"), text, text)
    )
    (exemption,) = policy.exemptions
    assert (policy.name, policy.connections[0].name, exemption.owner, exemption.reason) == (text,) * 4


def test_off_is_a_name_and_a_date_needs_no_quotes(policy_of):
    policy = policy_of(
        "off: [stale]\nexemptions: [{users: {user_ids: ['auth0|1']}, reason: a, owner: b, expires: 2027-01-31}]"
    )
    assert policy.off == {"stale"} and policy.exemptions[0].expires == date(2027, 1, 31)


def test_an_exemption_that_expired_is_no_mistake(policy_of):
    text = "exemptions: [{users: {user_ids: ['auth0|1']}, reason: a, owner: b, expires: 2020-01-31}]"
    assert policy_of(text).exemptions[0].expires.year == 2020


# What is wrong with it

META = "privileged: {app_metadata: [{path: a, value: %s}]}"
EXEMPTION = "exemptions: [{users: {emails: [%s]}, reason: a, owner: b, expires: %s}]"


@pytest.mark.parametrize(
    "text, line",
    [
        # Names
        ("grace-days: 3", '2:1: unknown key "grace-days"; expected grace_days'),
        ("thresholds: {never_used: {days: 3}}", '2:14: unknown key "never_used"; expected never-used'),
        ("thresholds: {unconfirmed: {warning_days: 3}}", '2:28: unknown key "warning_days"; expected one of days'),
        ("zzz: 1", '2:1: unknown key "zzz"; expected one of version, name, profile,'),
        ("<<: {a: 1}", '2:1: unknown key "<<"; expected one of version'),
        ("off: [stail]", '2:7: off[0] is "stail"; expected stale'),
        ("severities: {stail: high}", '2:14: unknown key "stail"; expected stale'),
        ("severities: {stale: hihg}", '2:21: severities.stale is "hihg"; expected high'),
        ("severities: {stale: x}", '2:21: severities.stale is "x"; expected one of critical, high, medium, low'),
        ("weak_factors: [fone]", '2:16: weak_factors[0] is "fone"; expected phone'),
        ("weak_factors: [recovery-code]", '2:16: weak_factors[0] is "recovery-code"; expected one of duo, email'),
        ("profile: pcii", '2:10: profile is "pcii"; expected pci'),
        ("profile: CIS", '2:10: profile is "CIS"; expected cis'),
        ("connections: [{name: a, mfa: ipd}]", '2:30: connections[0].mfa is "ipd"; expected idp'),
        ("blocked: maybe", '2:10: blocked is "maybe"; expected one of in, out, aside'),
        # Types
        ("grace_days: x", '2:13: grace_days is "x"; expected a whole number from 0 to 3650'),
        ("grace_days: '3'", '2:13: grace_days is "3"; expected a whole number'),
        ("grace_days: 3.0", "2:13: grace_days is 3.0; expected a whole number"),
        ("grace_days: -1", "2:13: grace_days is -1; expected a whole number from 0 to 3650"),
        ("grace_days: true", "2:13: grace_days is true; expected a whole number"),
        ("grace_days: .inf", "2:13: grace_days is .inf; expected a whole number"),
        ("grace_days: %s" % ("9" * 5000), "2:13: grace_days is 999"),
        ("grace_days:", "2:1: grace_days is nothing; expected a whole number"),
        ("name: 5", "2:7: name is 5; expected text in quotes"),
        ("name: ' x'", '2:7: name is " x"; expected text with no blank at either end'),
        ("name: %s" % ("x" * 1001), "2:7: name has 1001 characters; expected at most 1000"),
        ("off: stale", '2:6: off is "stale"; expected a list'),
        ("off: {stale: true}", "2:6: off is a mapping; expected a list"),
        ("exclude: [a]", "2:10: exclude is a list; expected a mapping with user_ids,"),
        ("exclude: {}", "2:10: exclude is empty; expected one of user_ids,"),
        ("exclude: {emails: []}", "2:19: exclude.emails is empty; expected at least one entry"),
        ("break_glass:\n  # nobody\n", "2:1: break_glass is nothing; expected a mapping"),
        ("connections: [{name: a}]", "2:15: connections[0] lacks mfa; expected name, mfa"),
        (
            "privileged: {app_metadata: [{path: a..b, value: [1]}]}",
            "2:49: privileged.app_metadata[0].value is a list; expected text or a whole number or true or false",
        ),
        (
            "privileged: {app_metadata: [{path: .a, value: 1}]}",
            '2:36: privileged.app_metadata[0].path is ".a"; expected a path',
        ),
        # YAML 1.1
        ("blocked: no", '2:10: blocked is "no"; expected one of in, out, aside'),
        ("grace_days: 010", "2:13: 010 without quotes; expected text in quotes, or a number in decimal digits only"),
        ("grace_days: 1_000", '2:13: grace_days is "1_000"; expected a whole number'),
        ("grace_days: y", '2:13: grace_days is "y"; expected a whole number'),
        ("grace_days: 0o7777", "2:13: grace_days is 4095; expected a whole number from 0 to 3650"),
        (META % "no", '2:46: no without quotes; expected "no" in quotes, or false'),
        (META % "On", '2:46: On without quotes; expected "On" in quotes, or true'),
        (META % "1_000", "2:46: 1_000 without quotes; expected text in quotes, or a number"),
        (META % "12:30", "2:46: 12:30 without quotes; expected text in quotes, or a number"),
        (META % "017", "2:46: 017 without quotes; expected text in quotes, or a number"),
        ("name: 017", "2:7: name is 17; expected text in quotes"),
        ("name: 0o17", "2:7: name is 15; expected text in quotes"),
        ("name: true", "2:7: name is true; expected text in quotes"),
        ("name: ~", "2:7: name is nothing; expected text"),
        ("grace_days: !!int 3", '2:13: the tag "tag:yaml.org,2002:int"; expected a value without a tag'),
        ("name: !!python/name:os.system x", '2:7: the tag "tag:yaml.org,2002:python/name:os.system"; expected a value'),
        # Dates
        (
            EXEMPTION % ("a@b.c", "2027-02-30"),
            '2:71: exemptions[0].expires is "2027-02-30"; expected a day such as 2027-11-28',
        ),
        (EXEMPTION % ("a@b.c", "31.1.2027"), '2:71: exemptions[0].expires is "31.1.2027"; expected a day such as'),
        (EXEMPTION % ("a@b.c", "20270131"), "2:71: exemptions[0].expires is 20270131; expected a day such as"),
        (EXEMPTION % ("a@b.c", "2027-01-31T10:00:00Z"), '2:71: exemptions[0].expires is "2027-01-31T'),
        (
            EXEMPTION % ("a@b.c", "2027-11-29"),
            '2:71: "2027-11-29" is more than a year away; expected a day up to 2027-11-28',
        ),
        # What does not go together
        (
            "thresholds: {stale: {days: 30, warning_days: 30}}",
            "2:46: thresholds.stale.warning_days is 30; expected fewer than the 30 of days",
        ),
        (
            "profile: stig\nthresholds: {stale: {warning_days: 45}}",
            "3:36: thresholds.stale.warning_days is 45; expected fewer than the 35 of days",
        ),
        (
            "connections: [{name: a, mfa: idp}, {name: a, mfa: none}]",
            '2:43: the connection "a" a second time; expected it once: the first counts',
        ),
        # Who is meant
        (EXEMPTION % ("'*'", "2027-01-31"), '2:32: "*" fits everybody; expected fewer, or a rule'),
        (EXEMPTION % ("'*@*'", "2027-01-31"), '2:32: "*@*" fits everybody; expected fewer, or a rule'),
        ("exclude: {user_ids: ['*|*']}", '2:22: "*|*" fits everybody; expected a pattern that fits some of them'),
        ("break_glass: {emails: ['?*']}", '2:24: "?*" fits everybody; expected a pattern that fits some of them'),
        ("exclude: {user_ids: [a@b.c]}", '2:22: "a@b.c" is no user ID; expected an ID such as'),
        ("exclude: {emails: ['auth0|1']}", '2:20: "auth0|1" is no e-mail address; expected an address'),
        ("exclude: {emails: ['auth0|*']}", '2:20: "auth0|*" is no e-mail address; expected an address'),
        ("exclude: {user_ids: [5]}", "2:22: exclude.user_ids[0] is 5; expected text in quotes"),
        (
            "exclude: {user_ids_file: none.txt}",
            "2:26: none.txt: it cannot be read: No such file or directory; expected a file",
        ),
        ("exclude: {user_ids_file: .}", "2:26: .: this is a directory; expected a file"),
        ("exclude: {emails: ['*@*.*']}", '2:20: "*@*.*" fits everybody; expected a pattern that fits some of them'),
        # YAML itself
        ("name: a\nname: b", '3:1: the key "name" a second time; expected it once: line 2 has it'),
        ("name: *x", "2:7: the alias *x; expected the value itself: aliases are not allowed"),
        ("? [a]\n: b", "2:3: a key that is no text; expected the name of a setting"),
        ("name: a\n---\nname: b", "3:1: a second document; expected one document in the file"),
        ("exclude:\n\temails: [a]", "3:1: a tab; expected spaces: YAML allows no tabs there"),
        (
            "exclude: [a\nname: b",
            "3:5: while parsing a flow sequence: expected ',' or ']', but got ':', begun on line 2; expected YAML",
        ),
        ("off: " + "[" * 50, "2:17: more than 12 levels; expected fewer"),
        ("name: 'x", "2:9: while scanning a quoted scalar: found unexpected end of stream; expected YAML 1.2"),
        ("name: a\x00b", "2:8: the character \\x00; expected text without control characters"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_was_expected(mistakes_of, text, line):
    told = mistakes_of(text)
    assert any(each.startswith("policy.yml:" + line) for each in told), told


@pytest.mark.parametrize(
    "content, line",
    [
        (b"", "1:1: the file says nothing; expected a mapping that begins with version: 1"),
        (b"# nothing\n", "1:1: the file says nothing"),
        (b"---\n...\n", "1:1: the file says nothing"),
        (b"name: x", "1:1: the file lacks version; expected version"),
        (b"version: 2", "1:10: version is 2; expected 1"),
        (b"version: '1'", '1:10: version is "1"; expected 1'),
        (b"- version: 1", "1:1: the file is a list; expected a mapping with version,"),
        (b"hello", '1:1: the file is "hello"; expected a mapping with version,'),
        (b"%YAML 1.1\n---\nversion: 1", "2:1: the directive %YAML 1.1; expected YAML 1.2"),
        (b"version: 1\nname: \xe4", "2:7: the byte 0xe4; expected text in UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00", "1:1: the character \\x7f; expected text"),
        ("version: 1".encode("utf-16"), "1:1: this is UTF-16; expected text in UTF-8"),
        (b"\xef\xbb\xbfversion: 1\r\nname: 5\r\n", "2:7: name is 5; expected text in quotes"),
        (b"version: 1\n#" + b"x" * checked.LARGEST_FILE, "1:1: it is too large; expected at most 1000000 bytes"),
    ],
)
def test_a_file_that_is_no_policy_is_told(mistakes_of, content, line):
    assert mistakes_of(content)[0].startswith("policy.yml:" + line)


def test_a_bomb_of_anchors_is_told_without_going_off(mistakes_of):
    bomb = "a: &a [x, x]\n" + "".join("%s: &%s [*%s, *%s]\n" % (b, b, a, a) for a, b in zip("abcdefgh", "bcdefghi"))
    told = mistakes_of(bomb)
    assert "policy.yml:3:8: the alias *a; expected the value itself: aliases are not allowed" in told


def test_all_mistakes_are_told_in_the_order_of_the_file(mistakes_of):
    told = mistakes_of("off: [a]\nname: 5\ngrace_days: x\nexclude:\n  emails: ['*']\nx: 1\nname: 6")
    assert [line.split(":")[1] for line in told] == ["2", "3", "4", "6", "7", "8"]


def test_what_comes_before_a_mistake_of_the_syntax_is_told_too(mistakes_of):
    told = mistakes_of("grace_days: x\nconnections:\n  - name: a\n   mfa: idp\n")
    assert [line.split(":")[1] for line in told] == ["2", "5"]


@pytest.mark.parametrize(
    "text", ["blocked: [in]", "severities: {stale: 5}", "connections: [{}]", "off: [true]", "profile:", "version: 1.5"]
)
def test_a_mistake_is_told_once(mistakes_of, text):
    assert len(mistakes_of(("version: 1\n" + text if "version" not in text else text).encode())) == 1


def test_twenty_mistakes_are_told_and_how_many_more(mistakes_of):
    told = mistakes_of("off: [%s]" % ", ".join("rule%d" % number for number in range(25)))
    assert len(told) == 21 and told[-1] == "and 5 more"


def test_many_mistakes_of_one_kind_hide_no_other_kind(mistakes_of):
    keys = "".join("key%d: 1\n" % number for number in range(25))
    told = mistakes_of(
        keys + "blocked: maybe\nexemptions:\n  - {rule: stale, users: {emails: [a@example.com]}, reason: r, owner: o, "
        "expires: 2027-02-30}\n"
    )
    assert len(told) == 21 and told[-1] == "and 7 more"
    assert any("blocked" in line for line in told) and any("2027-02-30" in line for line in told)
    places = [tuple(map(int, line.split(":")[1:3])) for line in told[:-1]]
    assert places == sorted(places)


def test_a_list_may_not_be_endless(mistakes_of):
    ids = b"\n".join(b"auth0|%d" % number for number in range(10_001))
    told = mistakes_of("privileged: {user_ids_file: ids}", ids=ids)
    assert told == [
        "policy.yml:2:29: 10001 IDs are in ids; expected at most 10000; name them by a value in app_metadata"
    ]


@pytest.mark.parametrize(
    "content, line",
    [
        (b"# nobody\n", "policy.yml:2:29: nobody is in ids; expected one ID a line"),
        (b"auth0|1\nauth0|*\n", "ids:2:1: this is no user ID; expected one ID a line"),
        (b"auth0|1\n\nann@example.com\n", "ids:3:1: this is no user ID; expected one ID a line"),
        (b"auth0|1\n\xff", "ids:2:1: the byte 0xff; expected text in UTF-8"),
    ],
)
def test_a_mistake_in_a_file_of_ids_is_told(mistakes_of, content, line):
    assert mistakes_of("privileged: {user_ids_file: ids}", ids=content) == [line]


def test_a_file_of_secrets_is_not_shown(mistakes_of):
    told = mistakes_of("privileged: {user_ids_file: ids}", ids=b"AUTH0_CLIENT_SECRET=hunter2\n")
    assert len(told) == 1 and "hunter2" not in told[0]


def test_a_file_with_too_many_values_is_not_read_to_its_end(mistakes_of, monkeypatch):
    monkeypatch.setattr(document, "MOST_EVENTS", 50)
    told = mistakes_of("off: [%s]\nx: 1" % (", ".join(["stale"] * 60)))
    assert told == ["policy.yml:2:308: too many values; expected a shorter file"]


@pytest.mark.parametrize("package", ["ruamel.yaml", "jsonschema"])
def test_a_package_that_is_missing_is_named_with_the_command_that_installs_it(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        ConfigurationError, match="needs %s, which cannot be imported.*install '%s>=" % (package, package)
    ):
        load(str(EXAMPLE), RULES, TODAY)


@pytest.mark.parametrize(
    "name, wrong", [("", "this is a directory"), ("none", "it cannot be read"), ("a\0b", "it cannot be")]
)
def test_what_cannot_be_read_is_told(tmp_path, name, wrong):
    with pytest.raises(FileError, match=wrong):
        load(str(tmp_path / name), RULES, TODAY)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_one_may_not_read_is_told(tmp_path):
    (tmp_path / "policy.yml").touch(mode=0o000)
    with pytest.raises(FileError, match="Permission denied; expected a file that you may read"):
        load(str(tmp_path / "policy.yml"), RULES, TODAY)


def test_a_name_cannot_steer_the_terminal(mistakes_of):
    assert mistakes_of('"\\e[2J": 1\nname: "\\u202e "') == [
        'policy.yml:2:1: unknown key "\\x1b[2J"; expected one of %s' % ", ".join(schema(RULES)["properties"]),
        'policy.yml:3:7: name is "\\u202e "; expected text with no blank at either end',
    ]


def test_the_error_can_be_changed_and_sent_elsewhere(tmp_path):
    with pytest.raises(FileError) as caught:
        load(str(tmp_path / "none"), RULES, TODAY)
    for copy in (caught.value.replace(hint="x"), pickle.loads(pickle.dumps(caught.value))):
        assert isinstance(copy, FileError) and copy.lines == caught.value.lines
    assert caught.value.facts()["mistakes"] == list(caught.value.lines)


# Whatever stands in the file

SOUP = st.text("ab10-:,[]{}#&*!|>'\"%@`?~ \n\t\r\x00\x85\u2028é<=.", max_size=60)
KEYS = st.sampled_from(sorted(schema(RULES)["properties"]) + ["days", "stale", "emails", "users", "rule", "<<", "x"])
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.dates(),
    st.sampled_from(["in", "stale"]),
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


def only_typed_errors(path, content):
    path.write_bytes(content)
    try:
        policy = load(str(path), RULES, TODAY)
    except FileError as error:
        assert error.lines and all(str(path.parent) in line or line.startswith("and ") for line in error.lines)
    else:
        assert Policy.from_row(json.loads(json.dumps(policy.as_row()))) == policy


FUZZ = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@FUZZ
@given(SOUP)
def test_any_text_is_a_policy_or_a_typed_error(tmp_path, text):
    only_typed_errors(tmp_path / "policy.yml", ("version: 1\n" + text).encode())
    only_typed_errors(tmp_path / "policy.yml", text.encode())


@FUZZ
@given(st.binary(max_size=40))
def test_any_bytes_are_a_policy_or_a_typed_error(tmp_path, content):
    only_typed_errors(tmp_path / "policy.yml", content)


@FUZZ
@given(st.data())
def test_a_policy_with_any_part_replaced_is_a_policy_or_a_typed_error(tmp_path, data):
    text = EXAMPLE.read_text()
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(begin + 30, len(text))))
    changed = text[:begin] + data.draw(SOUP) + text[end:]
    only_typed_errors(tmp_path / "policy.yml", changed.encode())


@FUZZ
@given(st.dictionaries(KEYS, TREES, max_size=5))
def test_any_tree_is_a_policy_or_a_typed_error(tmp_path, tree):
    text = yaml.safe_dump({"version": 1, **tree}, allow_unicode=True)
    only_typed_errors(tmp_path / "policy.yml", text.encode("utf-8", "surrogatepass"))


# The schema


def test_the_published_schema_is_the_one_that_is_used():
    file = ROOT / "docs" / "schemas" / "policy.schema.json"
    if os.environ.get("WRITE_SCHEMAS"):
        file.write_text(published(RULES))
    assert file.read_text() == published(RULES), "Run this test with WRITE_SCHEMAS=1, and see what changed."


def test_the_schema_is_one():
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema(RULES))
