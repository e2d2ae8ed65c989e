"""Hand a permit back from outside, once the doctor is done: the server removes its account at once."""

from urllib.parse import urlsplit

import httpx

from coatcheck.doctor.permit import HEADER, Permit
from coatcheck.http.reached import is_this_machine

_WITHIN_SECONDS = 10


async def hand_back(permit: Permit, *, transport: httpx.AsyncBaseTransport | None = None) -> bool:
    """Tell the server that the doctor is done; tell whether it heard. Else the permit runs out by itself.

    It goes nowhere but to the permit's own address, and by a connection that nobody else can read.

    Args:
        transport: in place of the network, for tests.
    """
    parts = urlsplit(permit.url)
    if parts.scheme != "https" and not is_this_machine(parts.netloc):
        return False
    try:
        async with httpx.AsyncClient(transport=transport, timeout=_WITHIN_SECONDS, trust_env=False) as client:
            answer = await client.delete(f"{permit.url}/api/doctor/permit", headers={HEADER: permit.header})
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.NO_CONTENT
