#!/bin/sh
# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Builds the collection and checks the tarball as Galaxy does when one is uploaded. A warning counts as a failure.
set -eu
cd "$(dirname "$0")/.."
folder=build/importer
export PATH="$PWD/.venv/bin:$PATH" LC_ALL=C.UTF-8 GALAXY_IMPORTER_CHECK_REQUIRED_TAGS=true

rm -rf "$folder" && mkdir -p "$folder"
ansible-galaxy collection build --output-path "$folder" >/dev/null
cd "$folder"
if ! python -m galaxy_importer.main ./*.tar.gz >log 2>&1 || grep -qE '^(WARNING|ERROR)' log; then
    grep -vE '^(Loading|Getting|Finding) ' log >&2
    echo "galaxy-importer has something to say about the tarball; all of it is in $folder/log" >&2
    exit 1
fi
echo "galaxy-importer: $(grep -c '^Loading' log) files of $(basename ./*.tar.gz) without a warning"
