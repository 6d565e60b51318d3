# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Management API that gives prepared answers."""

from __future__ import annotations

from ansible_collections.mfaops.auth0.plugins.module_utils.auth0.api.management import ManagementApi


class Answering(ManagementApi):
    """Gives these answers one after the other; errors are raised.

    :ivar answers: those that are left
    """

    def __init__(self, *answers):
        self.answers = list(answers)

    def call(self, action, send, *, once=False):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer
