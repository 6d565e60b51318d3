#!/bin/sh
# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs what `make test` runs on the oldest ansible-core on another one, with the newest packages that there are:
#
#   tools/core.sh 2.18 3.11
#
# It replaces .venv/oldest; `rm .venv/made-from && make setup` brings that back.
set -eu
cd "$(dirname "$0")/.."
core=$1 python=$2

tools/setup.sh
rm -rf .venv/oldest
"python$python" -m venv .venv/oldest
.venv/oldest/bin/python -m pip --quiet --disable-pip-version-check install --upgrade 'pip>=25.1'
.venv/oldest/bin/python -m pip --quiet --disable-pip-version-check install --group beside-core "ansible-core==$core.*"
ONLY=tarball tools/sanity.sh
make oldest
