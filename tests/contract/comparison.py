# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holding an answer against a recorded one: same keys, same masks, same omissions; ids, dates and secrets by form."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

# Values that are new in every run. A recorded value of one form demands an answer of the same form; the named group,
# where there is one, must be equal.
FORMS = {
    "authenticator id": r"(?P<kind>[a-z-]+)\|dev_[A-Za-z0-9]{16}",
    "user id": r"(?P<kind>auth0)\|[0-9a-f]{24}",
    "local user id": r"[0-9a-f]{24}",
    "Action, version or binding id": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "connection id": r"con_[A-Za-z0-9]{16}",
    "job id": r"job_[A-Za-z0-9]{16}",
    "time to the nanosecond": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "recovery code": r"[1-9A-HJ-NP-Z]{24}",
    "secret": r"[A-Z2-7]{32}",
    "ticket id": r"[A-Za-z0-9]{32}",
    "ticket address": r"https://[^/]+/mfa/enrollment\?ticket=[A-Za-z0-9]{32}",
    "sealed": r"(?P<kind>Fe26\.2)\*.{200,}",
    "replaced by the recorder": r"test-access-token",
}


def differences(recorded, actual, ids, where="body"):
    """What differs, as a list of texts. ``ids`` collects recorded ids with the ones that stand for them here."""
    if isinstance(recorded, dict) and isinstance(actual, dict):
        found = [f"{where}: missing key {key}" for key in recorded.keys() - actual.keys()]
        found += [f"{where}: additional key {key}" for key in actual.keys() - recorded.keys()]
        for key in recorded.keys() & actual.keys():
            found += differences(recorded[key], actual[key], ids, f"{where}.{key}")
        return found
    if isinstance(recorded, list) and isinstance(actual, list):
        if len(recorded) != len(actual):
            return [f"{where}: {len(recorded)} entries recorded, {len(actual)} here"]
        return [
            text
            for i, (one, other) in enumerate(zip(_in_order(recorded), _in_order(actual)))
            for text in differences(one, other, ids, f"{where}[{i}]")
        ]
    if isinstance(recorded, str) and isinstance(actual, str):
        return _text_differences(recorded, actual, ids, where)
    return [] if type(recorded) is type(actual) and recorded == actual else [f"{where}: {recorded!r} is {actual!r}"]


def _in_order(items):
    """The order of authentication methods is undocumented, so they are compared by type."""
    if all(isinstance(item, dict) and "type" in item for item in items):
        return sorted(items, key=lambda item: item["type"])
    return items


def _text_differences(recorded, actual, ids, where):
    if recorded.startswith("otpauth://"):
        return [] if _uri_shape(recorded) == _uri_shape(actual) else [f"{where}: {recorded} is {actual}"]
    for name, pattern in FORMS.items():
        one = re.fullmatch(pattern, recorded)
        if one is None:
            continue
        other = re.fullmatch(r".{20,}" if name.startswith("replaced") else pattern, actual)
        if other is None or one.groupdict() != other.groupdict():
            return [f"{where}: expected a {name} like {recorded}, got {actual}"]
        ids[recorded] = actual
        return []
    return [] if recorded == actual else [f"{where}: {recorded!r} is {actual!r}"]


def _uri_shape(uri):
    parts = urlsplit(uri)
    label = parts.path.count(":")
    return parts.scheme, parts.netloc, label, [name for name, _value in parse_qsl(parts.query)]
