"""Present an opened session to its owner: as cookies or tokens, and as the words of the JSON answer.

Refresh tokens are issued here and nowhere else.
"""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import JSONResponse, Response

from coatcheck.clock import Instant, millis, rfc3339
from coatcheck.desk import Desk
from coatcheck.gate.request import refresh_path, set_session
from coatcheck.http.cookies import cookie_kind
from coatcheck.login.sign_in import Admitted, MoreNeeded
from coatcheck.secret import Secret, seal_under
from coatcheck.sessions.session import Session
from coatcheck.storage.database import Writing
from coatcheck.tokens import records as tokens
from coatcheck.tokens.access_token import AccessToken, make_access_token
from coatcheck.tokens.family import Family, remembered
from coatcheck.tokens.records import Facts
from coatcheck.tokens.refresh_token import RefreshToken, new_refresh_token
from coatcheck.tokens.storage_share import storage_share
from coatcheck.visit import Visit


class Tokens(Struct, frozen=True):
    """Hold the tokens that a session is presented by."""

    access: AccessToken
    refresh_token: Secret


async def presented(desk: Desk, visit: Visit, admitted: Admitted) -> Response:
    """Answer a complete sign-in as its client asked for it: by a cookie, by tokens, or by tokens in cookies.

    Raises:
        SessionEnded: the session ended meanwhile.
        TokenTooLarge: the roles or permissions of this account do not fit.
    """
    response: Response
    if admitted.refresh_token is None:
        response = JSONResponse(answer_of(admitted))
        set_cookies(desk, response, admitted)
        return response
    access = await make_access_token(
        desk, session=admitted.session.id, issuer=visit.base_url, audience=admitted.audience
    )
    given = Tokens(access, admitted.refresh_token)
    response = await answer_tokens(desk, visit, given, in_cookies=admitted.session.presented_as == "token_cookies")
    set_named(desk, response, admitted)
    return response


def presented_again(desk: Desk, admitted: Admitted) -> Response:
    """Answer a complete step-up. A cookie gets its new secret; tokens have gone stale, and the next ones say it."""
    response = JSONResponse(answer_of(admitted))
    set_cookies(desk, response, admitted)
    return response


async def answer_tokens(desk: Desk, visit: Visit, given: Tokens, *, in_cookies: bool) -> Response:
    """Answer with tokens, in the body or in cookies.

    Raises:
        SessionEnded: the account was locked or closed meanwhile.
    """
    words = token_words(given, in_cookies=in_cookies) | await _bound_words(desk, given.access.facts)
    response = JSONResponse(words)
    if in_cookies:
        set_token_cookies(desk, visit, response, given)
    return response


def first_refresh_token(tx: Writing, session: Session, audience: str | None, jkt: str | None) -> Secret:
    """Issue the first refresh token of a session that was just opened, in the same transaction."""
    first = new_refresh_token()
    family = Family(
        session=session.id,
        family_hash=first.family_digest,
        current_hash=first.digest,
        audience=audience,
        cnf_jkt=jkt,
    )
    tokens.add_family(tx, family)
    return first.whole


def next_refresh_token(tx: Writing, family: Family, presented: RefreshToken, now: Instant) -> Secret:
    """Issue the successor of a session's current refresh token, which is presented; the caller holds the family.

    Its holder can have it again: it is kept sealed under a key that only the presented token gives.
    """
    successor = new_refresh_token(presented.family)
    sealed = seal_under(presented.whole.reveal(), successor.whole.reveal().encode(), place=family.session)
    tokens.replace(
        tx,
        replace(
            family,
            current_hash=successor.digest,
            former_hash=family.current_hash,
            replaced_at=now,
            sealed=sealed,
            recent=remembered(family, now),
        ),
    )
    return successor.whole


def set_token_cookies(desk: Desk, visit: Visit, response: Response, given: Tokens) -> None:
    """Set the tokens of a session as cookies; the refresh token's comes back to the calls about tokens alone."""
    kind, lasts = cookie_kind(desk.settings.server), cookie_lasts(desk, given.access.facts)
    lines = (
        # It outlasts the token in it: that it is there says that there may be a refresh token.
        kind.set("access", given.access.text, max_age=lasts),
        kind.set("refresh", given.refresh_token.reveal(), max_age=lasts, path=refresh_path(visit)),
    )
    for line in lines:
        response.headers.append("set-cookie", line)


def token_words(given: Tokens, *, in_cookies: bool) -> dict[str, Any]:
    """Give the JSON answer of a sign-in or refresh by tokens; what is in cookies is not in it."""
    facts = given.access.facts
    words: dict[str, Any] = {
        "status": "admitted",
        "expires_in": given.access.expires_in,
        "session": session_words(facts),
        "account": {"id": facts.account, "email": facts.email, "username": facts.username},
    }
    if not in_cookies:
        words |= {
            "token_type": "Bearer" if facts.cnf_jkt is None else "DPoP",
            "access_token": given.access.text,
            "refresh_token": given.refresh_token.reveal(),
        }
    return words


def set_cookies(desk: Desk, response: Response, admitted: Admitted) -> None:
    """Set the session's cookie, if it is presented by one, and those that name this browser to later sign-ins."""
    if admitted.session.presented_as == "cookie":
        set_session(desk, response, admitted.secret, max_age=cookie_lasts(desk, admitted.session))
    set_named(desk, response, admitted)


def set_named(desk: Desk, response: Response, admitted: Admitted) -> None:
    """Set the cookie by which this device is known to the limits, and that of a browser that was trusted just now."""
    kind, known_for = cookie_kind(desk.settings.server), millis(desk.settings.limits.known_device_for) // 1000
    lines = [kind.set("known", admitted.known_device.reveal(), max_age=known_for)]
    if admitted.trusted_device is not None:
        trusted_for = millis(desk.settings.sign_in.trust_devices_for) // 1000
        lines.append(kind.set("trusted", admitted.trusted_device.reveal(), max_age=trusted_for))
    for line in lines:
        response.headers.append("set-cookie", line)


def cookie_lasts(desk: Desk, session: Session | Facts) -> int | None:
    """Give the seconds a session's cookie lasts; None when it ends with the browser."""
    return (session.ends_at - desk.now()) // 1000 if session.remember_me else None


def answer_of(outcome: Admitted | MoreNeeded) -> dict[str, Any]:
    """Give the JSON answer of a sign-in; a cookie's secret is not in it."""
    match outcome:
        case Admitted(session=session):
            account = {"id": session.account, "email": outcome.email, "username": outcome.username}
            return {"status": "admitted", "session": session_words(session), "account": account}
        case MoreNeeded():
            return {
                "status": "more_needed",
                "sign_in": outcome.sign_in,
                "continuation": outcome.continuation.reveal(),
                "options": list(outcome.options),
                "expires_at": rfc3339(outcome.expires_at),
            }


def session_words(session: Session | Facts) -> dict[str, Any]:
    """Give a session in the words of the API."""
    return {
        "id": session.id,
        "expires_at": rfc3339(session.expires_at),
        "ends_at": rfc3339(session.ends_at),
        "auth_time": rfc3339(session.auth_time),
        "acr": session.acr,
        "amr": list(session.amr),
    }


def listed_words(session: Session, *, current: bool) -> dict[str, Any]:
    """Give a session as its owner sees it in the list: where it runs, and how long."""
    return {
        "id": session.id,
        "device": session.device,
        "address": session.address,
        "created_at": rfc3339(session.created_at),
        "last_seen": rfc3339(session.last_seen),
        "expires_at": rfc3339(session.expires_at),
        "ends_at": rfc3339(session.ends_at),
        "current": current,
    }


async def _bound_words(desk: Desk, facts: Facts) -> dict[str, Any]:
    """Give what comes beside tokens that are bound to a key: for what its holder keeps, and does, offline."""
    if facts.cnf_jkt is None:
        return {}
    share = await storage_share(desk, account=facts.account, jkt=facts.cnf_jkt)
    offline = [scope for scope in desk.settings.tokens.offline_scopes if scope in facts.permissions]
    return {"storage_share": share.reveal(), "offline_scopes": offline}
