"""Learn who came back from a provider: its answer is judged, its code redeemed once, and what it says checked.

iss? → error? → code → token endpoint, once → ID token → userinfo → emails → Identity
"""

from collections.abc import Mapping
from typing import Any, Final

from coatcheck.desk import Desk
from coatcheck.secret import Secret
from coatcheck.upstream.identity import Identity, UpstreamTokens
from coatcheck.upstream.oauth.answers import Grant, read_grant, words_of
from coatcheck.upstream.oauth.api import emails_of, send, userinfo_of
from coatcheck.upstream.oauth.client_auth import prove
from coatcheck.upstream.oauth.discovery import Discovery, Known
from coatcheck.upstream.oauth.id_token import Expected, check_id_token
from coatcheck.upstream.oauth.leave import redirect_uri
from coatcheck.upstream.oauth.person import (
    Said,
    check_demands,
    email_of,
    groups_of,
    has_second_factor,
    name_of,
    subject_of,
)
from coatcheck.upstream.oauth.tenants import fits_template, issuer_of
from coatcheck.upstream.provider import Provider, Source
from coatcheck.upstream.round_trips import Back, nonce_of, pkce_verifier
from coatcheck.upstream.trouble import UpstreamFailed
from coatcheck.verifier.strict_json import read_answer
from coatcheck.visit import Visit

EARLY_MS: Final = 60_000
"""How long before its end a token is renewed: the call that it is wanted for takes time, and clocks differ. One that
lives for less than two minutes is renewed from the middle of its life."""

_LONGEST_CODE: Final = 8192
_LONGEST_USER: Final = 4096


async def identify_by_code(desk: Desk, visit: Visit, provider: Provider, back: Back) -> Identity:
    """Give who came back, by the word of a provider.

    The trip was spent before, so the code is sent once, whatever comes of it: a provider may take back all that it gave
    for a code that comes again.

    Raises:
        UpstreamFailed: the answer, or what it leads to, says nobody; its trouble tells why.

    See: RFC 6749 sections 4.1.2 to 4.1.4; RFC 9207 section 2.4; RFC 9700; OpenID Connect Core 1.0 sections 3.1.3, 5.3.
    """
    _check_answer_issuer(provider, back.answer)
    _check_error(back.answer)
    known = await desk.keep(Discovery).of(provider)
    _check_issuer_is_named(provider, known, back.answer)
    grant = await _redeem(desk, provider, known, back)
    said = await _asked(desk, provider, known, back, grant)
    return _identity(desk, provider, grant, said)


def _check_answer_issuer(provider: Provider, answer: Mapping[str, str]) -> None:
    named, wanted = answer.get("iss"), provider.answer_issuer or provider.issuer
    if named is not None and named != wanted and not fits_template(provider, named):
        raise UpstreamFailed("answer_of_another_issuer", f"iss of the answer is {named[:200]!r}, not {wanted!r}")


def _check_error(answer: Mapping[str, str]) -> None:
    if "error" in answer:
        hide = [answer.get(name, "") for name in ("state", "code")]
        raise UpstreamFailed("refused_there", f"it said: {words_of(answer, hide)}")


def _check_issuer_is_named(provider: Provider, known: Known, answer: Mapping[str, str]) -> None:
    if "iss" not in answer and (provider.iss_in_answer == "demanded" or known.names_itself):
        raise UpstreamFailed("answer_of_another_issuer", "the answer names no iss, though the provider says it does")


async def _redeem(desk: Desk, provider: Provider, known: Known, back: Back) -> Grant:
    code = back.answer.get("code", "")
    if not 0 < len(code) <= _LONGEST_CODE:
        raise UpstreamFailed("answer_incomplete", "no code, or one that is too long")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri(provider, back.trip)}
    if provider.sends_pkce:
        form["code_verifier"] = pkce_verifier(desk, back.state).reveal()
    proof = prove(desk, provider, known)
    reply = await send(desk, provider, known.endpoints.token, form, proof)
    return read_grant(provider, reply, hidden(provider, {**form, **proof.form}))


def hidden(provider: Provider, form: Mapping[str, str]) -> list[str]:
    """List what of a call must not come back in an operator's words."""
    names = {"code", "code_verifier", "client_secret", "client_assertion", "refresh_token", "token", "access_token"}
    secret = provider.client_secret
    return [*(value for name, value in form.items() if name in names), *([secret.reveal()] if secret else [])]


async def _asked(desk: Desk, provider: Provider, known: Known, back: Back, grant: Grant) -> Said:
    """Gather all that the provider says: the ID token before anything is asked by the access token."""
    said: dict[Source, Any] = {"token": grant.answer, "form": _form_of(back.answer)}
    if provider.kind == "oidc":
        said["id_token"] = await _checked(desk, provider, known, back, grant)
    in_token = not _reads(provider, "profile") or _says_address(provider, said)
    if known.endpoints.userinfo and (_reads(provider, "userinfo") or not in_token):
        said["userinfo"] = await userinfo_of(desk, provider, known, grant.access_token)
        _check_same_person(provider, said)
    said["profile"] = said.get("id_token") if in_token else said.get("userinfo")
    if provider.endpoints.emails and _reads(provider, "emails"):
        said["emails"] = await emails_of(desk, provider, grant.access_token)
    return said


async def _checked(desk: Desk, provider: Provider, known: Known, back: Back, grant: Grant) -> Mapping[str, Any]:
    if grant.id_token is None:
        raise UpstreamFailed("identity_token_refused", "no ID token came")
    expected = Expected(
        began_at=back.trip.began_at,
        nonce=nonce_of(desk, back.state) if provider.sends_nonce else None,
        code=back.answer["code"],
        access_token=grant.access_token,
        is_fresh=back.trip.wants_fresh and provider.reauthenticates,
    )
    return await check_id_token(desk, provider, known.endpoints.jwks, grant.id_token, expected)


def _check_same_person(provider: Provider, said: Said) -> None:
    """Refuse userinfo of somebody else: an access token may be another's (OpenID Connect Core 1.0 section 5.3.2)."""
    if provider.kind == "oidc" and said["userinfo"].get("sub") != said["id_token"].get("sub"):
        raise UpstreamFailed("identity_token_refused", "sub of userinfo is another than that of the ID token")


def _says_address(provider: Provider, said: Said) -> bool:
    """Tell whether the ID token speaks of the person: else userinfo does (OpenID Connect Core 1.0 section 5.4)."""
    email = provider.claims.email
    return email is not None and email.path[0] in said["id_token"]


def _reads(provider: Provider, source: Source) -> bool:
    claims = provider.claims
    places = [claims.subject, claims.subject_within, claims.email, *claims.email_flag, claims.name, claims.groups]
    places += [demand.claim for demand in claims.demands]
    return any(each is not None and each.source == source for each in places)


def _form_of(answer: Mapping[str, str]) -> Mapping[str, Any]:
    """Give what was posted to the callback about the person (Apple): unsigned, so nothing fails by it."""
    user = answer.get("user", "")
    if not 0 < len(user) <= _LONGEST_USER:
        return {}
    try:
        return {"user": read_answer(user.encode())}
    except ValueError:
        return {}


def _identity(desk: Desk, provider: Provider, grant: Grant, said: Said) -> Identity:
    check_demands(provider, said)
    email, is_proven = email_of(provider, said)
    return Identity(
        provider=provider.name,
        issuer=issuer_of(provider, said.get("id_token") or {}),
        subject=subject_of(provider, said),
        email=email.text if email else None,
        is_email_proven=is_proven,
        name=name_of(provider, said),
        groups=groups_of(provider, said),
        has_two_factors=has_second_factor(provider, said),
        tokens=tokens_of(desk, grant) if provider.keeps_tokens else None,
    )


def tokens_of(desk: Desk, grant: Grant) -> UpstreamTokens:
    """Give a grant as it is kept."""
    now, lives_ms = desk.now(), grant.lives_s * 1000 if grant.lives_s else None
    return UpstreamTokens(
        access=Secret(grant.access_token),
        refresh=Secret(grant.refresh_token) if grant.refresh_token else None,
        scopes=grant.scopes,
        expires_at=None if lives_ms is None else now + lives_ms,
        renew_from=None if lives_ms is None else now + max(lives_ms - EARLY_MS, lives_ms // 2),
    )
