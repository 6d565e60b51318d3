#!/bin/sh
# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# ansible-test insists on a folder ansible_collections/NAMESPACE/NAME that is a git checkout of its own, so it gets a copy: with the
# ansible-core of .venv one of the whole checkout, with the oldest supported one of what the tarball holds, as users get it.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
cache=$HOME/.ansible/test/cache

rm -rf build/test
# What comes as a tar file, in a folder of its own.
new_copy() {
    mkdir -p "$copy"
    tar -xf - -C "$copy"
    git -C "$copy" init -q
    # Where ansible-test puts environments of its own, which it would check otherwise.
    echo /tests/output/ >> "$copy/.git/info/exclude"
    git -C "$copy" add -A
}

fail() {
    grep -E '^(ERROR|FATAL)' "$log" >&2 || true
    echo "ansible-test sanity failed; everything it said is in $log" >&2
    exit 1
}

run_with() {
    # Of the interpreters on PATH only the environment's own is known to work.
    export PATH="$root/$1/bin:/usr/local/bin:/usr/bin:/bin" LC_ALL=C.UTF-8
    python=$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    core=$(python -c 'from ansible.release import __version__; print(__version__)')
    log=$root/build/sanity-$core.log
    shift
    sanity() { (cd "$copy" && ansible-test sanity --venv --python "$python" --color no "$@") >"$log" 2>&1; }

    if ! sanity "$@"; then
        # It fetches a script that installs pip from a host of its own. Where that host is closed, ensurepip does the same.
        script=$(grep -o 'get_pip_[0-9_]*\.py' "$log" | head -n 1)
        [ -n "$script" ] && [ ! -e "$cache/$script" ] || fail
        mkdir -p "$cache"
        cat >"$cache/$script" <<'SCRIPT'
import subprocess
import sys

options = [option for option in sys.argv[1:] if not option.startswith("--no-")]
subprocess.check_call([sys.executable, "-m", "ensurepip"])
subprocess.check_call([sys.executable, "-m", "pip", "install", "--force-reinstall", *options])
SCRIPT
        sanity "$@" || fail
    fi
    echo "ansible-test sanity: ansible-core $core, $(grep -c '^Running sanity test' "$log") tests, all passed"
}

# ONLY=tarball leaves out the checkout, and ONLY=checkout the tarball.
if [ "${ONLY:-checkout}" = checkout ]; then
    copy=build/test/checkout/ansible_collections/mfaops/auth0
    git ls-files -co --exclude-standard -z | tar --ignore-failed-read --null -T - -cf - 2>/dev/null | new_copy
    run_with .venv "$@"
fi
if [ "${ONLY:-tarball}" = tarball ]; then
    [ -d .venv/oldest ] || { echo "There is no .venv/oldest; make setup says why" >&2; exit 1; }
    copy=build/test/tarball/ansible_collections/mfaops/auth0
    .venv/oldest/bin/ansible-galaxy collection build --output-path build/test >/dev/null
    gzip -dc build/test/*.tar.gz | new_copy
    run_with .venv/oldest "$@"
fi
