"""Judge a token from memory alone: no network, no waiting. What memory lacks is a value, for others to fetch."""

from collections.abc import Callable
from typing import Literal

import msgspec

from coatcheck.clock import Clock
from coatcheck.errors import RevocationUnknown, TokenRefused
from coatcheck.verifier.algorithms import VerifyingKey, check_signature
from coatcheck.verifier.bearer import refuse_opaque
from coatcheck.verifier.claims import StatusPlace, check_access, principal_of, status_of
from coatcheck.verifier.feed import Feed
from coatcheck.verifier.jws import KnownHeaders, parse_jws
from coatcheck.verifier.principal import Principal
from coatcheck.verifier.status import UnknownIndex, UnknownList
from coatcheck.verifier.token_cache import CheckedToken, TokenCache


class Lacking(msgspec.Struct, frozen=True):
    """Say what is lacking to judge a token.

    Args:
        what: `keys`: none are in force; `key`: the token's is not among them; `list`: its status list is not held;
            `news`: what is held is too old.
        list_id: which list.
        principal: whom the token speaks for, if nothing but its status is open.
    """

    what: Literal["keys", "key", "list", "news"]
    list_id: int = 0
    principal: Principal | None = None

    def refusal(self) -> TokenRefused | RevocationUnknown:
        """Give the error where nobody can fetch what is lacking."""
        match self.what:
            case "key":
                return TokenRefused("the token is signed by a key that the issuer does not publish")
            case "list":
                return TokenRefused(f"the issuer has no status list {self.list_id}")
            case "keys":
                return RevocationUnknown(because="the issuer's keys could not be fetched, or are too old")
            case "news":
                return RevocationUnknown(because="the news of what was revoked are older than max_staleness")


class Judge:
    """Judge tokens; may be called on any thread.

    Args:
        issuer: who must have issued them.
        audience: whom they must be meant for.
        find_key: gives the issuer's key of a `kid`, if it is in force.
        feed: tells what was revoked; None where the owner chose not to know.
        accepts_stale: take tokens also when the news are too old.
        clock: tells the time.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        find_key: Callable[[str], VerifyingKey | None],
        has_keys: Callable[[], bool],
        feed: Feed | None,
        accepts_stale: bool,
        clock: Clock,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._find_key = find_key
        self._has_keys = has_keys
        self._feed = feed
        self._accepts_stale = accepts_stale
        self._clock = clock
        self._headers = KnownHeaders()
        self._tokens = TokenCache()
        self._keys_changed = 0

    def begin(self) -> None:
        """Begin in a process of its own: a fork may have taken the cache's lock along, held by nobody."""
        self._tokens = TokenCache()

    def forget_tokens(self) -> None:
        """Check every token anew from now on, as the keys have changed."""
        self._keys_changed += 1
        self._headers = KnownHeaders()
        self._tokens.clear()

    def look(self, token: str, proven_key: str | None = None) -> Principal | Lacking:
        """Give the principal that a token speaks for, or what is lacking to tell.

        Args:
            token: as it was presented.
            proven_key: thumbprint of the key whose possession the request has proven, or `ANY_KEY`.

        Raises:
            TokenRefused: the token is forged, run out, for somebody else, bound to another key or none, or revoked.
        """
        checked = self._tokens.get(token, self._clock.now(), proven_key)
        if checked is None:
            first = self._check(token, proven_key)
            if isinstance(first, Lacking):
                return first
            checked = first
        if self._feed is None or checked.place is None:
            return checked.principal
        return self._look_at_status(self._feed, checked.principal, checked.place)

    def _check(self, token: str, proven_key: str | None) -> CheckedToken | Lacking:
        before = self._keys_changed
        refuse_opaque(token)
        jws = parse_jws(token, self._headers)
        if not self._has_keys():
            return Lacking("keys")
        key = self._find_key(jws.kid or "")
        if key is None:
            return Lacking("key")
        check_signature(jws, key, self._headers)
        now = self._clock.now()
        claims = check_access(
            jws,
            issuer=self._issuer,
            audience=self._audience,
            now=now,
            proven_key=proven_key,
            may_lack_status=self._feed is None,
        )
        checked = CheckedToken(principal_of(claims), status_of(claims), claims.exp * 1000)
        self._tokens.put(token, checked)
        if before != self._keys_changed:  # the keys changed meanwhile: what was kept may rest on an old one
            self._tokens.clear()
        return checked

    def _look_at_status(self, feed: Feed, principal: Principal, place: StatusPlace) -> Principal | Lacking:
        is_fresh = feed.is_fresh()
        try:
            if feed.lists.is_set(place.list_id, place.index):
                because = f"revoked: index {place.index} of status list {place.list_id}"
                raise TokenRefused(because, renew=feed.moves.has(place.list_id, place.index))
        except UnknownIndex:
            raise TokenRefused("the token names an index that its status list does not have") from None
        except UnknownList:
            if is_fresh:
                return Lacking("list", place.list_id, principal)
        return principal if is_fresh or self._accepts_stale else Lacking("news", 0, principal)
