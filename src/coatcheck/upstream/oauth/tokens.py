"""A provider's tokens after the sign-in: refreshed, and given back."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from coatcheck.desk import Desk
from coatcheck.upstream.calls import Calls, Reply
from coatcheck.upstream.identity import UpstreamTokens
from coatcheck.upstream.oauth.answers import read_grant, words_of
from coatcheck.upstream.oauth.api import by_token, send
from coatcheck.upstream.oauth.client_auth import Proof, basic, prove
from coatcheck.upstream.oauth.discovery import Discovery, Known
from coatcheck.upstream.oauth.identify import hidden, tokens_of
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.trouble import UpstreamFailed

_NO_GRANT: Final = 404
_GONE_BEFORE: Final = ("invalid_token", "token_revoked", "invalid_auth")


async def refresh(desk: Desk, provider: Provider, tokens: UpstreamTokens) -> UpstreamTokens:
    """Give new tokens for a refresh token, which the provider may have ended by it: keep them before they are used.

    Only one worker may do this for a grant at a time; whoever keeps the tokens sees to it.

    Raises:
        UpstreamFailed: `code_refused`, as the grant is over; or the provider is away, and the old tokens stay.

    See: RFC 6749 section 6.
    """
    if tokens.refresh is None:
        raise UpstreamFailed("code_refused", f"{provider.name} gave no refresh token")
    known = await desk.keep(Discovery).of(provider)
    form, proof = (
        {"grant_type": "refresh_token", "refresh_token": tokens.refresh.reveal()},
        prove(desk, provider, known),
    )
    where = provider.endpoints.refresh or known.endpoints.token
    reply = await send(desk, provider, where, form, proof)
    grant = read_grant(provider, reply, hidden(provider, {**form, **proof.form}))
    new = tokens_of(desk, grant)
    says_scopes = provider.granted_name in grant.answer
    return replace(new, refresh=new.refresh or tokens.refresh, scopes=new.scopes if says_scopes else tokens.scopes)


async def revoke(desk: Desk, provider: Provider, tokens: UpstreamTokens) -> bool:
    """Give a grant back; tell whether the provider has a call for it, and took it.

    A token that the provider does not know any more is given back already.

    Raises:
        UpstreamFailed: it is away or refuses; asking again is safe.

    See: RFC 7009 section 2.
    """
    if provider.endpoints.grants:
        return await _end_grant(desk, provider, tokens)
    known = await desk.keep(Discovery).of(provider)
    if not known.endpoints.revocation:
        return False
    if provider.revocation_call == "bearer":
        sent = {"access_token": tokens.access.reveal()}
        reply = await _by_itself(desk, provider, known.endpoints.revocation, sent["access_token"])
    else:
        form, proof = _token_of(provider, tokens), _proof(desk, provider, known)
        sent = {**form, **proof.form}
        reply = await send(desk, provider, known.endpoints.revocation, form, proof)
    return _is_gone(provider, reply, sent)


def _token_of(provider: Provider, tokens: UpstreamTokens) -> Mapping[str, str]:
    token = {"token": (tokens.refresh or tokens.access).reveal()}
    hint = {"token_type_hint": "refresh_token" if tokens.refresh else "access_token"}
    return {**token, **hint} if provider.revocation_call == "rfc7009" else token


def _proof(desk: Desk, provider: Provider, known: Known) -> Proof:
    named = Proof({"client_id": provider.client_id})
    return named if provider.revocation_call == "client_id" else prove(desk, provider, known)


async def _by_itself(desk: Desk, provider: Provider, url: str, token: str) -> Reply:
    return await desk.keep(Calls).ask(provider, "POST", url, headers=by_token(provider, token))


async def _end_grant(desk: Desk, provider: Provider, tokens: UpstreamTokens) -> bool:
    form = {"access_token": tokens.access.reveal()}
    headers = {**provider.api_headers, "authorization": basic(provider), "content-type": "application/json"}
    content = msgspec.json.encode(form)
    reply = await desk.keep(Calls).ask(provider, "DELETE", provider.endpoints.grants, headers=headers, content=content)
    return reply.status == _NO_GRANT or _is_gone(provider, reply, form)


def _is_gone(provider: Provider, reply: Reply, sent: Mapping[str, str]) -> bool:
    answer = _members(reply)
    is_ok = 200 <= reply.status < 300 and answer.get("ok", True) is True
    if is_ok or answer.get("error") in _GONE_BEFORE:
        return True
    words = words_of(answer, hidden(provider, sent))
    raise UpstreamFailed("client_refused", f"{reply.host}: giving a token back: answers {reply.status}, {words}")


def _members(reply: Reply) -> Mapping[str, Any]:
    try:
        return msgspec.json.decode(reply.body, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}
