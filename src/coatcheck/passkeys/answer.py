"""A browser's answer to a ceremony, as `PublicKeyCredential.toJSON` spells it: read strictly, trusted in nothing."""

from typing import Any, ClassVar

import msgspec
import pybase64

from coatcheck.errors import BadInput
from coatcheck.passkeys.passkey import TRANSPORTS
from coatcheck.secret import Veiled

LONGEST = 32_768
"""Characters of an answer: an attestation brings its maker's certificates."""
_LONGEST_ID = 1023


class _Response(msgspec.Struct, rename="camel"):
    client_data: str = msgspec.field(name="clientDataJSON")
    user_handle: str | None = None
    transports: list[str] = msgspec.field(default_factory=list)


class _Credential(msgspec.Struct, rename="camel"):
    raw_id: str
    response: _Response


class _ClientData(msgspec.Struct, rename="camel"):
    challenge: str
    cross_origin: bool = False
    top_origin: str | None = None


class Answer(Veiled, frozen=True):
    """Hold what a browser answered, nothing of it proven.

    Args:
        text: the whole, in JSON.
        credential_id: which key it says it used, or made.
        challenge: what it says it was asked.
        is_framed: whether it says that the page stood within another site's.
        user_handle: whose key it is, as the key says.
        transports: how the key is reached, those that we know.
    """

    veils: ClassVar = frozenset({"text", "challenge"})

    text: str
    credential_id: bytes
    challenge: bytes
    is_framed: bool
    user_handle: bytes | None
    transports: tuple[str, ...]


def parse_answer(text: str) -> Answer:
    """Read a browser's answer.

    Raises:
        BadInput: it is none.

    See: WebAuthn section 5.8.1 (client data), 5.1.8 (JSON).
    """
    try:
        return _parse(text)
    except (msgspec.DecodeError, ValueError) as wrong:
        raise BadInput({"credential": "This is no answer of a passkey."}, because=str(wrong)[:200]) from None


def answer_text(given: dict[str, Any]) -> str:
    """Give an answer that came within a JSON body as a text of its own."""
    return msgspec.json.encode(given).decode()


def _parse(text: str) -> Answer:
    if len(text) > LONGEST:
        raise ValueError("longer than any answer")
    credential = msgspec.json.decode(text, type=_Credential)
    client_data = msgspec.json.decode(_bytes(credential.response.client_data), type=_ClientData)
    credential_id, handle = _bytes(credential.raw_id), credential.response.user_handle
    if not 1 <= len(credential_id) <= _LONGEST_ID:
        raise ValueError("no credential has such an id")
    return Answer(
        text,
        credential_id,
        _bytes(client_data.challenge),
        client_data.cross_origin or client_data.top_origin is not None,
        _bytes(handle) if handle is not None else None,
        tuple(each for each in TRANSPORTS if each in credential.response.transports),
    )


def _bytes(text: str) -> bytes:
    return pybase64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
