"""What an issuer says of a token that it is asked about."""

import msgspec

from coatcheck.errors import TokenRefused
from coatcheck.verifier.fetching import Answer, parsed


class Introspection(msgspec.Struct, frozen=True):
    """Hold the one thing that is asked of introspection.

    See: RFC 7662 section 2.2.
    """

    active: bool


def refuse_inactive(answer: Answer) -> None:
    """Refuse a token that its issuer does not call active.

    Raises:
        TokenRefused: it does not.
        CannotFetch: the answer is none.
    """
    if not parsed(answer, _DECODER.decode, "introspection").active:
        raise TokenRefused("introspection says that the token is not active")


_DECODER = msgspec.json.Decoder(Introspection)
