"""What the fakes remember: codes, which redeem once, and the tokens they gave for them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from coatcheck.keys.algorithms import base64url
from coatcheck.testing.providers.people import Someone

Wrong: TypeAlias = Literal["unknown", "used", "expired", "redirect_uri", "verifier"]
"""What can be wrong with a code that is to be redeemed."""

_CODE_LIVES: Final = 600


@dataclass(frozen=True)
class Grant:
    """Hold what a person granted to a client.

    Args:
        asked: the parameters of the authorization request.
        at: when, in seconds since 1970.
        scopes: what was granted, which may be less than was asked.
    """

    person: Someone
    asked: Mapping[str, str] = field(repr=False)
    at: int
    scopes: tuple[str, ...]


@dataclass
class Grants:
    """Keep grants by code, by access token and by refresh token.

    Args:
        prefix: what each code begins with.
        verifies_pkce: whether the provider knows of PKCE.
        code_lives: seconds.
    """

    prefix: str
    verifies_pkce: bool = True
    code_lives: int = _CODE_LIVES
    second_redeems: int = 0
    _codes: dict[str, Grant] = field(default_factory=dict, repr=False)
    _used: set[str] = field(default_factory=set, repr=False)
    _access: dict[str, Grant] = field(default_factory=dict, repr=False)
    _refresh: dict[str, Grant] = field(default_factory=dict, repr=False)
    _count: int = 0

    def new_code(self, grant: Grant) -> str:
        """Give a code for a grant."""
        code = f"{self.prefix}FAKE_{grant.person.handle}_{self._next()}"
        self._codes[code] = grant
        return code

    def redeem(self, form: Mapping[str, str], now: int) -> Grant | Wrong:
        """Give the grant of a code, once, or say what is wrong; a second redeeming is counted."""
        code = form.get("code", "")
        grant = self._codes.get(code)
        if grant is None:
            return "unknown"
        if code in self._used:
            self.second_redeems += 1
            return "used"
        if now > grant.at + self.code_lives:
            return "expired"
        if form.get("redirect_uri") != grant.asked.get("redirect_uri"):
            return "redirect_uri"
        if self.verifies_pkce and not _fits(form.get("code_verifier"), grant.asked.get("code_challenge")):
            return "verifier"
        self._used.add(code)
        return grant

    def new_access(self, grant: Grant, prefix: str) -> str:
        """Give an access token."""
        token = f"{prefix}FAKE{grant.person.handle}{self._next():030d}"
        self._access[token] = grant
        return token

    def new_refresh(self, grant: Grant, prefix: str) -> str:
        """Give a refresh token."""
        token = f"{prefix}FAKE{grant.person.handle}{self._next():030d}"
        self._refresh[token] = grant
        return token

    def by_access(self, token: str) -> Grant | None:
        """Find the grant of an access token."""
        return self._access.get(token)

    def by_refresh(self, token: str, *, rotates: bool) -> Grant | None:
        """Find the grant of a refresh token.

        Args:
            rotates: whether the token is spent by it.
        """
        return self._refresh.pop(token, None) if rotates else self._refresh.get(token)

    def end(self, token: str) -> bool:
        """End the whole grant of a token; tell whether there was one."""
        grant = self._access.get(token) or self._refresh.get(token)
        if grant is None:
            return False
        for kept in (self._access, self._refresh):
            for each in [each for each, its in kept.items() if its is grant]:
                del kept[each]
        return True

    def end_all(self) -> None:
        """End every grant, as when people take their consent back."""
        self._access.clear()
        self._refresh.clear()

    def _next(self) -> int:
        self._count += 1
        return self._count


def _fits(verifier: str | None, challenge: str | None) -> bool:
    """Tell whether a verifier is that of a challenge; without one there must be none (RFC 9700 section 2.1.1)."""
    if verifier is None or challenge is None:
        return verifier is challenge
    return base64url(hashlib.sha256(verifier.encode()).digest()) == challenge
