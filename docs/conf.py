# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings of Sphinx for the documentation that tools/docs.sh builds."""

from docutils import nodes

project = "mfaops.auth0"
copyright = "the mfaops.auth0 contributors"  # pylint: disable=redefined-builtin
extensions = ["sphinx_antsibull_ext"]
html_theme = "alabaster"
html_theme_options = {"page_width": "1160px", "sidebar_width": "300px", "show_powered_by": False}
html_copy_source = False
html_use_index = False
highlight_language = "yaml"
default_role = "any"
# Every reference has to lead somewhere.
nitpicky = True

CORE = "https://docs.ansible.com/projects/ansible-core/devel/"
# Pages of ansible-core's own documentation that antsibull-docs refers to. Its index is not fetched.
PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}


def setup(app):
    """What Sphinx calls once."""
    app.connect("missing-reference", page_of_core)


def page_of_core(_app, _env, node, text):
    """A link for a reference that Sphinx cannot resolve, if it is one of these pages."""
    page = PAGES.get(node["reftarget"])
    return nodes.reference("", "", text, refuri=CORE + page) if page else None
