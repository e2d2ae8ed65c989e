"""Check an access token: in memory after the first time, but for the bit that says whether it was taken back."""

from functools import lru_cache
from urllib.parse import urlsplit

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import TokenRefused
from coatcheck.http.reached import is_this_machine
from coatcheck.keys.ring import SigningKeys
from coatcheck.keys.signing_key import PublicKey
from coatcheck.revocation.lists import HeldLists
from coatcheck.revocation.reader import LogReader
from coatcheck.verifier import Principal
from coatcheck.verifier.algorithms import VerifyingKey, check_signature, secret_key
from coatcheck.verifier.claims import check_access, principal_of, read_access, status_of
from coatcheck.verifier.jwk import key_of
from coatcheck.verifier.jws import Jws, KnownHeaders, parse_jws
from coatcheck.verifier.status import UnknownIndex, UnknownList
from coatcheck.verifier.token_cache import CheckedToken, TokenCache

_ANY_AGE_S = 2**31


class CheckedTokens:
    """Keep the tokens that this process has checked lately, by whom they had to be meant for."""

    def __init__(self, desk: Desk) -> None:
        self._by_audience: dict[str | None, TokenCache] = {}
        self.headers = KnownHeaders()
        self.forgot = 0
        desk.keep(LogReader).on_reload(self.forget)

    def get(self, audience: str | None, token: str, now: Instant, proven_key: str | None = None) -> CheckedToken | None:
        """Give what was found when a token was checked for an audience."""
        kept = self._by_audience.get(audience)
        return None if kept is None else kept.get(token, now, proven_key)

    def put(self, audience: str | None, token: str, checked: CheckedToken) -> None:
        """Keep what was found; only a good token makes room for its audience, so that strangers make none."""
        self._by_audience.setdefault(audience, TokenCache()).put(token, checked)

    def forget(self) -> None:
        """Check every token anew from now on, as the keys may have changed."""
        self.forgot += 1
        self.headers = KnownHeaders()
        self._by_audience.clear()


async def check_bearer(desk: Desk, token: str) -> Principal:
    """Give the principal behind an access token that is meant for us, where no proof can come with it.

    Raises:
        TokenRefused: it is not one of ours, not for us, run out, bound to a key, or taken back.
        DatabaseAway: nothing in memory counts, and the database cannot be reached.

    See: RFC 6750; RFC 9068 section 4.
    """
    issuer = issuer_of(desk, token)
    return (await check_token(desk, token, issuer=issuer, audience=issuer)).principal


async def read_old_token(desk: Desk, token: str) -> Principal:
    """Give the principal of an access token for us that may have run out or been taken back.

    Raises:
        TokenRefused: it is not one of ours, or its key is gone.
        DatabaseAway: its key is not in memory, and the database cannot be reached.
    """
    issuer, jws = issuer_of(desk, token), parse_jws(token)
    check_signature(jws, await _key_of(desk, jws))
    return principal_of(check_access(jws, issuer=issuer, audience=issuer, now=desk.now(), leeway_s=_ANY_AGE_S))


async def check_token(
    desk: Desk, token: str, *, issuer: str, audience: str | None, proven_key: str | None = None
) -> CheckedToken:
    """Check an access token of ours.

    Args:
        issuer: as whom we issued it.
        audience: whom it must be meant for; None where whoever asks judges that.
        proven_key: thumbprint of the key whose possession the request has proven, or `ANY_KEY`.

    Raises:
        TokenRefused: it is not one of ours, not for them, run out, bound to another key or none, or taken back.
        DatabaseAway: nothing in memory counts, and the database cannot be reached.
    """
    kept = desk.keep(CheckedTokens)
    checked = kept.get(audience, token, desk.now(), proven_key)
    if checked is None:
        before = kept.forgot
        checked = await _check(desk, token, issuer, audience, proven_key)
        if before == kept.forgot:
            kept.put(audience, token, checked)
    await _refuse_taken_back(desk, checked)
    return checked


async def _check(desk: Desk, token: str, issuer: str, audience: str | None, proven_key: str | None) -> CheckedToken:
    headers = desk.keep(CheckedTokens).headers
    jws = parse_jws(token, headers)
    check_signature(jws, await _key_of(desk, jws), headers)
    claims = check_access(jws, issuer=issuer, audience=audience, now=desk.now(), proven_key=proven_key)
    return CheckedToken(principal_of(claims), status_of(claims), claims.exp * 1000, claims.client_id)


async def _key_of(desk: Desk, jws: Jws) -> VerifyingKey:
    public = await desk.keep(SigningKeys).find(jws.kid or "")
    if public is None:
        raise TokenRefused("the token names a key that is none of ours, or is gone")
    return _verifying(public)


@lru_cache(maxsize=32)
def _verifying(public: PublicKey) -> VerifyingKey:
    if isinstance(public.public, bytes):
        return secret_key(public.kid, public.public)
    return key_of(public.jwk or {})


async def _refuse_taken_back(desk: Desk, checked: CheckedToken) -> None:
    place, lists = checked.place, desk.keep(HeldLists)
    if place is None:
        raise TokenRefused("the token names no index")
    try:
        if await lists.is_set(place.list_id, place.index):
            raise TokenRefused("the token was taken back", renew=lists.moves.has(place.list_id, place.index))
    except (UnknownList, UnknownIndex) as unknown:
        raise TokenRefused(str(unknown)) from None


def issuer_of(desk: Desk, token: str) -> str:
    """Give our own name; where everybody is on this machine, which has several, the one that the token has for it.

    Raises:
        TokenRefused: it has none of ours.
    """
    if desk.settings.server.public_url is not None:
        return desk.settings.server.public_url.rstrip("/")
    issuer = read_access(parse_jws(token).payload).iss
    if not _is_local(issuer):
        raise TokenRefused("the token is from another issuer")
    return issuer


def _is_local(issuer: str) -> bool:
    try:
        return is_this_machine(urlsplit(issuer).netloc)
    except ValueError:
        return False
