"""Who asks to change a way in: its owner, after a proof of the last minutes."""

from fastapi import Request

from coatcheck.gate.request import desk_of, principal_of
from coatcheck.verifier import Principal
from coatcheck.ways_in.own_account import demand_of


async def owner_of(request: Request) -> Principal:
    """Give the person who asks, if the last proof is fresh and as strong as the account's factors allow.

    Raises:
        NotSignedIn: nobody is signed in.
        FreshSignInNeeded: they have to confirm that it is them.
    """
    principal = await principal_of(request)
    return await principal_of(request, await demand_of(desk_of(request), principal))
