"""The pages of mailed codes: ask for one, and what the link in the mail opens."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.errors import Gone, SignInGone, TooManyAttempts
from coatcheck.gate.request import desk_of, form_of, hop_if_needed, page, principal_of, visit_of
from coatcheck.http.return_to import parse_return_to
from coatcheck.http.said import said
from coatcheck.login import mailed_code, transactions
from coatcheck.login.begin import begin_sign_in
from coatcheck.login.mailed_code import EMAIL_CODE, Letter
from coatcheck.login.prove import Step, whose
from coatcheck.login.routes.onward import to_step
from coatcheck.login.routes.pages import form_again, level_of_form
from coatcheck.login.sign_in import AskedFor, SignIn
from coatcheck.login.standing import wanted_of
from coatcheck.login.step_up import begin_step_up
from coatcheck.login.with_email_code import start_email_code

_NO_NAME: Final = "Enter your email or username first."


async def submit_mail_code(request: Request) -> Response:
    """Take the sign-in form of somebody who wants a code by mail rather than type a password."""
    fields = await form_of(request)
    desk, visit, return_to = desk_of(request), visit_of(request), parse_return_to(fields.get("return_to"))
    identifier, remember = fields.get("identifier", "")[:254], fields.get("remember_me") == "true"
    try:
        if fields.get("confirming") == "true":
            wanted = wanted_of(level_of_form(fields))
            begun = await begin_step_up(desk, visit, await principal_of(request), wanted=wanted, in_pages=True)
        elif identifier.strip():
            asked_for = AskedFor(remember_me=remember)
            begun = await begin_sign_in(desk, visit, identifier=identifier, asked_for=asked_for, in_pages=True)
        else:
            return await form_again(request, fields, status=422, problem=_NO_NAME)
        step = Step(begun.sign_in, begun.continuation.reveal())
        await start_email_code(desk, visit, step, return_to=return_to)
    except TooManyAttempts as refused:
        return await form_again(request, fields, status=refused.status, problem=said(refused), refused=refused)
    return to_step(request, begun.sign_in, return_to, EMAIL_CODE)


async def show_mailed(request: Request) -> Response:
    """Show what a mailed link is for: a button in the browser that asked, the code in any other; looking does nothing.

    So neither a mail scanner nor whoever finds the link does anything by it, and nobody is led to approve what goes on
    in another browser: there is nothing to be pressed.
    """
    if hop := await hop_if_needed(request):
        return hop
    desk, visit = desk_of(request), visit_of(request)
    try:
        letter = mailed_code.open_link(desk, request.query_params.get("token", ""))
        if letter.asked_by != mailed_code.asker(desk, visit):
            return await page(request, "login/mailed_elsewhere.html", code=mailed_code.in_groups(letter.code))
        sign_in = await _waiting(request, letter)
    except Gone as gone:
        return await page(request, "login/mailed_gone.html", status=gone.status)
    return await page(
        request,
        "login/mailed.html",
        sign_in=sign_in.id,
        code=letter.code,
        return_to=mailed_code.kept_of(sign_in).return_to,
        confirming=bool(sign_in.session),
    )


async def _waiting(request: Request, letter: Letter) -> SignIn:
    """Give the sign-in that still waits for this very code."""
    desk, visit = desk_of(request), visit_of(request)
    continuation = transactions.of_browser(visit, letter.sign_in).reveal()
    sign_in = await transactions.look(desk, letter.sign_in, continuation)
    who = await whose(desk, sign_in)
    if not mailed_code.is_right(desk, sign_in, who.account, letter.code):
        raise SignInGone("another code was mailed since, or the sign-in went on")
    return sign_in


pages = [
    Route("/sign-in/mail-code", submit_mail_code, methods=["POST"]),
    Route("/sign-in/mailed", show_mailed, methods=["GET"]),
]
