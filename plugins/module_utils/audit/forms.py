# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether what is read back has the form in which it was stored: its members and their types, as the annotations say.

A million rows are read, so the checks are made once for each form, and look at classes alone.
"""

from __future__ import annotations

import dataclasses
import typing
from functools import cache
from types import NoneType, UnionType
from typing import Any, Callable, Iterable, Literal, Union

Check = Callable[[Any], bool]

# What rows of schema 2 lack, and findings of the first version that kept them.
_CAME_LATER = frozenset({"app_metadata", "before", "before_at", "acted"})


@cache
def check_of(form: Any) -> Check:
    """Tells whether plain JSON has a form.

    :param form: a TypedDict, or a dataclass whose members are plain
    """
    hints = typing.get_type_hints(form)
    if dataclasses.is_dataclass(form):
        fields = dataclasses.fields(form)
        needed = frozenset(
            each.name
            for each in fields
            if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
        )
    else:
        needed = form.__required_keys__ - _CAME_LATER
    plain = {name: classes for name, hint in hints.items() if (classes := _classes(hint)) is not None}
    others = {name: _check(hint) for name, hint in hints.items() if name not in plain}

    def check(value: Any) -> bool:
        if value.__class__ is not dict or not needed <= value.keys():
            return False
        for name, each in value.items():
            if name in plain:
                if each.__class__ not in plain[name]:
                    return False
            elif name not in others or not others[name](each):
                return False
        return True

    return check


def _classes(hint: Any) -> frozenset[type] | None:
    """The classes of the values, where these are all that the annotation says."""
    if hint in (str, bool, int):
        return frozenset({hint})
    if hint is float:
        return frozenset({float, int})  # JSON knows numbers alone
    if hint is NoneType:
        return frozenset({hint})
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, UnionType):
        found = [_classes(part) for part in parts]
        known = [classes for classes in found if classes is not None]
        return frozenset().union(*known) if len(known) == len(found) else None
    if _is_mapping(origin) and parts[1] is Any:
        return frozenset({dict})
    return None


def _check(hint: Any) -> Check:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if typing.is_typeddict(hint):
        return check_of(hint)
    if origin is Literal:
        return parts.__contains__
    if origin in (Union, UnionType):
        if len(parts) == 2 and parts[1] is type(None):
            return _optional(_check(parts[0]))
        return _any([_check(part) for part in parts])
    if origin is list:
        return _list(_classes(parts[0]), _check(parts[0]))
    if _is_mapping(origin):
        return _values(_check(parts[1]))
    classes = _classes(hint)
    if classes is None:
        raise TypeError("there is no check for %r" % (hint,))
    return _of(classes)


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, typing.Mapping)


def _of(classes: Iterable[type]) -> Check:
    def check(value: Any) -> bool:
        return value.__class__ in classes

    return check


def _optional(fits: Check) -> Check:
    def check(value: Any) -> bool:
        return value is None or fits(value)

    return check


def _any(checks: Iterable[Check]) -> Check:
    def check(value: Any) -> bool:
        return any(fits(value) for fits in checks)

    return check


def _list(classes: frozenset[type] | None, of_item: Check) -> Check:
    """
    :param classes: of the items, where these are all that counts
    """

    def check(value: Any) -> bool:
        if value.__class__ is not list:
            return False
        if not value:
            return True
        return all(map(of_item, value)) if classes is None else classes.issuperset(map(type, value))

    return check


def _values(of_value: Check) -> Check:
    def check(value: Any) -> bool:
        return value.__class__ is dict and all(map(of_value, value.values()))

    return check
