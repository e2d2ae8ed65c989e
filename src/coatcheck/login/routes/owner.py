"""Who asks to change an account: its owner, after a proof of the last minutes."""

from fastapi import Request

from coatcheck.gate.request import check_demand, desk_of, principal_of
from coatcheck.login.own_demand import demand_of
from coatcheck.verifier import Principal


async def owner_of(request: Request) -> Principal:
    """Give the person who asks, if the last proof is fresh and as strong as the account's factors allow.

    Raises:
        NotSignedIn: nobody is signed in.
        FreshSignInNeeded: they have to confirm that it is them.
    """
    principal = await principal_of(request)
    await check_demand(request, principal, await demand_of(desk_of(request), principal))
    return principal


async def owner_beside_password(request: Request) -> Principal:
    """Give the person who asks with the password: where the account has a second factor, that is asked for beside it.

    Raises:
        NotSignedIn: nobody is signed in.
        FreshSignInNeeded: they have to confirm that it is them.

    See: ASVS 7.5.1.
    """
    principal = await principal_of(request)
    demand = await demand_of(desk_of(request), principal)
    if demand.acr:
        await check_demand(request, principal, demand)
    return principal
