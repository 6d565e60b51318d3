#!/bin/sh
# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Creates .venv/ with ansible-core, the locked Python packages, and the collection.
set -eu
python3 -m venv .venv
.venv/bin/pip install --quiet --require-hashes --only-binary :all: -r requirements.txt
.venv/bin/ansible-galaxy collection install -r requirements.yml -p .venv/collections
