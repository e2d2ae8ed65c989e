"""The request path: from what a request presents to the principal behind it."""

from coatcheck.api_keys.key_text import has_form, is_opaque
from coatcheck.desk import Desk
from coatcheck.errors import ApiKeyRefused, BadInput, NotSignedIn
from coatcheck.gate.api_key import check_api_key
from coatcheck.gate.bearer import check_bearer, issuer_of, read_old_token
from coatcheck.gate.cookie import check_cookie
from coatcheck.gate.proof import check_credential
from coatcheck.http.cookies import CookieName, cookie_kind, read_cookie
from coatcheck.http.cross_site import refuse_cross_site
from coatcheck.verifier import Principal
from coatcheck.verifier.bearer import Credential, credential_of
from coatcheck.verifier.target_uri import at_origin, origin_of
from coatcheck.visit import Asked


async def authenticate(desk: Desk, asked: Asked) -> Principal:
    """Give the principal behind a request.

    `Authorization` wins, and a bad one is refused without looking at cookies.

    Raises:
        NotSignedIn: nothing is presented, or a credential that is not understood.
        TokenRefused: a token does not count, or is bound to a key that was not proven.
        ProofRefused: the proof that came with it does not count.
        ApiKeyRefused: an API key does not count.
        ApiKeyOverused: it was used as often as one may be in a minute.
        TooManyAttempts: too many API keys of this address have led nowhere.
        SessionEnded: the session is over.
        CrossSiteRefused: a cookie on an unsafe request that another site caused.
        DatabaseAway: the session is not in memory and the database cannot be reached.
    """
    if asked.authorization is not None:
        credential = credential_of(asked)
        if is_key(credential):
            return await check_api_key(desk, credential.token, address=asked.address, is_use=asked.is_use)
        return await _by_token(desk, asked, credential)
    secret, token = _from_cookies(desk, asked)
    if not secret:
        return await check_bearer(desk, token)
    return await check_cookie(desk, secret, is_use=asked.is_use)


async def whose_to_end(desk: Desk, asked: Asked) -> Principal | None:
    """Give whose session the cookies of a request present, so that it can be ended, and for nothing else.

    An access token counts here also when it has run out: its session goes on without it, by the refresh token, which
    comes to the calls about tokens alone.
    """
    try:
        secret, token = _from_cookies(desk, asked)
        return await check_cookie(desk, secret) if secret else await read_old_token(desk, token)
    except NotSignedIn:
        return None


async def _by_token(desk: Desk, asked: Asked, credential: Credential) -> Principal:
    issuer = issuer_of(desk, credential.token)
    # Where we are reached is what the token calls us, never what the request says of that.
    url = "" if credential.proof is None else at_origin(origin_of(issuer) or "", asked.url)
    return (await check_credential(desk, credential, asked, url=url, issuer=issuer, audience=issuer)).principal


def is_key(credential: Credential) -> bool:
    """Tell whether what is presented is no signed token, so that it can only be an API key.

    Raises:
        ApiKeyRefused: it is one, as a token that is bound to a key.
    """
    if not is_opaque(credential.token):
        return False
    if credential.proof is None:
        return True
    if has_form(credential.token):
        raise ApiKeyRefused("an API key came as a token for DPoP: nobody can prove it, it goes as Bearer")
    return False


def _from_cookies(desk: Desk, asked: Asked) -> tuple[str, str]:
    """Give the session's secret, or else the access token: the first one wins."""
    secret = _cookie(desk, asked, "session") or ""
    token = "" if secret else _cookie(desk, asked, "access") or ""
    if not secret and not token:
        raise NotSignedIn("no credential was presented")
    refuse_cross_site(asked, desk.settings.server, desk.settings.web)
    return secret, token


def _cookie(desk: Desk, asked: Asked, name: CookieName) -> str | None:
    try:
        return read_cookie(asked.cookies, cookie_kind(desk.settings.server).name(name))
    except BadInput as twice:
        raise NotSignedIn(twice.because) from None
