"""`GET /api/session`, the most asked call: straight on ASGI, without a router in between."""

import msgspec
from starlette.types import Send

from coatcheck.clock import rfc3339
from coatcheck.desk import Desk
from coatcheck.gate.authenticate import authenticate
from coatcheck.verifier import Principal
from coatcheck.visit import Visit

_encode = msgspec.json.Encoder().encode


async def answer_session(desk: Desk, visit: Visit, send: Send) -> None:
    """Answer with the principal behind the cookie.

    Raises:
        NotSignedIn: nobody is signed in.
    """
    body = _encode(words_of(await authenticate(desk, visit.asked)))
    length = str(len(body)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def words_of(principal: Principal) -> dict[str, object]:
    """Give a principal in the words of the API."""
    return {
        "account": {"id": principal.subject, "email": principal.email, "username": principal.username},
        "session": {
            "id": principal.session,
            "expires_at": rfc3339(principal.expires_at),
            "ends_at": rfc3339(principal.ends_at),
            "auth_time": rfc3339(principal.auth_time) if principal.auth_time is not None else None,
            "acr": principal.acr,
            "amr": principal.amr,
        },
        "roles": sorted(principal.roles),
        "permissions": sorted(principal.permissions),
    }
