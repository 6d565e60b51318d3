#!/bin/sh
# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Creates .venv/ with ansible-core, the locked Python packages, and the collection. Needs git and Python 3.12 or newer.
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' || {
    echo "Python 3.12 or newer is needed, and $python is older. Name another one: PYTHON=python3.13 ./install.sh" >&2
    exit 1
}
"$python" -m venv .venv
.venv/bin/pip install --quiet --require-hashes --only-binary :all: -r requirements.txt
.venv/bin/ansible-galaxy collection install --force -r requirements.yml -p .venv/collections
