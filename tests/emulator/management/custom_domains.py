# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``/custom-domains``: the tenant's other names (recorded: go-auth0 ``TestCustomDomainManager_Read``; members of a verified one: docs-v2)."""

from __future__ import annotations

from ..http.errors import management_error
from ..http.routing import Call, Route
from ..http.schemas import Body, record, text
from ..state.configuration import object_id
from .listing import listed

_KIND = "custom-domains"
_UPDATE = Body(
    record(
        {
            "tls_policy": text(),
            "custom_client_ip_header": text(nullable=True),
            "domain_metadata": {"type": "object"},
            "relying_party_identifier": text(nullable=True),
        }
    )
)


def list_domains(call: Call) -> tuple[int, list | dict]:
    """``GET /custom-domains``: an array without paging."""
    domains = [_domain(call, name) for name in call.tenant.switches["custom-domains"]]
    if "take" not in call.query and "from" not in call.query:
        return 200, domains
    return 200, listed(
        call, "custom_domains", domains, lambda domain: domain, lambda domain: domain["custom_domain_id"]
    )


def get_domain(call: Call) -> tuple[int, dict]:
    """``GET /custom-domains/{id}``."""
    return 200, _domain(call, _existing(call))


def default_domain(call: Call) -> tuple[int, dict]:
    """``GET /custom-domains/default``: which domain is used where none is asked for; here the tenant's own."""
    return 200, {"domain": call.tenant.domain, "is_default": True}


def update_domain(call: Call) -> tuple[int, dict]:
    """``PATCH /custom-domains/{id}``."""
    name = _existing(call)
    call.tenant.configuration.change(_KIND, name, call.content)
    return 200, _domain(call, name)


def _existing(call: Call) -> str:
    for name in call.tenant.switches["custom-domains"]:
        if object_id("cd_", name) == call.path["id"]:
            return name
    raise management_error(404, "The custom domain does not exist.", "custom_domain_not_found")


def _domain(call: Call, name: str) -> dict:
    domain_id = object_id("cd_", name)
    record_name = f"{call.tenant.domain.partition(':')[0]}-{domain_id.replace('_', '-').lower()}.edge.tenants.auth0.com"
    shown = {
        "custom_domain_id": domain_id,
        "domain": name,
        "primary": name == call.tenant.switches["custom-domains"][0],
        "is_default": False,
        "status": "ready",
        "type": "auth0_managed_certs",
        "verification": {"methods": [{"name": "cname", "record": record_name}], "status": "verified"},
        "tls_policy": "recommended",
        "certificate": {"status": "provisioned", "certificate_authority": "letsencrypt"},
    }
    return call.tenant.configuration.changed(_KIND, name, shown)


_PATH = "/api/v2/custom-domains"
_READ = ("read:custom_domains",)
ROUTES = [
    Route("GET", _PATH, list_domains, _READ),
    Route("GET", _PATH + "/default", default_domain, _READ),
    Route("GET", _PATH + "/{id}", get_domain, _READ),
    Route(
        "PATCH",
        _PATH + "/{id}",
        update_domain,
        ("update:custom_domains",),
        body=_UPDATE,
        title="Update custom domain configuration",
    ),
]
