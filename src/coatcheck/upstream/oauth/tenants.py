"""An issuer with a tenant in it (Microsoft): its text is compared to the letter once the tenant has been put there."""

import re
from collections.abc import Mapping
from typing import Any, Final

from coatcheck.upstream.provider import Provider
from coatcheck.upstream.trouble import UpstreamFailed

HOLE: Final = "{tenantid}"
CONSUMERS: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of Microsoft's personal accounts."""

_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def fits_template(provider: Provider, issuer: str) -> bool:
    """Tell whether an issuer is that of a provider with one of its tenants in it."""
    before, hole, after = provider.issuer.partition(HOLE)
    if not hole or not issuer.startswith(before) or not issuer.endswith(after):
        return False
    tenant = issuer[len(before) : len(issuer) - len(after)]
    return issuer == before + tenant + after and _GUID.fullmatch(tenant) is not None and _is_welcome(provider, tenant)


def issuer_of(provider: Provider, claims: Mapping[str, Any]) -> str:
    """Give the issuer that an ID token must name.

    Raises:
        UpstreamFailed: `identity_token_refused`, as it has no tenant; `tenant_refused`, as that one may not sign in.
    """
    if HOLE not in provider.issuer:
        return provider.issuer
    tenant = claims.get("tid")
    if not isinstance(tenant, str) or not _GUID.fullmatch(tenant):
        raise UpstreamFailed("identity_token_refused", "`tid` is missing, or no GUID")
    if not _is_welcome(provider, tenant):
        raise UpstreamFailed("tenant_refused", f"tenant {tenant} is none that the settings of {provider.name} allow")
    return provider.issuer.replace(HOLE, tenant)


def _is_welcome(provider: Provider, tenant: str) -> bool:
    return (not provider.tenants or tenant in provider.tenants) and tenant not in provider.not_tenants
