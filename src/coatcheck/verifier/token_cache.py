"""Tokens that were checked lately, so that the signature is checked once and not at each request."""

from msgspec import Struct

from coatcheck.clock import Instant
from coatcheck.verifier.claims import ANY_KEY, StatusPlace
from coatcheck.verifier.principal import Principal

ROOM = 20_000
"""How many tokens are kept at the most."""

LONGEST_KEPT = 4096
"""How long a token may be to be kept: our issuer makes no longer ones. So a full cache is bounded in bytes too."""


class CheckedToken(Struct, frozen=True, gc=False):
    """Hold what was found in a token whose signature and claims are right.

    Args:
        principal: whom it speaks for.
        place: the bit that tells whether it was taken back, to be looked at on every use.
        good_until: when it runs out.
        client: its `client_id`, or empty where nobody asks for it.
    """

    principal: Principal
    place: StatusPlace | None
    good_until: Instant
    client: str = ""


class TokenCache:
    """Keep checked tokens; may be used on several threads.

    Strangers cannot fill it, as only what the issuer has signed is put in. When its younger half is full, that becomes
    the older one, which is let go: no entry is ever looked for to make room. A token is known by its own text: to hash
    it by SHA-256 first would double what a look-up takes.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._half = max(1, room // 2)
        self._younger: dict[str, CheckedToken] = {}
        self._older: dict[str, CheckedToken] = {}

    def __len__(self) -> int:
        return len(self._younger) + len(self._older)

    def get(self, token: str, now: Instant, proven_key: str | None = None) -> CheckedToken | None:
        """Give what is known of a token and still counts; whether it was taken back is not looked at.

        Args:
            token: as it was presented.
            now: the moment by which it is judged.
            proven_key: thumbprint of the key whose possession this request has proven, or `ANY_KEY`.
        """
        checked = self._younger.get(token) or self._older.get(token)
        if checked is None or now >= checked.good_until:
            return None
        return checked if proven_key in (checked.principal.cnf, ANY_KEY) else None

    def put(self, token: str, checked: CheckedToken) -> None:
        """Keep a token whose signature and claims were found right."""
        if len(token) > LONGEST_KEPT:
            return
        if len(self._younger) >= self._half:
            self._older, self._younger = self._younger, {}
        self._younger[token] = checked

    def clear(self) -> None:
        """Forget all, as when the keys have changed."""
        self._younger, self._older = {}, {}
