# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

export LC_ALL = C.UTF-8
export ANSIBLE_COLLECTIONS_PATH = $(CURDIR)/build/collections
python = .venv/bin/python

.PHONY: help setup demo test sanity lint units
help:
	@echo "make demo   the whole path against the embedded tenant; the report is build/demo/report.html"
	@echo "make test   every test"
	@echo "make setup  only the environment in .venv/"

setup:
	@tools/setup.sh

demo: setup
	@PYTHONPATH=build/collections $(python) -m tests.demo

test: setup sanity lint units

sanity: setup
	@tools/sanity.sh

lint: setup
	@PATH="$(CURDIR)/.venv/bin:$$PATH" ansible-lint --offline --profile production -q
	@$(python) -m antsibull_changelog lint
	@$(python) -m black --check --quiet plugins lambda tests

units: setup
	@$(python) -m pytest -n 2
