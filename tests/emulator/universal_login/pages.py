# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of Universal Login: plain, self-contained HTML forms that a person or a script can post."""

from __future__ import annotations

from html import escape

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem}"
    "label,fieldset{display:block;margin:.8rem 0}input[type=text],input[type=password]{width:100%;font:inherit}"
    "button{font:inherit;margin-right:.5rem}.error{color:#a00}code{overflow-wrap:anywhere}"
)


def login_page(login_id: str, name: str, error: str) -> bytes:
    """Name and password. Fields: ``state``, ``username``, ``password``."""
    return _page(
        "Log in",
        error,
        _form(
            login_id,
            f'<label>E-mail address <input type="text" name="username" value="{escape(name)}" autocomplete="username">'
            "</label>"
            '<label>Password <input type="password" name="password" autocomplete="current-password"></label>'
            "<button>Continue</button>",
        ),
    )


def challenge_page(
    login_id: str, methods: list[tuple[str, str]], chosen: str, notice: str, error: str, offers_remember: bool
) -> bytes:
    """The second step: an authenticator, its code, or the recovery code.

    Fields: ``state``, ``action`` (``send`` or ``verify``), ``authenticator_id``, ``code``, ``recovery_code``,
    ``rememberBrowser`` (``true`` or absent).

    :param methods: ids and labels of the authenticators to choose from.
    """
    choices = "".join(
        f'<label><input type="radio" name="authenticator_id" value="{escape(value)}"'
        f'{" checked" if value == chosen else ""}> {escape(label)}</label>'
        for value, label in methods
    )
    remember = (
        '<label><input type="checkbox" name="rememberBrowser" value="true"> Remember this browser for 30 days</label>'
        if offers_remember
        else ""
    )
    return _page(
        "Verify your identity",
        error,
        f"<p>{escape(notice)}</p>" if notice else "",
        _form(
            login_id,
            f"<fieldset><legend>Authenticator</legend>{choices}</fieldset>"
            '<label>Code <input type="text" name="code" inputmode="numeric" autocomplete="one-time-code"></label>'
            f'<label>Or recovery code <input type="text" name="recovery_code"></label>{remember}'
            '<button name="action" value="verify">Continue</button>'
            '<button name="action" value="send">Send a code or a notification</button>',
        ),
    )


def enrollment_page(login_id: str, secret: str, barcode_uri: str, error: str) -> bytes:
    """A first OTP app. Fields: ``state``, ``code``."""
    return _page(
        "Secure your account",
        error,
        f'<p>Add this key to an OTP app: <code id="secret">{escape(secret)}</code></p>'
        f"<p><code>{escape(barcode_uri)}</code></p>",
        _form(
            login_id,
            '<label>Code <input type="text" name="code" inputmode="numeric"></label><button>Continue</button>',
        ),
    )


def recovery_code_page(login_id: str, recovery_code: str) -> bytes:
    """The new recovery code, for the user to write down. Fields: ``state``."""
    return _page(
        "Almost there!",
        "",
        f'<p>Keep this recovery code: <code id="recovery-code">{escape(recovery_code)}</code></p>',
        _form(login_id, "<button>I have noted it, continue</button>"),
    )


def error_page(text: str) -> bytes:
    """An error that cannot be reported to the application."""
    return _page("Oops!, something went wrong", text)


def _form(login_id: str, content: str) -> str:
    return f'<form method="post"><input type="hidden" name="state" value="{escape(login_id)}">{content}</form>'


def _page(title: str, error: str, *parts: str) -> bytes:
    alert = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1>{alert}{''.join(parts)}</html>"
    ).encode()
