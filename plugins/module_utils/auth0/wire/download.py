# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A packed file of lines behind a link that the tenant signed: another host, and no token of ours goes there.

The link is a secret, because whoever knows it may fetch the file. So no message names more of it than the host.
"""

from __future__ import annotations

import json
import logging
import re
import zlib
from contextlib import contextmanager
from typing import Iterable, Iterator
from urllib.parse import urlsplit

from .connection import Connection
from .errors import ConfigurationError, ServerError, TransportError
from .exchange import Exchange, Unanswered
from .redaction import Secrets
from .transport import USER_AGENT

# No line of profiles is a tenth of it.
LONGEST_LINE = 2**20
_BLOCK = 2**16
# So many lines may be blank. They cost no memory and time, and may have no end.
_MOST_BLANKS = 1000
# IDs of users are packed to no less than a tenth of it. What is packed better is made to fill a memory or to take time.
_BEST_PACKED = 200


class CutOff(Exception):
    """The file is not whole, or not what it should be. Its text says how."""


def download(connection: Connection, link: str, action: str) -> Iterator[str]:
    """The lines of the file, all of them whole and none of them empty; what is known to be secret is masked in them.

    Only where the lines end without an error is the file complete.

    :param connection: the tenant's; the way to the other host has its trust, its proxy and its timeout
    :param action: what is attempted, as an infinitive phrase for messages
    :raises TransportError: the host cannot be reached, or the file came in part
    :raises ServerError: the link is not one that may be followed, or the file is not what it should be
    """
    try:
        origin, target = _parts(link)
        exchange = Exchange(connection.to(origin))
    except (ValueError, ConfigurationError):
        raise ServerError("Could not %s: the link is none that can be followed" % action) from None
    host = urlsplit(origin).hostname
    try:
        pieces = exchange.stream(target, {"User-Agent": USER_AGENT, "Accept": "*/*"})
        blanks = 0
        with _masked_logs(connection.secrets):
            for block in blocks_of_lines(unpacked(pieces)):
                found = str(connection.secrets.data(block)).split("\n")
                lines = [line for line in found if line.strip()]
                blanks += len(found) - len(lines)
                if blanks > _MOST_BLANKS:
                    raise CutOff("the file has more than %d blank lines" % _MOST_BLANKS)
                yield from lines
    except Unanswered as error:
        hint = "Allow https to %s on the network, at the proxy and at the firewall." % host
        kind = ServerError if error.unusable else TransportError
        raise kind("Could not %s: %s: %s" % (action, host, error.reason), hint=hint) from None
    except CutOff as error:
        raise TransportError("Could not %s: %s: %s" % (action, host, error)) from None


@contextmanager
def _masked_logs(secrets: Secrets) -> Iterator[None]:
    """urllib3 logs the addresses of its requests with their queries; until the end they are logged without secrets."""

    class Masking(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            record.msg, record.args = secrets.text(record.getMessage()), ()
            return True

    loggers = [logging.getLogger("urllib3." + name) for name in ("connection", "connectionpool")]
    masking = Masking()
    for logger in loggers:
        logger.addFilter(masking)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(masking)


def _parts(link: str) -> tuple[str, str]:
    """Scheme and host of the link, and its path and query.

    :raises ValueError: it has other characters than links have
    """
    if not re.fullmatch("[!-~]+", link):
        raise ValueError
    parts = urlsplit(link)
    return "%s://%s" % (parts.scheme, parts.netloc), (parts.path or "/") + ("?" + parts.query if parts.query else "")


def unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What a gzip file holds, in blocks of bounded size. It may have several members.

    :raises CutOff: it does not end where and how it should, or is packed better than any real file
    """
    member, size, received = zlib.decompressobj(16 + zlib.MAX_WBITS), 0, 0
    try:
        for piece in pieces:
            received += len(piece)
            while piece:
                if member.eof:
                    member = zlib.decompressobj(16 + zlib.MAX_WBITS)
                block = member.decompress(piece, _BLOCK)
                size += len(block)
                if size > 2**20 + _BEST_PACKED * received:
                    raise CutOff("the file is packed too well to be real")
                if block:
                    yield block
                piece = member.unused_data if member.eof else member.unconsumed_tail
    except zlib.error:
        raise CutOff("the file is not packed as it should be, or damaged") from None
    if not member.eof:
        raise CutOff("the file ends before its end")


def blocks_of_lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """The same text in blocks of whole lines.

    :raises CutOff: a line is too long, or the last one is not whole
    """
    rest = b""
    for piece in pieces:
        whole, line_end, rest_of_piece = piece.rpartition(b"\n")
        if line_end:
            yield (rest + whole).decode("utf-8", "replace")
            rest = rest_of_piece
        else:
            rest += piece
        if len(rest) > LONGEST_LINE:
            raise CutOff("a line of the file is longer than %d KiB" % (LONGEST_LINE // 2**10))
    if rest.strip():
        try:
            json.loads(rest)
        except (ValueError, RecursionError):
            raise CutOff("the last line of the file is not whole") from None
        yield rest.decode("utf-8", "replace")
