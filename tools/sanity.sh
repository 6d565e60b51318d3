#!/bin/sh
# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# ansible-test insists on a folder ansible_collections/NAMESPACE/NAME that is a git checkout of its own, so it gets a copy.
# It runs with the ansible-core of .venv and, where that is another one, with the oldest that is supported.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
copy=build/test/ansible_collections/mfaops/auth0
cache=$HOME/.ansible/test/cache

rm -rf build/test && mkdir -p "$copy"
git ls-files -co --exclude-standard -z | tar --ignore-failed-read --null -T - -cf - 2>/dev/null | tar -xf - -C "$copy"
git -C "$copy" init -q && git -C "$copy" add -A

fail() {
    grep -E '^(ERROR|FATAL)' "$log" >&2
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
    echo "ansible-test sanity: ansible-core $core, $(grep -c '^Running sanity test' "$log") tests, no ignores, all passed"
}

for environment in .venv .venv/oldest; do
    [ ! -d "$environment" ] || (run_with "$environment" "$@")
done
