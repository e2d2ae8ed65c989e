"""Present an opened session to its owner: as cookies, and as the words of the JSON answer."""

from typing import Any

from starlette.responses import Response

from coatcheck.clock import millis, rfc3339
from coatcheck.desk import Desk
from coatcheck.gate.request import set_session
from coatcheck.http.cookies import cookie_kind
from coatcheck.login.sign_in import Admitted, MoreNeeded
from coatcheck.sessions.session import Session


def set_cookies(desk: Desk, response: Response, admitted: Admitted) -> None:
    """Set the session's cookie, and the one by which this device is known to the limits."""
    set_session(desk, response, admitted.secret, max_age=cookie_lasts(desk, admitted.session))
    known_for = millis(desk.settings.limits.known_device_for) // 1000
    line = cookie_kind(desk.settings.server).set("known", admitted.known_device.reveal(), max_age=known_for)
    response.headers.append("set-cookie", line)


def cookie_lasts(desk: Desk, session: Session) -> int | None:
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


def session_words(session: Session) -> dict[str, Any]:
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
