# Copyright (c) 2026, the mfaops.auth0 contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Token quotas at ``/oauth/token``: what the headers say, and the refusal (docs-v2, Fine-Grained Machine-to-Machine Token Quotas)."""

from __future__ import annotations

from ..http.errors import ApiError, oauth_error
from ..state.clients import Client
from ..state.tenant import Tenant
from ..state.token_quotas import Bucket

HEADER = "auth0-client-quota-limit"


def check_quota(tenant: Tenant, client: Client) -> None:
    """Raise 429 ``too_many_requests`` if the application has used up an enforced quota."""
    quota = tenant.applications.token_quota(client.id)
    spent = [bucket for bucket in _buckets(tenant, client) if not bucket.remaining]
    if quota is None or not spent or not quota.get("enforce", True):
        return
    text = "Client quota exceeded"
    tenant.record_event("feccft", client_id=client.id, description=text)
    raise _refusal(text, max(spent, key=lambda bucket: bucket.resets_in), tenant, client)


def _refusal(text: str, spent: Bucket, tenant: Tenant, client: Client) -> ApiError:
    error = oauth_error(429, "too_many_requests", text)
    error.headers = {
        **quota_headers(tenant, client),
        "x-ratelimit-limit": str(spent.quota),
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(tenant.now() // 1000 + spent.resets_in),
        "retry-after": str(spent.resets_in),
    }
    return error


def count_token(tenant: Tenant, client: Client) -> None:
    """Count a token that is issued, and log that 60, 80 or 100 % of a quota are reached."""
    tenant.token_quotas.count(client.id, tenant.now() // 1000)
    for bucket in _buckets(tenant, client):
        if bucket.warning is not None:
            tenant.record_event(
                "token_quota_consumption_warning",
                client_id=client.id,
                description=f"{bucket.warning}% of client {bucket.name} quota consumed",
                details={
                    "bucket": bucket.name,
                    "entity_type": "client",
                    "entity_id": client.id,
                    "quota": bucket.quota,
                    "quota_consumption_percentage": bucket.warning,
                    "quota_consumption": bucket.used,
                },
            )


def quota_headers(tenant: Tenant, client: Client) -> dict[str, str]:
    """What is left, for the answer of a client-credentials request; empty without a quota."""
    parts = [f"b={it.name};q={it.quota};r={it.remaining};t={it.resets_in}" for it in _buckets(tenant, client)]
    return {HEADER: ",".join(parts)} if parts else {}


def _buckets(tenant: Tenant, client: Client) -> list[Bucket]:
    quota = tenant.applications.token_quota(client.id)
    return tenant.token_quotas.buckets(client.id, quota, tenant.now() // 1000) if quota is not None else []
