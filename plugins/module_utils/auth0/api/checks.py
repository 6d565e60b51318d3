# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an ID, a code and a token must look like before it is sent."""

from __future__ import annotations

import re

from ..wire.errors import ConfigurationError
from ..wire.transport import is_sendable

# Seconds until Auth0 forgets a push that nobody answers.
LONGEST_PUSH = 300


def check_id(name: str, value: object) -> None:
    """Refuse what is not an ID. An empty one, or one that consists of dots, would address another resource.

    :param name: the option it came from, for the message
    :raises ConfigurationError: the value cannot be an ID
    """
    if isinstance(value, str) and value != value.strip():
        raise ConfigurationError(
            "%s %r begins or ends with a space or a line end" % (name, value), hint="Remove it: no ID has one there."
        )
    if isinstance(value, str) and "|" not in value and "@" in value:
        other = {"user_id": "email", "user_ids": "emails"}.get(name)
        raise ConfigurationError(
            "%s %r is an e-mail address, not an ID" % (name, value),
            hint="Name the user with %s instead." % other if other else "Set it to the ID.",
        )
    if not isinstance(value, str) or value.count("|") < 1 or not all(value.split("|", 1)):
        raise ConfigurationError(
            "%s %r is not an ID" % (name, value),
            hint="Write a kind, a pipe and a name, such as auth0|640b5a0ed3534be8b2db9dd3 or totp|dev_WzMZ2sZbUw1wbC2F.",
        )
    # A lone surrogate, which JSON can carry, cannot be sent. The last one stands where a character was lost.
    if any(ord(char) < 32 or ord(char) == 127 or 0xD800 <= ord(char) < 0xE000 or char == "\ufffd" for char in value):
        raise ConfigurationError(
            "%s contains characters that no ID has" % name, hint="Remove control characters and broken Unicode."
        )


def check_address(name: str, value: str) -> None:
    """Refuse what is not an e-mail address.

    :param name: the option it came from, for the message
    :raises ConfigurationError: the value cannot be an address
    """
    if value != value.strip():
        raise ConfigurationError(
            "%s %r begins or ends with a space or a line end" % (name, value),
            hint="Remove it: no address has one there.",
        )
    if "|" in value and "@" not in value:
        raise ConfigurationError(
            "%s %r is an ID, not an e-mail address" % (name, value),
            hint="Name the user with %s instead." % {"emails": "user_ids"}.get(name, "user_id"),
        )
    if not re.fullmatch(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+", value):
        raise ConfigurationError(
            "%s %r is not an e-mail address" % (name, value), hint="Write for instance user@example.com."
        )


def check_host_name(name: str, value: str) -> None:
    """Refuse what is not the name of a host. It goes into a header.

    :param name: the option it came from, for the message
    :raises ConfigurationError: the value cannot be a host's name
    """
    label = "(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
    if len(value) > 253 or not re.fullmatch(r"%s(?:\.%s)+" % (label, label), value):
        raise ConfigurationError(
            "%s %r is not a host name" % (name, value),
            hint="Write for instance login.example.com, without https:// and without a path.",
        )


def check_not_empty(**values: str | None) -> None:
    """Refuse an empty text. None is for options that were left out.

    :param values: by option
    :raises ConfigurationError: one is empty
    """
    for name, value in values.items():
        if value == "":
            raise ConfigurationError("%s is empty" % name, hint="Set it, or remove the option.")


def check_code(name: str, value: str) -> None:
    """Refuse what cannot be a code of 6 digits. A wrong code that is sent costs the user one of a few attempts an hour.

    :param name: the option it came from, for the message, which never quotes the value
    :raises ConfigurationError: not six digits
    """
    if not re.fullmatch(r"[0-9]{6}", value):
        raise ConfigurationError(
            "%s is not a code of 6 digits" % name,
            hint="Write the digits without spaces, and quote them, because YAML drops a leading zero otherwise.",
        )


def check_token(name: str, value: str) -> str:
    """The value, if it can be a token. It goes into a header.

    :param name: the option it came from, for the message; the value is never quoted
    :raises ConfigurationError: it is empty, or has characters that no token has
    """
    if not is_sendable(value):
        raise ConfigurationError(
            "%s is empty or has characters that no token has" % name,
            hint="Set it to the token alone, without quotes or spaces.",
        )
    return value
