# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CloudFormation makes of a template: its conditions and functions, for given parameters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Mapping

import yaml

TEMPLATE = Path(__file__).resolve().parents[2] / "lambda" / "template.yaml"
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::StackName": "audit",
}
_NO_VALUE = object()


def load(text: str) -> dict[str, Any]:
    """The template as it is written."""
    return yaml.safe_load(text)


class Stack:
    """A template with its parameters.

    :ivar resources: name -> resource, for those whose condition holds; where a value is known only after deployment, it is ``<Name>`` or
        ``<Name.Attribute>``
    """

    def __init__(
        self, template: Mapping[str, Any], parameters: Mapping[str, str], known: Mapping[str, str] | None = None
    ) -> None:
        """
        :param known: ``Name`` or ``Name.Attribute`` -> value
        """
        self._conditions, self._known = template["Conditions"], known or {}
        given = {name: each.get("Default") for name, each in template["Parameters"].items()}
        self._values = {**PSEUDO, **given, **parameters}
        missing = [name for name, value in self._values.items() if value is None]
        if missing or set(parameters) - set(given):
            raise ValueError("missing %s, unknown %s" % (missing, set(parameters) - set(given)))
        self.resources = {
            name: self._of(resource)
            for name, resource in template["Resources"].items()
            if "Condition" not in resource or self._of({"Fn::If": [resource["Condition"], True, False]})
        }

    def _of(self, value: Any) -> Any:
        if isinstance(value, list):
            return [each for each in map(self._of, value) if each is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, content),) = value.items()
            if name == "Ref":
                return self._ref(content)
            if name.startswith("Fn::"):
                return getattr(self, "_" + name[4:].lower())(content)
        found = {key: self._of(each) for key, each in value.items()}
        return {key: each for key, each in found.items() if each is not _NO_VALUE}

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        return self._values.get(name, self._known.get(name, "<%s>" % name))

    def _getatt(self, content: list[str]) -> str:
        name = ".".join(content)
        return self._known.get(name, "<%s>" % name)

    def _sub(self, content: Any) -> str:
        text, more = content if isinstance(content, list) else (content, {})

        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name in more:
                return str(self._of(more[name]))
            return str(self._getatt(name.split(".")) if "." in name else self._ref(name))

        return re.sub(r"\$\{([\w:.]+)\}", value, text)

    def _if(self, content: list[Any]) -> Any:
        condition, yes, no = content
        return self._of(yes if self._of(self._conditions[condition]) else no)

    def _equals(self, content: list[Any]) -> bool:
        one, other = map(self._of, content)
        return str(one) == str(other)

    def _not(self, content: list[Any]) -> bool:
        return not self._of(content[0])
