"""The console's button that ends everything of an account, and the receipt."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.access.names import ADMIN
from coatcheck.admin.people import look_up
from coatcheck.ending.panic import panic
from coatcheck.ending.receipts.look import receipt_of
from coatcheck.ending.receipts.shown import shown
from coatcheck.errors import NotFound
from coatcheck.gate.request import clear_session, desk_of, form_of, go, page, principal_of, visit_of
from coatcheck.verifier import Demand

_ADMIN = Demand(role=ADMIN)


async def show_panic(request: Request) -> Response:
    """Ask whether to end everything of an account; nothing happens by looking."""
    principal = await principal_of(request, _ADMIN)
    account = await look_up(desk_of(request), request.path_params["account"])
    return await page(request, "admin/panic.html", account=account, is_oneself=account.id == principal.subject)


async def submit_panic(request: Request) -> Response:
    """End everything of an account. Administrators may call it for their own too, and are out then as anybody is."""
    actor = (await principal_of(request, _ADMIN)).subject
    await form_of(request)
    account = request.path_params["account"]
    receipt = await panic(desk_of(request), visit_of(request), account=account, actor=actor)
    if account != actor:
        return go(request, f"/admin/accounts/{account}/panic/{receipt.id}")
    response = go(request, f"/panic/{receipt.id}")
    clear_session(request, response)
    return response


async def show_receipt(request: Request) -> Response:
    """Show a receipt of an account.

    Raises:
        NotFound: it is another account's, or there is none.
    """
    await principal_of(request, _ADMIN)
    account = await look_up(desk_of(request), request.path_params["account"])
    receipt = await receipt_of(desk_of(request), request.path_params["receipt"])
    if receipt.account != account.id:
        raise NotFound("a receipt of another account")
    return await page(request, "admin/receipt.html", account=account, **shown(receipt, desk_of(request).now()))


pages = [
    Route("/admin/accounts/{account}/panic", show_panic, methods=["GET"]),
    Route("/admin/accounts/{account}/panic", submit_panic, methods=["POST"]),
    Route("/admin/accounts/{account}/panic/{receipt}", show_receipt, methods=["GET"]),
]
