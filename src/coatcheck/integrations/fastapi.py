"""FastAPI: `CurrentUser` and `require(...)` as dependencies."""

from datetime import timedelta
from typing import Annotated, Any, TypeAlias

from fastapi import Depends
from starlette.requests import HTTPConnection

from coatcheck.integrations.starlette import current_user, demand_of, minutes, use
from coatcheck.verifier import Demand, Principal

__all__ = ["CurrentUser", "minutes", "require", "use"]

CurrentUser: TypeAlias = Annotated[Principal, Depends(current_user)]
"""Who is signed in; 401 when nobody is, or for a page the way to sign-in and back."""


def require(
    *,
    role: str | None = None,
    permission: str | None = None,
    fresh: timedelta | None = None,
    acr: str | None = None,
) -> Any:
    """Demand something of whoever calls a route; give it to `dependencies=[...]` or as a parameter's default.

    Args:
        role: a role that must be held.
        permission: `resource:action`, which must be held and be within the credential's scopes.
        fresh: how long ago the subject may have proved itself at the most.
        acr: the least level of assurance, such as `aal2`; or `phr`, a method that no false site can pass on.

    Raises:
        ValueError: the demand could never be met, or demands nothing.

    See: RFC 9470; ASVS 8.2.1.
    """
    demand = Demand(role=role, permission=permission, fresh=fresh, acr=acr)

    async def check(connection: HTTPConnection) -> Principal:
        return await demand_of(connection, demand)

    return Depends(check)
