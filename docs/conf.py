# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings of Sphinx for the documentation that tools/docs.sh builds."""

import re
from pathlib import Path

from docutils import nodes

project = "mfaops.auth0"
copyright = "the mfaops.auth0 contributors"  # pylint: disable=redefined-builtin
extensions = ["sphinx_antsibull_ext"]
html_theme = "alabaster"
html_theme_options = {"page_width": "1160px", "sidebar_width": "300px", "show_powered_by": False}
html_static_path = ["static"]
html_copy_source = False
html_use_index = False
highlight_language = "yaml"
default_role = "any"
# Every reference has to lead somewhere.
nitpicky = True

CORE = "https://docs.ansible.com/projects/ansible-core/devel/"
BUILTIN = "https://docs.ansible.com/projects/ansible/latest/collections/ansible/builtin/%s.html"
# Pages of ansible-core's own documentation that antsibull-docs refers to. Its index is not fetched.
PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}


def setup(app):
    """What Sphinx calls once."""
    app.connect("missing-reference", page_of_core)
    app.connect("source-read", with_sidebar)


def with_sidebar(app, docname, source):
    """The first page, which decides what the sidebar shows: headings, the changelog last, and the modules."""
    if docname != "index":
        return
    changelog = re.search(r"^Changelog\n-+\n.*?(?=^\w.*\n-+\n)", source[0], re.MULTILINE | re.DOTALL)[0]
    page = re.sub(
        r"^(\w.*)\n-+\n\n\.\. toctree::\n",
        r"\g<0>    :caption: \1\n",
        source[0].replace(changelog, ""),
        flags=re.MULTILINE,
    )
    modules = sorted(path.stem.removesuffix("_module") for path in Path(app.srcdir).glob("*_module.rst"))
    entries = "".join("    %s <%s_module>\n" % (name, name) for name in modules)
    source[0] = "%s\n.. toctree::\n    :hidden:\n    :caption: Modules\n\n%s\n%s" % (page, entries, changelog)


def page_of_core(_app, _env, node, text):
    """A link for a reference that Sphinx cannot resolve, if it is one of these pages or a module of ansible-core."""
    target = node["reftarget"]
    page = PAGES.get(target)
    module = re.fullmatch(r"ansible_collections\.ansible\.builtin\.(\w+_module)", target)
    address = CORE + page if page else BUILTIN % module[1] if module else None
    return nodes.reference("", "", text, refuri=address) if address else None
