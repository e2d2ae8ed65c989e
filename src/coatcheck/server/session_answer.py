"""`GET /api/session`, the most asked call."""

import msgspec

from coatcheck.clock import rfc3339
from coatcheck.gate.authenticate import authenticate
from coatcheck.gate.hot import HotAnswer, HotCall
from coatcheck.verifier import Principal

_encode = msgspec.json.Encoder().encode


async def answer_session(call: HotCall) -> HotAnswer:
    """Answer with the principal behind the cookie, token or API key.

    Raises:
        NotSignedIn: nobody is signed in.
    """
    return HotAnswer(_encode(words_of(await authenticate(call.desk, call.visit.asked))))


def words_of(principal: Principal) -> dict[str, object]:
    """Give a principal in the words of the API."""
    words: dict[str, object] = {
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
    return words if principal.api_key is None else {**words, "session": None, "api_key": _key_words(principal)}


def _key_words(principal: Principal) -> dict[str, object]:
    return {"id": principal.api_key, "expires_at": rfc3339(principal.ends_at)}
