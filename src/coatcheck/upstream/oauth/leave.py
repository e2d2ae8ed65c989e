"""Leave for a provider: the address that the browser is sent to, with all that its answer will be held to."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from coatcheck.desk import Desk
from coatcheck.keys.algorithms import base64url
from coatcheck.secret import Secret
from coatcheck.upstream.calls import Calls
from coatcheck.upstream.oauth.answers import accepted
from coatcheck.upstream.oauth.client_auth import prove
from coatcheck.upstream.oauth.discovery import Discovery, Known
from coatcheck.upstream.oauth.scopes import asked_scopes
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.round_trips import RoundTrip, nonce_of, pkce_verifier
from coatcheck.upstream.trouble import UpstreamFailed
from coatcheck.visit import Visit

_LONGEST_URI: Final = 2048


async def authorization_address(desk: Desk, visit: Visit, provider: Provider, trip: RoundTrip, state: Secret) -> str:
    """Give the address that begins a sign-in at a provider.

    Args:
        trip: what it is for.
        state: the trip's own; PKCE's verifier and the nonce are derived from it.

    Raises:
        UpstreamFailed: where it is asked did not come, or it refused what was pushed to it.

    See: RFC 6749 section 4.1.1; RFC 7636 section 4.3; RFC 9126 section 2; OpenID Connect Core 1.0 section 3.1.2.1.
    """
    known = await desk.keep(Discovery).of(provider)
    asked = _parameters(desk, provider, trip, state)
    if known.endpoints.par:
        asked = await _pushed(desk, provider, known, asked)
    return _with(_checked(provider, known.endpoints.authorization), asked)


def redirect_uri(provider: Provider, trip: RoundTrip) -> str:
    """Give where the provider sends the browser back: the same text in both halves of a sign-in."""
    return f"{trip.base_url}/login/{provider.name}/callback"


def _parameters(desk: Desk, provider: Provider, trip: RoundTrip, state: Secret) -> Mapping[str, str]:
    asked = {**provider.authorize, **(provider.authorize_offline if provider.keeps_tokens else {})}
    asked |= _asking_anew(provider, trip)
    asked |= {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri(provider, trip),
        "state": state.reveal(),
    }
    if scopes := asked_scopes(provider):
        asked["scope"] = provider.scope_separator.join(scopes)
    if provider.posts_answer:
        asked["response_mode"] = "form_post"
    if provider.sends_nonce:
        asked["nonce"] = nonce_of(desk, state)
    if provider.sends_pkce:
        digest = sha256(pkce_verifier(desk, state).reveal().encode()).digest()
        asked |= {"code_challenge": base64url(digest), "code_challenge_method": "S256"}
    return asked


def _asking_anew(provider: Provider, trip: RoundTrip) -> Mapping[str, str]:
    return {"max_age": "0", "prompt": "login"} if trip.wants_fresh and provider.reauthenticates else {}


async def _pushed(desk: Desk, provider: Provider, known: Known, asked: Mapping[str, str]) -> Mapping[str, str]:
    proof = prove(desk, provider, known)
    form = {**asked, **proof.form}
    reply = await desk.keep(Calls).post(provider, known.endpoints.par, form, headers=proof.headers)
    answer = accepted(reply, "the pushed request", list(proof.form.values()), trouble="client_refused")
    uri = answer.get("request_uri")
    if not isinstance(uri, str) or not 0 < len(uri) <= _LONGEST_URI:
        raise UpstreamFailed("provider_answered_badly", f"{reply.host}: the pushed request: no request_uri")
    return {"client_id": provider.client_id, "request_uri": uri}


def _with(address: str, asked: Mapping[str, str]) -> str:
    # Some providers read `+` as it stands, so blanks travel as %20.
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked, quote_via=quote)}"


def _checked(provider: Provider, address: str) -> str:
    """Refuse to send a browser anywhere but to a web page, and by https unless it is on this machine."""
    parts = urlsplit(address)
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.fragment or not (parts.scheme == "https" or (parts.scheme == "http" and is_here)):
        raise UpstreamFailed("address_not_allowed", f"{provider.name}: its authorization endpoint is no https address")
    return address
