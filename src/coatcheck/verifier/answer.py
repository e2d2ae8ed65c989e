"""What a refusal looks like on the wire: one problem document and its headers, the same under every framework."""

from typing import Any, ClassVar

import msgspec

from coatcheck.errors import (
    ApiKeyRefused,
    BadInput,
    Busy,
    CoatcheckError,
    FreshSignInNeeded,
    InvalidCode,
    NotAllowed,
    NotSignedIn,
    ProofNonceNeeded,
    ProofRefused,
    SessionEnded,
    TokenRefused,
    TooManyAttempts,
    UpstreamFailed,
)
from coatcheck.secret import Veiled
from coatcheck.verifier.proof_key import ALGORITHMS

MEDIA_TYPE = "application/problem+json"
_REALM = 'Bearer realm="coatcheck"'
_ALGS = f'algs="{" ".join(ALGORITHMS)}"'
_OR_BOUND = f"DPoP {_ALGS}"


class Answer(Veiled, frozen=True):
    """Hold an answer that a framework has only to pass on.

    Args:
        status: the HTTP status.
        headers: names in small letters, `content-type` and `content-length` among them.
        body: the problem document, encoded.
    """

    veils: ClassVar = frozenset({"body"})

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def pairs(self) -> list[tuple[bytes, bytes]]:
        """The headers as ASGI wants them."""
        return [(name.encode(), value.encode()) for name, value in self.headers.items()]


def answer_of(error: CoatcheckError, request_id: str = "") -> Answer:
    """Give the answer to a program for an error: a problem document, and how to authenticate where that would help.

    See: RFC 9457; RFC 6750 section 3.
    """
    body = msgspec.json.encode(problem_of(error, request_id))
    headers = {"content-type": MEDIA_TYPE, "content-length": str(len(body)), **problem_headers(error)}
    challenge = challenge_of(error)
    if challenge is not None:
        headers["www-authenticate"] = challenge
    return Answer(error.status, headers, body)


def problem_of(error: CoatcheckError, request_id: str = "") -> dict[str, Any]:
    """Give the document for an error: constant public words, never the operator's reason.

    See: RFC 9457.
    """
    document: dict[str, Any] = {
        "type": f"urn:coatcheck:{error.code}",
        "code": error.code,
        "status": error.status,
        "title": error.says,
    }
    if isinstance(error, BadInput) and error.fields:
        document["fields"] = error.fields
    if isinstance(error, InvalidCode):
        document["tries_left"] = error.tries_left
    if isinstance(error, UpstreamFailed):
        document["trouble"] = error.trouble
    if request_id:
        document["request_id"] = request_id
    return document


def problem_headers(error: CoatcheckError) -> dict[str, str]:
    """Give an error's headers, for a page as for a program: not to be kept, when to try again, by which nonce."""
    headers = {"cache-control": "no-store"}
    if isinstance(error, (TooManyAttempts, Busy)):
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, ProofNonceNeeded):
        headers["dpop-nonce"] = error.nonce
    return headers


def challenge_of(error: CoatcheckError) -> str | None:
    """Give the `WWW-Authenticate` of an error, or None where another token would not help.

    Every 401 has one; no browser heeds its schemes. Whoever sent no proof is told of both, whoever sent one of `DPoP`
    alone, as a token bound to a key counts in no other way. A proof that is too old or too weak is challenged under
    403: a client takes 401 for a token to refresh, and a refreshed one would be refused again.

    See: RFC 9110 section 11.6.1; RFC 6750 section 3; RFC 9449 section 7.1; RFC 9470 section 3.
    """
    match error:
        case ProofRefused() | TokenRefused(with_proof=True):
            return f'DPoP error="{error.code}", error_description="{error.says}", {_ALGS}'
        case TokenRefused() | SessionEnded():
            return f'{_REALM}, error="invalid_token", error_description="{error.says}", {_OR_BOUND}'
        case ApiKeyRefused():
            return f'{_REALM}, error="invalid_token", error_description="{error.says}"'
        case NotSignedIn():
            return f"{_REALM}, {_OR_BOUND}"
        case FreshSignInNeeded():
            return _step_up(error)
        case NotAllowed(permission=str(lacking)):
            return f'{_REALM}, error="insufficient_scope", error_description="{error.says}", scope={_quoted(lacking)}'
    return None


def _step_up(error: FreshSignInNeeded) -> str:
    parts = [f'{_REALM}, error="insufficient_user_authentication", error_description="{error.says}"']
    if error.acr is not None:
        parts.append(f"acr_values={_quoted(error.acr)}")
    if error.max_age is not None:
        parts.append(f'max_age="{error.max_age}"')
    return ", ".join(parts)


def _quoted(text: str) -> str:
    """Write a quoted-string; what could end the header or the string goes (RFC 9110 section 5.6.4)."""
    return '"' + "".join(each for each in text if " " <= each <= "~" and each not in '"\\') + '"'
