# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``report.html``: one page that needs neither a network nor JavaScript. What it says is in ``page_model``."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from ...auth0.wire.errors import visible
from ..records import ChangeRow, ShownFinding, Summary
from ..words import grouped, plural
from .page_model import PageModel, page_model, rows_in_order, shown_text
from .page_template import PAGE, ROW, SCRIPT, STYLE

if TYPE_CHECKING:
    from jinja2 import Template

# The page is not larger than this, whatever the tenant has.
LARGEST = 300_000
# So many findings of each rule are shown, and whether with the IDs of their users: the first of these that fits.
_FORMS = ((100, True), *((per_rule, False) for per_rule in (100, 90, 80, 70, 60, 50, 40, 30, 20, 10, 5)))
# So many of them, the worst, are printed: they fit on six pages with all the rest.
_PRINTED = 240


def page(
    figures: Summary,
    worst: Mapping[str, Sequence[ShownFinding]],
    changes: Sequence[ChangeRow] = (),
    earlier: Sequence[Summary] = (),
    *,
    pseudonyms: bool = False,
) -> str:
    """The whole report as HTML, at most :data:`LARGEST` bytes. Everything that comes from the tenant is escaped.

    :param worst: findings to show by rule, the worst first
    :param changes: devices that users added and lost, the most important first, as many as there are to choose from
    :param earlier: summaries of the runs before this one, the oldest first; those of older versions may lack members
    :param pseudonyms: names and IDs are none of the tenant's, so nothing links to it
    """
    return _rendered(page_model(figures, worst, changes, earlier, pseudonyms=pseudonyms))


def _rendered(model: PageModel) -> str:
    environment = _environment()
    row = environment.from_string(ROW)
    template = environment.from_string(PAGE)
    for per_rule, ids in _FORMS:
        found = rows_in_order(model, per_rule)
        html = _page(template, model, per_rule, [row.render(f=each, ids=ids, href=None) for each in found])
        room = LARGEST - len(html.encode())
        if room >= 0:
            break
    links = 0
    for each in found:
        # 20 for the markup around it.
        room -= len(each.link or "") + 20
        if room < 0:
            break
        links += 1
    shown = [row.render(f=each, ids=ids, href=each.link if place < links else None) for place, each in enumerate(found)]
    return _page(template, model, per_rule, shown)


def _environment() -> Any:
    import jinja2
    import markupsafe

    def seen(value: object) -> object:
        """A text of the tenant has no characters that cannot be seen."""
        if isinstance(value, str) and not isinstance(value, markupsafe.Markup):
            return visible(value)
        return value

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, finalize=seen)

    def own(text: str) -> str:
        """A text that may run from right to left, so that it does not move what stands beside it."""
        return text if text.isascii() else markupsafe.Markup("<bdi>%s</bdi>") % visible(text)

    environment.filters.update(n=grouped, own=own, plural=plural)
    return environment


def _page(template: Template, model: PageModel, per_rule: int, rows: list[str]) -> str:
    from markupsafe import Markup

    printed, rest = rows[:_PRINTED], rows[_PRINTED:]
    return template.render(
        m=model,
        policy="; ".join(
            (
                "default-src 'none'",
                "style-src %s" % source(STYLE),
                "script-src %s" % source(SCRIPT),
                "base-uri 'none'",
                "form-action 'none'",
            )
        ),
        style=Markup(STYLE),
        script=Markup(SCRIPT),
        shown=shown_text(model, per_rule),
        paper="On paper: the %d worst of %s." % (_PRINTED, grouped(len(rows))) if rest else None,
        rows=Markup("\n".join(printed)),
        more_rows=Markup("\n".join(rest)),
    )


def source(text: str) -> str:
    """How a Content-Security-Policy names a style or a script that stands in the page."""
    return "'sha256-%s'" % base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
