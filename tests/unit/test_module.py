# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module gets from its parts, what the environment adds, and how a run ends."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.wire.errors import (
    BadRequestError,
    ConfigurationError,
    TransportError,
)
from ansible_collections.mfaops.auth0.plugins.module_utils.module import (
    CONNECTION,
    ENVIRONMENT,
    TARGET,
    USER,
    Part,
    check_nulls,
    for_renewal,
    from_environment,
    module_arguments,
    run,
)
from ansible_collections.mfaops.auth0.plugins.modules.auth0_mfa_authenticator_info import MANY_USERS

OWN = Part(
    {"state": {"type": "str", "choices": ["there", "gone"]}, "id": {"type": "str"}, "name": {"type": "str"}},
    required_one_of=(("id", "name"),),
    required_if=(("state", "there", ("name",)),),
)
SHARED = (CONNECTION, TARGET, USER, MANY_USERS)


@pytest.fixture
def result_of(capsys):
    """Runs a task as a module of these parts; what it prints for Ansible."""

    def end(task, options=None, parts=(CONNECTION,)):
        with patch_module_args(options), pytest.raises(SystemExit) as ended:
            run(task, *parts)
        result = json.loads(capsys.readouterr().out)
        assert ended.value.code == (1 if result.get("failed") else 0)
        return result

    return end


@pytest.mark.parametrize(
    "options, message",
    [
        pytest.param(
            {"client_secret": "SECRET", "private_key": "KEY"},
            "mutually exclusive: client_secret|private_key",
            id="two credentials of the application",
        ),
        pytest.param({"user_id": "a", "email": "b"}, "mutually exclusive: user_id|email", id="one user named twice"),
        pytest.param(
            {"mfa_token": "TOKEN", "username": "b", "password": "PASSWORD"},
            "mutually exclusive: mfa_token|username",
            id="a user's token and name",
        ),
        pytest.param({"username": "a"}, "required together: username, password", id="name without password"),
        pytest.param({"password": "PASSWORD"}, "required together: username, password", id="password without name"),
        pytest.param({"otp": "123456"}, "missing parameter(s) required by 'otp': username", id="otp without login"),
        pytest.param({"realm": "a"}, "missing parameter(s) required by 'realm': username", id="realm without login"),
        pytest.param(
            {"email": "a", "emails": ["b"]},
            "mutually exclusive: emails|query|user_id|email",
            id="one address and many",
        ),
        pytest.param(
            {"user_id": "a", "user_ids": ["b"]},
            "mutually exclusive: user_ids|query|user_id|email",
            id="one ID and many",
        ),
        pytest.param(
            {"query": "*", "user_ids": ["b"]},
            "mutually exclusive: user_ids|query|user_id|email",
            id="a search and IDs",
        ),
        pytest.param(
            {"query": "*", "emails": ["b"]},
            "mutually exclusive: emails|query|user_id|email",
            id="a search and addresses",
        ),
        pytest.param(
            {"user_ids": ["a"], "mfa_token": "TOKEN"},
            "mutually exclusive: user_ids|query|mfa_token|username",
            id="IDs and a user's token",
        ),
        pytest.param(
            {"emails": ["a"], "username": "b", "password": "PASSWORD"},
            "mutually exclusive: emails|query|mfa_token|username",
            id="addresses and a user's name",
        ),
    ],
)
def test_every_rule_of_a_shared_part_reaches_ansible(result_of, options, message):
    result = result_of(lambda session: pytest.fail("the task ran"), options, SHARED)
    assert message in result["msg"]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"client_id": "a", "client_secret": "b", "user_id": "c"}, id="operator"),
        pytest.param({"username": "a", "password": "b", "realm": "c", "otp": "123456"}, id="user"),
        pytest.param({"user_ids": ["a"], "emails": ["b"]}, id="IDs and addresses"),
    ],
)
def test_options_that_go_together_are_accepted(result_of, options):
    assert not result_of(lambda session: {"changed": False}, options, SHARED).get("failed")


@pytest.mark.parametrize(
    "options, message",
    [
        pytest.param({}, "one of the following is required: id, name", id="one of several"),
        pytest.param(
            {"id": "a", "state": "there"},
            "state is there but all of the following are missing: name",
            id="an option that a state requires",
        ),
        pytest.param({"id": "a", "state": "else"}, "must be one of: there, gone", id="a value that is no choice"),
        pytest.param({"id": "a", "state": "gonne"}, "got: gonne. Did you mean gone?", id="a misspelled choice"),
        pytest.param({"id": "a", "mail": "b"}, "Unsupported parameters", id="an option of another part"),
    ],
)
def test_every_rule_of_an_own_part_reaches_ansible(result_of, options, message):
    result = result_of(lambda session: pytest.fail("the task ran"), options, (CONNECTION, OWN))
    assert message in result["msg"]


@pytest.mark.parametrize("password", ["", "us:canary@"])
def test_the_proxy_that_failed_has_its_name_and_never_its_password(result_of, password):
    def task(session):
        raise TransportError("Could not reach %s" % session.connection.proxy)

    address = "http://%sproxy.example.com:3128" % password
    result = result_of(task, {"auth0_domain": "a.example.com", "proxy": address})
    assert "http://proxy.example.com:3128 (proxy)" in result["msg"] and "canary" not in str(result)


def test_an_option_with_requirements_in_two_parts_needs_both():
    parts = (Part({"a": {}}, required_by={"a": ("b",)}), Part({"b": {}, "c": {}}, required_by={"a": ("c",)}))
    assert module_arguments(parts)["required_by"] == {"a": ["b", "c"]}


def test_a_run_ends_with_the_result_of_its_task(result_of):
    result = result_of(lambda session: {"changed": not session.check_mode, "user": session.params["auth0_domain"]})
    assert (result["changed"], result["user"]) == (True, None)


def test_a_task_sees_check_mode(result_of):
    options = {"_ansible_check_mode": True}
    assert result_of(lambda session: {"changed": not session.check_mode}, options)["changed"] is False


@pytest.mark.parametrize("wanted", [True, False], ids=["diff mode", "no diff mode"])
def test_a_diff_is_shown_in_diff_mode_only(result_of, wanted):
    result = result_of(lambda session: {"diff": {"before": "a", "after": "b"}}, {"_ansible_diff": wanted})
    assert ("diff" in result) is wanted


def test_a_warning_of_a_task_is_ansibles(result_of, monkeypatch):
    warnings = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda module, text: warnings.append(text))
    result_of(lambda session: session.warn("Look here\n\x1b") or {})
    assert warnings == ["Look here\\x0a\\x1b"]


@pytest.mark.parametrize("fails", [False, True], ids=["success", "failure"])
def test_only_the_secrets_that_a_result_hands_out_are_in_it(result_of, fails):
    def task(session):
        session.secrets.answer({"access_token": "canary-bearer", "recovery_code": "NEWCODE1", "secret": "SEEDSEED"})
        result = {"said": "it is canary-bearer, NEWCODE1", "recovery_code": "NEWCODE1", "barcode_uri": "x=SEEDSEED"}
        if fails:
            raise BadRequestError("It is canary-bearer", progress=result)
        return result

    result = result_of(task)
    assert "canary" not in str(result)
    assert (result["recovery_code"], result["barcode_uri"]) == ("NEWCODE1", "x=SEEDSEED")


def test_what_was_given_is_not_handed_out_again(result_of, monkeypatch):
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", "canary-secret")
    result = result_of(lambda session: {"recovery_code": "canary-secret", "a": session.params["client_secret"]})
    assert "canary" not in str(result)


def test_a_diff_shows_no_secret_in_any_form(result_of):
    def task(session):
        session.secrets.add('can"ary-secret')
        return {"diff": {"before": "", "after": 'code: can\\"ary-secret\nother'}}

    assert result_of(task, {"_ansible_diff": True})["diff"]["after"] == "code: ********\nother"


HIDDEN = "\x1b[2J \x9b \u202e \u2066 \u200b \u2028 \x85 \ufeff \r \n"


def is_safe(text):
    return text.isprintable() and "\\x1b[2J \\x9b \\u202e \\u2066 \\u200b \\u2028 \\x85 \\ufeff" in text


@pytest.mark.parametrize("where", ["msg", "progress", "result", "name of a member"])
def test_a_text_of_the_tenant_cannot_steer_the_terminal(result_of, where):
    def task(session):
        if where == "msg":
            raise BadRequestError("Two are named " + HIDDEN)
        if where == "progress":
            raise BadRequestError("No", progress={"users": [{"name": HIDDEN}]})
        return {"users": [{"name": HIDDEN} if where == "result" else {HIDDEN: "x"}]}

    result = result_of(task)
    ((name, value),) = {"msg": result.get("msg")}.items() if where == "msg" else result["users"][0].items()
    assert is_safe(name if where == "name of a member" else value)


def test_an_error_that_tells_several_things_has_a_line_for_each_and_no_other(result_of):
    class Several(BadRequestError):
        def told(self):
            return ("Two things:", "one" + HIDDEN, "two")

    def task(session):
        raise Several("No")

    first, second, third = result_of(task)["msg"].split("\n")
    assert (first, third) == ("Two things:", "two") and second.startswith("one") and is_safe(second)


def test_a_diff_and_a_picture_have_lines_and_nothing_else(result_of):
    shown = {"diff": {"after": "a\n\tb\r\x1b"}, "enrollment": {"qr_text": "#\n#"}}
    result = result_of(lambda session: shown, {"_ansible_diff": True})
    assert result["diff"]["after"] == "a\n\tb\\x0d\\x1b"
    assert result["enrollment"]["qr_text"] == "#\n#"


NAMED = Part(
    {
        "name": {"type": "str"},
        "code": {"type": "str"},
        "names": {"type": "list", "elements": "str"},
        "pairs": {"type": "list", "elements": "dict", "options": {"key": {"type": "str"}}},
    }
)


@pytest.mark.parametrize(
    "options",
    [{"name": "a\n"}, {"name": "a\x1bb"}, {"names": ["a", "\u202e"]}, {"pairs": [{"key": "\x9b"}]}],
    ids=["line break", "escape", "in a list", "in an option of an option"],
)
def test_an_option_with_hidden_characters_is_refused(result_of, options):
    result = result_of(lambda session: pytest.fail("the task ran"), options, (CONNECTION, NAMED))
    assert "cannot be seen: \\" in result["msg"] and result["msg"].isprintable()


def test_code_and_secrets_may_have_lines(result_of):
    options = {"code": "a\nb", "client_secret": "a\tb", "name": "Ünïcödé 日本　語"}
    assert not result_of(lambda session: {}, options, (CONNECTION, NAMED)).get("failed")


def test_an_error_of_the_client_is_a_failure_with_its_facts(result_of):
    def task(session):
        raise BadRequestError("No", status=400, code="invalid_body", hint="Try again.")

    result = result_of(task)
    assert result["msg"] == "No (status 400, invalid_body). Try again."
    assert (result["failed"], result["status"], result["error_code"]) == (True, 400, "invalid_body")


def test_a_missing_library_is_named_with_its_version(result_of):
    def task(session):
        raise ModuleNotFoundError("No module named 'segno'", name="segno.encoder")

    assert "-m pip install 'segno>=1.6'" in result_of(task)["msg"]


def test_another_missing_import_is_an_error_of_ours():
    def task(session):
        raise ModuleNotFoundError("No module named 'ours'", name="ours")

    with patch_module_args(), pytest.raises(ModuleNotFoundError):
        run(task, CONNECTION)


NOTHING = {name: None for name in ("auth0_domain", "base_url", *ENVIRONMENT)}
EVERY_VARIABLE = {variable: variable.lower() for variable in ("AUTH0_DOMAIN", *ENVIRONMENT.values())}
CUSTOM = {"AUTH0_DOMAIN": "a.example.com", "AUTH0_BASE_URL": "https://login.example.com"}
LOOPBACK = {"AUTH0_DOMAIN": "a.example.com", "AUTH0_BASE_URL": "http://127.0.0.1:8090"}


@pytest.mark.parametrize(
    "given, environment, added",
    [
        pytest.param({}, {}, {}, id="nothing there"),
        pytest.param(
            {},
            EVERY_VARIABLE,
            {"auth0_domain": "auth0_domain", "api_token": "auth0_api_token"},
            id="one credential of several",
        ),
        pytest.param({}, {"AUTH0_CLIENT_SECRET": "s"}, {"client_secret": "s"}, id="the only credential"),
        pytest.param({}, {"AUTH0_CLIENT_SECRET": ""}, {}, id="empty variable"),
        pytest.param(
            {"client_secret": "mine"},
            EVERY_VARIABLE,
            {"auth0_domain": "auth0_domain"},
            id="no credential beside the task's secret",
        ),
        pytest.param(
            {"private_key": "mine"},
            EVERY_VARIABLE,
            {"auth0_domain": "auth0_domain"},
            id="no credential beside the task's key",
        ),
        pytest.param(
            {"api_token": "mine", "auth0_domain": "mine.example.com"},
            EVERY_VARIABLE,
            {},
            id="the task says everything",
        ),
        pytest.param(
            {"api_token": "mine", "base_url": "https://login.example.com"},
            EVERY_VARIABLE,
            {"auth0_domain": "auth0_domain"},
            id="the tenant of a custom domain",
        ),
        pytest.param(
            {"api_token": "mine", "base_url": "http://127.0.0.1:8090"}, EVERY_VARIABLE, {}, id="no tenant on loopback"
        ),
        pytest.param(
            {},
            CUSTOM,
            {"auth0_domain": "a.example.com", "base_url": "https://login.example.com"},
            id="a custom domain of the environment",
        ),
        pytest.param({}, LOOPBACK, {"base_url": "http://127.0.0.1:8090"}, id="the environment's tenant on loopback"),
        pytest.param(
            {"auth0_domain": "b.example.com"}, CUSTOM, {}, id="no address of another tenant beside the task's domain"
        ),
        pytest.param(
            {"base_url": "https://mine.example.com"},
            CUSTOM,
            {"auth0_domain": "a.example.com"},
            id="no address beside the task's",
        ),
    ],
)
def test_the_environment_adds_only_what_the_task_leaves_open(given, environment, added):
    assert from_environment({**NOTHING, **given}, environment) == added


@pytest.mark.parametrize(
    "given, environment, added",
    [
        pytest.param({"api_token": "t"}, EVERY_VARIABLE, {"client_secret": "auth0_client_secret"}, id="the first"),
        pytest.param(
            {"api_token": "t"}, {"AUTH0_CLIENT_ASSERTION_PRIVATE_KEY": "k"}, {"private_key": "k"}, id="the only one"
        ),
        pytest.param({"api_token": "t", "private_key": "mine"}, EVERY_VARIABLE, {}, id="none beside the task's key"),
        pytest.param({"api_token": "t", "client_secret": ""}, EVERY_VARIABLE, {}, id="none beside an empty secret"),
        pytest.param({}, EVERY_VARIABLE, {}, id="none without a token"),
        pytest.param({"api_token": "t"}, {}, {}, id="nothing there"),
    ],
)
def test_the_environment_adds_what_renews_a_token(given, environment, added):
    assert for_renewal({**NOTHING, **given}, environment) == added


def test_a_user_who_logs_in_gets_no_credential_that_renews_the_operators_token(result_of, monkeypatch):
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", "canary-secret")
    options = {"auth0_domain": "a.example.com", "client_id": "app", "api_token": "t", "mfa_token": "m"}

    def task(session):
        return {"as the user": session.params["client_secret"], "other": session.operator_options["client_secret"]}

    result = result_of(task, options, (CONNECTION, USER))
    assert result["as the user"] is None and result["other"] != "canary-secret"


@pytest.mark.parametrize("fails", [False, True], ids=["success", "failure"])
def test_what_was_given_is_handed_out_in_one_member_alone(result_of, fails):
    def task(session):
        session.hand_out("canary-token", "access_token")
        result = {"access_token": "canary-token"}
        if fails:
            raise BadRequestError("It is canary-token")
        return result

    result = result_of(task, {"api_token": "canary-token"})
    assert str(result).count("canary") == (0 if fails else 1) and (fails or result["access_token"] == "canary-token")


@pytest.mark.parametrize("name", ["mfa_token", "api_token", "client_secret", "private_key", "password", "otp"])
def test_a_null_where_a_secret_was_meant_is_an_error_and_not_another_role(name):
    with pytest.raises(ConfigurationError, match="%s is null" % name) as caught:
        check_nulls(("email", name), (CONNECTION, USER))
    assert "omit" in caught.value.hint


def test_a_null_for_secrets_by_name_is_an_error_too():
    named = Part(
        {"secrets": {"type": "raw", "no_log": False}, "dependencies": {"type": "raw"}}, named_secrets=("secrets",)
    )
    check_nulls(("dependencies",), (CONNECTION, named))
    with pytest.raises(ConfigurationError, match="^secrets is null"):
        check_nulls(("secrets", "dependencies"), (CONNECTION, named))


@pytest.mark.parametrize("options", [("username",), ("authenticator_id", "factor"), ("phone_number",), ("selector",)])
def test_a_null_that_would_widen_a_removal_or_change_who_acts_is_an_error(result_of, options):
    removal = Part(
        {name: {"type": "str"} for name in ("authenticator_id", "factor", "phone_number", "selector")},
        never_null=("authenticator_id", "factor", "phone_number", "selector"),
    )
    given = {"email": "a@example.com", "password": "PASSWORD", **dict.fromkeys(options)}
    if "username" not in options:
        del given["password"]
    result = result_of(lambda session: {}, given, (CONNECTION, TARGET, USER, removal))
    assert (
        result["failed"]
        and "%s %s null" % (" and ".join(options), "is" if len(options) == 1 else "are") in result["msg"]
    )


@pytest.mark.parametrize("option", ["base_url", "auth0_domain"])
def test_an_address_that_may_hold_a_password_is_not_in_the_invocation(result_of, option):
    printed = str(
        result_of(lambda session: {"changed": bool(session.connection)}, {option: "https://u:canary@example.com"})
    )
    assert "'failed': True" in printed and "canary" not in printed


def test_a_blank_secret_leaves_the_message_as_it_is(result_of):
    def task(session):
        raise BadRequestError("No token is blank")

    assert "No token is blank" in result_of(task, {"mfa_token": " "}, (CONNECTION, USER))["msg"]


def test_a_null_of_another_option_is_as_if_it_was_not_given():
    check_nulls(("email", "realm"), (CONNECTION, USER))
