"""The addresses that the entrance answers by itself, as going through the routes would take longer than the answer."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from starlette.types import Send

from coatcheck.gate.hot import Hot, HotAnswer
from coatcheck.issuer import routes as issuer
from coatcheck.server.session_answer import answer_session

HOT: Final[Mapping[str, Mapping[str, Hot]]] = MappingProxyType(
    {"/api/session": {"GET": answer_session, "HEAD": answer_session}, **issuer.HOT}
)
"""Address and method to who answers; another method goes on to the routes, which refuse it."""


async def send_answer(send: Send, answer: HotAnswer) -> None:
    """Send an answer straight on ASGI."""
    headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
