#!/bin/sh
# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs the targets in tests/integration/targets by ansible-test, on this host and without containers, in a copy of the checkout: it
# insists on a folder ansible_collections/NAMESPACE/NAME that is a git checkout of its own.
set -eu
cd "$(dirname "$0")/.."
root=$PWD copy=$PWD/build/integration/ansible_collections/mfaops/auth0 log=$PWD/build/integration/log

rm -rf build/integration && mkdir -p "$copy"
git ls-files -co --exclude-standard -z | tar --ignore-failed-read --null -T - -cf - 2>/dev/null | tar -xf - -C "$copy"
# Git ignores it, because it holds a secret.
cp tests/integration/integration_config.yml "$copy/tests/integration/" 2>/dev/null || true
git -C "$copy" init -q
git -C "$copy" add -A
export PATH="$root/.venv/bin:/usr/local/bin:/usr/bin:/bin" LC_ALL=C.UTF-8
unset ANSIBLE_COLLECTIONS_PATH
# Without --python it looks for all that it knows.
python=$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if ! (cd "$copy" && ansible-test integration --local --python "$python" --color no "$@") >"$log" 2>&1; then
    grep -E '^(fatal|ERROR|FATAL)' "$log" >&2 || tail -n 20 "$log" >&2
    echo "ansible-test integration failed; everything it said is in $log" >&2
    exit 1
fi
echo "ansible-test integration: $(grep -c '^Running .* integration test role' "$log") targets passed"
