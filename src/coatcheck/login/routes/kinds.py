"""How each factor is asked for on the page of further steps: its fields are drawn by `login/step_FACTOR.html`."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from msgspec import Struct
from starlette.requests import Request

from coatcheck.errors import BadInput
from coatcheck.gate.request import desk_of, visit_of
from coatcheck.login.enrol_passkey import STEP as ENROL_PASSKEY
from coatcheck.login.enrol_totp import ENROL_TOTP, offered_in, prove_enrolled_totp, start_enrolling_totp
from coatcheck.login.factors import Factor
from coatcheck.login.mailed_code import EMAIL_CODE, kept_of
from coatcheck.login.prove import Step, whose
from coatcheck.login.routes.passkeys import take_new_passkey, take_passkey
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.login.standing import providers_of
from coatcheck.login.with_backup_code import prove_backup_code
from coatcheck.login.with_email_code import SENDS, prove_email_code, start_email_code
from coatcheck.login.with_password import prove_password
from coatcheck.login.with_provider import PROVIDER
from coatcheck.login.with_totp import prove_totp
from coatcheck.mfa.qr import qr_svg
from coatcheck.upstream.configured import Providers

_Takes: TypeAlias = Callable[[Request, Step, Mapping[str, str]], Awaitable[Admitted | MoreNeeded]]
_Starts: TypeAlias = Callable[[Request, Step, str | None], Awaitable[object]]
_Shows: TypeAlias = Callable[[Request, SignIn], Awaitable[dict[str, Any]]]


_NOT_LINKED: Final = "That is not the account there which is linked here. Try again."


class Kind(Struct, frozen=True):
    """Say how one factor is asked for.

    Args:
        takes: what takes the fields of its form.
        starts: what starts it, where its owner starts it by a button; it is told where the browser goes on.
        shows: what it shows beside its fields.
        is_scripted: whether a script of ours takes part, and tells what went wrong in its own words.
        refuses: what it says of a wrong answer, where that is no wrong code.
    """

    takes: _Takes
    starts: _Starts | None = None
    shows: _Shows | None = None
    is_scripted: bool = False
    refuses: str = ""


async def _password(request: Request, step: Step, fields: Mapping[str, str]) -> Admitted | MoreNeeded:
    return await prove_password(desk_of(request), visit_of(request), step, password=fields.get("password", ""))


async def _email_code(request: Request, step: Step, fields: Mapping[str, str]) -> Admitted | MoreNeeded:
    return await prove_email_code(desk_of(request), visit_of(request), step, code=fields.get("code", "")[:64])


async def _start_email_code(request: Request, step: Step, return_to: str | None) -> object:
    return await start_email_code(desk_of(request), visit_of(request), step, return_to=return_to)


async def _show_email_code(_request: Request, sign_in: SignIn) -> dict[str, Any]:
    mailed = kept_of(sign_in)
    return {"mailed": mailed, "may_mail": mailed.sent < SENDS}


async def _totp(request: Request, step: Step, fields: Mapping[str, str]) -> Admitted | MoreNeeded:
    return await prove_totp(desk_of(request), visit_of(request), step, code=fields.get("code", "")[:64])


async def _backup_code(request: Request, step: Step, fields: Mapping[str, str]) -> Admitted | MoreNeeded:
    return await prove_backup_code(desk_of(request), visit_of(request), step, code=fields.get("code", "")[:64])


async def _enrol_totp(request: Request, step: Step, fields: Mapping[str, str]) -> Admitted | MoreNeeded:
    return await prove_enrolled_totp(desk_of(request), visit_of(request), step, code=fields.get("code", "")[:64])


async def _start_enrol_totp(request: Request, step: Step, _return_to: str | None) -> object:
    return await start_enrolling_totp(desk_of(request), step)


async def _show_enrol_totp(request: Request, sign_in: SignIn) -> dict[str, Any]:
    offered = await offered_in(desk_of(request), sign_in)
    return {"offered": offered, "qr": qr_svg(offered.url) if offered else ""}


async def _provider(_request: Request, _step: Step, _fields: Mapping[str, str]) -> Admitted | MoreNeeded:
    raise BadInput({"factor": "A provider is gone to, not answered for."})


async def _show_provider(request: Request, sign_in: SignIn) -> dict[str, Any]:
    desk = desk_of(request)
    who = await whose(desk, sign_in)
    async with desk.database.reading() as db:
        own = await providers_of(db, desk, who.account.id if who.account else "")
    return {"providers": [desk.keep(Providers).get(name) for name in own]}


KINDS: Final[Mapping[Factor, Kind]] = MappingProxyType(
    {
        "passkey": Kind(take_passkey, is_scripted=True),
        "password": Kind(_password),
        EMAIL_CODE: Kind(_email_code, starts=_start_email_code, shows=_show_email_code),
        "totp": Kind(_totp),
        "backup_code": Kind(_backup_code),
        PROVIDER: Kind(_provider, shows=_show_provider, refuses=_NOT_LINKED),
        ENROL_PASSKEY: Kind(take_new_passkey, is_scripted=True),
        ENROL_TOTP: Kind(_enrol_totp, starts=_start_enrol_totp, shows=_show_enrol_totp),
    }
)
"""Every factor that may be a further step."""
