"""Calls to a provider beside its pages: the token endpoint, and what is asked by an access token."""

import hmac
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from coatcheck.desk import Desk
from coatcheck.upstream.calls import Calls, Reply
from coatcheck.upstream.oauth.client_auth import Proof, prove, secret_of
from coatcheck.upstream.oauth.discovery import Known, object_of, value_of
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.trouble import UpstreamFailed

_NOT_GRANTED: Final = frozenset({403, 404})


async def send(desk: Desk, provider: Provider, url: str, form: Mapping[str, str], proof: Proof) -> Reply:
    """Send a form to the token endpoint or one like it, once.

    Raises:
        UpstreamFailed: there is no answer that can be used.
    """
    whole, headers = {**form, **proof.form}, {**provider.token_headers, **proof.headers}
    calls = desk.keep(Calls)
    if not provider.token_takes_json:
        return await calls.post(provider, url, whole, headers=headers)
    headers["content-type"] = "application/json"
    return await calls.ask(provider, "POST", url, headers=headers, content=msgspec.json.encode(whole))


async def userinfo_of(desk: Desk, provider: Provider, known: Known, token: str) -> Mapping[str, Any]:
    """Ask who somebody is by their access token.

    Raises:
        UpstreamFailed: there is no answer that says it.

    See: OpenID Connect Core 1.0 section 5.3.
    """
    calls, url = desk.keep(Calls), known.endpoints.userinfo
    match provider.userinfo_call:
        case "get":
            reply = await calls.get(provider, _vouched(provider, url, token), headers=by_token(provider, token))
        case "post_null":
            headers = {**by_token(provider, token), "content-type": "application/json"}
            reply = await calls.ask(provider, "POST", url, headers=headers, content=b"null")
        case "introspect":
            form = {"token": token, "token_type_hint": "access_token"}
            reply = await send(desk, provider, url, form, prove(desk, provider, known))
    found = object_of(reply, "userinfo")
    if "ok" in found and found["ok"] is not True:
        raise UpstreamFailed("provider_answered_badly", f"{reply.host}: userinfo: it says that it is not ok")
    return found


async def emails_of(desk: Desk, provider: Provider, token: str) -> Any:
    """Ask for the person's addresses; None where the person did not grant that.

    Raises:
        UpstreamFailed: there is no answer that can be read.
    """
    url = _vouched(provider, provider.endpoints.emails, token)
    reply = await desk.keep(Calls).get(provider, url, headers=by_token(provider, token))
    if reply.status in _NOT_GRANTED:
        return None
    if reply.status != 200:
        raise UpstreamFailed("provider_answered_badly", f"{reply.host}: the list of addresses: answers {reply.status}")
    return value_of(reply, "the list of addresses")


def by_token(provider: Provider, token: str) -> dict[str, str]:
    """Give the headers of a call that an access token authorises (RFC 6750 section 2.1)."""
    return {**provider.api_headers, "authorization": f"Bearer {token}"}


def _vouched(provider: Provider, url: str, token: str) -> str:
    if not provider.signs_calls:
        return url
    proof = hmac.new(secret_of(provider).encode(), token.encode(), "sha256").hexdigest()
    return f"{url}{'&' if '?' in url else '?'}appsecret_proof={quote(proof)}"
