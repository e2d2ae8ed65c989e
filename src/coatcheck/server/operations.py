"""What operators ask: is it alive, is it ready, how is it doing; and the mailbox of this machine."""

import importlib

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from coatcheck.desk.outbox import waiting_mails
from coatcheck.errors import DatabaseAway, NotFound
from coatcheck.gate.request import desk_of, page
from coatcheck.http.pages import static_file
from coatcheck.http.reached import Reached, is_local, is_operator
from coatcheck.revocation import records as revocation

_FOREVER = "public, max-age=31536000, immutable"


async def show_health(request: Request) -> Response:
    """Say that the process answers."""
    return JSONResponse({"status": "ok"})


async def show_ready(request: Request) -> Response:
    """Say whether the database answers; 503 when it does not."""
    _only_operators(request)
    try:
        async with desk_of(request).database.reading() as db:
            await revocation.head(db)
    except DatabaseAway:
        return JSONResponse({"status": "database_away"}, 503)
    return JSONResponse({"status": "ready"})


async def show_metrics(request: Request) -> Response:
    """Give Prometheus what it scrapes."""
    _only_operators(request)
    body: bytes = importlib.import_module("coatcheck.server.exposition").exposition(desk_of(request))
    return Response(body, media_type="text/plain; version=0.0.4")


async def show_mails(request: Request) -> Response:
    """List the mails that wait, on this machine and without a mail server alone."""
    _only_mailbox(request)
    mails = [
        {"id": mail.id, "at": mail.at, "to": mail.message.to, "subject": mail.message.subject}
        for mail in await waiting_mails(desk_of(request))
    ]
    return await page(request, "http/dev_mails.html", mails=mails)


async def show_mail(request: Request) -> Response:
    """Show one mail that waits.

    Raises:
        NotFound: there is no such mail, or no mailbox here.
    """
    _only_mailbox(request)
    for mail in await waiting_mails(desk_of(request)):
        if mail.id == request.path_params["mail"]:
            return await page(request, "http/dev_mail.html", mail=mail.message)
    raise NotFound("no such mail")


async def show_static(request: Request) -> Response:
    """Give a file of the pages' look.

    Raises:
        NotFound: there is no such file.
    """
    path = static_file(request.path_params["name"])
    if path is None:
        raise NotFound("no such file")
    return FileResponse(path, headers={"cache-control": _FOREVER})


def _only_mailbox(request: Request) -> None:
    desk = desk_of(request)
    if desk.settings.mail.smtp_url is not None or not is_local(_reached(request), desk.settings.server):
        raise NotFound("the mailbox is for this machine, while there is no mail server")


def _only_operators(request: Request) -> None:
    """Refuse everybody else, as if nothing were here."""
    if not is_operator(_reached(request), desk_of(request).settings.server):
        raise NotFound("only for this machine and server.operators")


def _reached(request: Request) -> Reached:
    peer = request.client.host if request.client else ""
    return Reached(peer, request.url.scheme, request.headers.get("host", ""), dict(request.headers))


routes = [
    Route("/healthz", show_health, methods=["GET"]),
    Route("/readyz", show_ready, methods=["GET"]),
    Route("/metrics", show_metrics, methods=["GET"]),
    Route("/dev/mail", show_mails, methods=["GET"]),
    Route("/dev/mail/{mail}", show_mail, methods=["GET"]),
    Route("/static/{name}", show_static, methods=["GET"]),
]
