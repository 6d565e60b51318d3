#!/bin/sh
# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Makes .venv/ with ansible-core, the Python packages in their locked versions, and the collection.
set -eu
python3 -m venv .venv
.venv/bin/pip install --quiet --require-hashes --only-binary :all: -r requirements.txt
.venv/bin/ansible-galaxy collection install -r requirements.yml -p .venv/collections
