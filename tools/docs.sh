#!/bin/sh
# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Builds the documentation of the collection, guides and modules, to build/docs/html. A warning counts as a failure, and nothing is fetched.
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH" LC_ALL=C.UTF-8 ANSIBLE_COLLECTIONS_PATH="$PWD/build/collections"
folder=build/docs

rm -rf "$folder" && mkdir -p "$folder"
# antsibull-docs refuses a folder that others can write to.
mkdir -m 0700 "$folder/rst"
antsibull-docs --config-file docs/antsibull-docs.cfg collection --use-current --squash-hierarchy --fail-on-error \
    --dest-dir "$folder/rst" mfaops.auth0
# It lists what plugins other than modules declare, and so says that there is nothing. docsite/environment has the variables of the modules.
rm "$folder/rst/environment_variables.rst"
sphinx-build --quiet --fail-on-warning --keep-going --conf-dir docs --builder html "$folder/rst" "$folder/html"
echo "docs: $folder/html/index.html"
