"""The addresses that the entrance answers by itself, as going through the routes would take longer than the answer."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from coatcheck.gate.hot import Hot
from coatcheck.issuer import routes as issuer
from coatcheck.server.session_answer import answer_session

HOT: Final[Mapping[str, Mapping[str, Hot]]] = MappingProxyType(
    {"/api/session": {"GET": answer_session, "HEAD": answer_session}, **issuer.HOT}
)
"""Address and method to who answers; another method goes on to the routes, which refuse it."""
