# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option that is a list of users: all that is wrong in it is told at once, with its place."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence, TypeVar

from .auth0.wire.errors import ConfigurationError
from .mistakes import Mistakes
from .module import Part, check_type, check_visible, suggesting

Built = TypeVar("Built")
# The member that says where an entry comes from.
SOURCE = "source"
# What an entry has beside the options of its module.
WHO: Mapping[str, dict[str, Any]] = {"user_id": {"type": "str"}, "email": {"type": "str"}, SOURCE: {"type": "str"}}
# Where something is taken away, more users than this have to be allowed.
MOST_USERS = 25


def many_users(options: Mapping[str, dict[str, Any]], one_user_only: Sequence[str] = ()) -> Part:
    """The options of a task that can change many users.

    :param options: what each user may have of its own, by its argument spec, without defaults
    :param one_user_only: options of the module that cannot be used with many
    """
    return Part(
        {
            "users": {"type": "list", "elements": "dict", "options": {**WHO, **options}},
            "max_users": {"type": "int"},
        },
        mutually_exclusive=tuple(("users", option) for option in ("user_id", "email", *one_user_only)),
        required_by={"max_users": ("users",)},
        never_null=("users", "max_users"),
        entries=("users",),
    )


# Where users differ in nothing. Its documentation is in the fragment mfaops.auth0.connection.users.
USERS = many_users({})


def read_entries(
    name: str,
    given: object,
    spec: Mapping[str, dict[str, Any]],
    otherwise: Mapping[str, Any],
    never_null: Sequence[str],
    build: Callable[[str, Mapping[str, Any]], Built],
) -> list[Built]:
    """What is made of the entries, in their order. Sends nothing.

    :param name: of the option
    :param given: what the task says, before any conversion
    :param spec: of the members
    :param otherwise: the options of the task, which count where an entry says nothing
    :param never_null: members without which more would be done; secrets are such without being named
    :param build: makes of the place and the options of an entry what the task needs; its ConfigurationError is a mistake
    :raises ConfigurationError: something is wrong; all of it is told
    """
    from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

    if not isinstance(given, list):
        raise ConfigurationError("%s is not a list" % name, hint="Set it to a list of mappings, one for each user.")
    mistakes = Mistakes("%s cannot be used" % name)
    validator = ArgumentSpecValidator(dict(spec))
    secrets = [member for member, option in spec.items() if option.get("no_log")]
    found = []
    for number, each in enumerate(given):
        place = "%s[%d]" % (name, number)
        if not isinstance(each, Mapping):
            mistakes.add("Not a mapping", place)
            continue
        source = each.get(SOURCE)
        if isinstance(source, str) and source.strip():
            place = source
        wrong = _mistakes_in(each, spec, (*secrets, *never_null))
        if wrong:
            for mistake in wrong:
                mistakes.add(mistake, place)
            continue
        checked = validator.validate({**each})
        try:
            for message in checked.error_messages:
                raise ConfigurationError(suggesting(message))
            own = checked.validated_parameters
            check_visible(spec, own)
            options = {**otherwise, **{member: value for member, value in own.items() if value is not None}}
            found.append(build(place, options))
        except ConfigurationError as error:
            mistakes.add(str(error).rstrip("."), place)
    mistakes.check()
    return found


def _mistakes_in(entry: Mapping[Any, Any], spec: Mapping[str, dict[str, Any]], never_null: Sequence[str]) -> list[str]:
    """What is wrong before anything is converted."""
    wrong = []
    for member in entry:
        if member not in spec:
            import difflib

            near = difflib.get_close_matches(str(member), spec, 1)
            wrong.append("%r is not an option of a user%s" % (member, ". Did you mean %s?" % near[0] if near else ""))
    wrong += ["%s is null" % member for member in never_null if member in entry and entry[member] is None]
    for member, option in spec.items():
        try:
            if not option.get("choices"):
                check_type(member, option, entry.get(member))
        except ConfigurationError as error:
            wrong.append(str(error).rstrip("."))
    return wrong
