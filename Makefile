# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

export LC_ALL = C.UTF-8
export ANSIBLE_COLLECTIONS_PATH = $(CURDIR)/build/collections
# Without bytecode every ansible-playbook and every module compiles our files anew.
unexport PYTHONDONTWRITEBYTECODE
python = .venv/bin/python
# Several tools look for ansible commands on PATH.
in_venv = PATH="$(CURDIR)/.venv/bin:$$PATH"
gitops = docs/examples/gitops
# Run again if it fails: it puts the random name of its temporary directory into pages, where one that ends with an underscore
# is a broken link.
lint_docs = antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=all .

.PHONY: help setup aws aws-plan demo demo-aws test sanity lint importer docs targets units coverage oldest middle mutants
help:
	@echo "make demo      the whole path against the embedded tenant; the report is build/demo/report.html"
	@echo "make demo-aws  the scheduled audit in an AWS on loopback: the schedule fires, users change, the messages are shown"
	@echo "make test      every test; its parts are sanity, lint, importer, docs, targets, units, oldest and middle"
	@echo "make coverage  the branches that the unit tests reach by themselves"
	@echo "make mutants   how many mistakes in the deciding files the unit tests notice; takes half an hour"
	@echo "make docs      the documentation; it starts at build/docs/html/index.html"
	@echo "make aws-plan  what the scheduled audit makes in AWS, and what a run of USERS=100000 at LIMIT=16 requests a second takes and costs"
	@echo "make setup     only the environment in .venv/"

setup:
	@tools/setup.sh

# The tools for AWS, which only `lint` and `units` need.
aws: setup
	@tools/aws.sh

demo: setup
	@PYTHONPATH=build/collections $(python) -m tests.demo

demo-aws: aws
	@PYTHONPATH=build/collections $(python) -m tests.demo.aws

USERS = 100000
LIMIT = 16
aws-plan: setup
	@$(python) lambda/estimate.py --users $(USERS) --limit $(LIMIT)

# Two targets at a time, because most of them use one core; what a target prints comes in one piece.
test: setup
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target sanity lint importer docs targets units oldest middle

sanity: setup
	@tools/sanity.sh

lint: aws
	@$(in_venv) ansible-lint --offline --profile production -q
	@$(python) -m antsibull_changelog lint
	@$(python) -m black --check --quiet plugins audit lambda tests docs
	@git ls-files -z | xargs -0 .venv/bin/codespell
	@.venv/bin/mypy --no-error-summary
	@found=$$(PYTHONPATH=build/collections .venv/bin/lint-imports --no-cache --no-logo) || { echo "$$found"; exit 1; }
	@$(in_venv) $(lint_docs) >/dev/null 2>&1 || $(in_venv) $(lint_docs)
	@.venv/bin/ansible-builder introspect build/collections >/dev/null
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows $(gitops)/.github/workflows/*.yml .github/workflows/*.yml
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.gitlab-ci $(gitops)/.gitlab-ci.yml
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-issue-forms $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))
	@found=$$(.venv/bin/zizmor --offline --pedantic --quiet $(gitops) .github) || { echo "$$found"; exit 1; }
	@tools/lint_aws.sh
	@.venv/bin/shellcheck tools/*.sh $(gitops)/install.sh

importer: setup
	@tools/importer.sh

docs: setup
	@tools/docs.sh

# The targets of ansible-test integration.
targets: setup
	@tools/integration.sh

# More workers than cores, because many tests wait: for what the tenant does by the clock, or for another process.
units: aws
	@$(python) -m pytest -n 4 --dist worksteal

# How much of the client and the audit the unit tests reach by themselves. Not part of make test: it is shown, not asserted.
coverage: setup
	@$(python) -m pytest -n 2 --dist worksteal -q tests/unit --ignore tests/unit/emulator \
	    --cov plugins/module_utils --cov-branch --cov-report term:skip-covered

# How many mistakes in the files that decide the unit tests notice by themselves. Too long for `test`.
mutants: setup
	@$(python) tools/mutants.py

# What depends on ansible-core once more on the oldest one: the tests that are marked "oldest". tests/README.md says what each
# is there for.
oldest: setup
	@MFAOPS_ANSIBLE_BIN=.venv/oldest/bin $(python) -m pytest -n 3 --dist worksteal tests/integration -m oldest

# A few of them on one between the oldest and the newest.
middle: setup
	@MFAOPS_ANSIBLE_BIN=.venv/middle/bin $(python) -m pytest -n 2 --dist worksteal tests/integration -m middle
