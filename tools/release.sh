#!/bin/sh
# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# For the workflow that makes a release of a tag:
#
#   tools/release.sh check v0.3.0    fails if galaxy.yml or the GitOps example has another version or the changelog is not made for it
#   tools/release.sh build v0.3.0    the tarball, its sum and the release notes in build/release/
set -eu
cd "$(dirname "$0")/.."
tag=${2:-}
version=${tag#v}
# What the changelog says of this version, without its heading.
notes() {
    awk -v anchor="<a id=\"v$(echo "$version" | tr . -)\"></a>" '
        $0 == anchor { found = 1; next }
        found && /^<a id="v[0-9]/ { exit }
        found && !/^## / && !/^<a id=/ { print }' CHANGELOG.md
}

case ${1:-} in
check)
    wrong=""
    grep -qx "version: $version" galaxy.yml || wrong="galaxy.yml has another version than the tag $tag. "
    [ -n "$(notes)" ] || wrong="${wrong}CHANGELOG.md has no $version: run antsibull-changelog release. "
    [ -z "$(ls changelogs/fragments)" ] || wrong="${wrong}changelogs/fragments/ has fragments that are in no release. "
    for file in docs/examples/gitops/requirements.yml docs/docsite/rst/guide_gitops.rst; do
        grep -qE "(version:|--branch) $tag( |\$)" "$file" || wrong="$wrong$file names another release than $tag. "
    done
    [ -z "$wrong" ] || { echo "$wrong" >&2; exit 1; }
    ;;
build)
    [ -d .venv ] || tools/setup.sh
    rm -rf build/release
    .venv/bin/ansible-galaxy collection build --output-path build/release >/dev/null
    (cd build/release && sha256sum ./*.tar.gz > SHA256SUMS)
    notes > build/release/notes.md
    ;;
*)
    sed -n 's/^# \{0,1\}//; 6,9p' "$0" >&2
    exit 2
    ;;
esac
