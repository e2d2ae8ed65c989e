"""Introspections that were answered before: asked again, only whether all of it still counts is looked at."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from msgspec import Struct

from coatcheck.clients.verified import VerifiedClients
from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.gate.bearer import CheckedTokens
from coatcheck.gate.hot import HotCall
from coatcheck.issuer.authenticate_client import by_known_header
from coatcheck.revocation.lists import HeldLists
from coatcheck.revocation.reader import LogReader
from coatcheck.secret import hash_secret
from coatcheck.verifier.claims import ANY_KEY, StatusPlace
from coatcheck.verifier.status import UnknownIndex, UnknownList

ROOM: Final = 10_000

Heard: TypeAlias = tuple[int, int]
"""How often the services and the tokens that this process knows were forgotten."""


class Answered(Struct, frozen=True, gc=False):
    """Hold an answer, and what it rests on: the token's bit, and until when token and credential last."""

    heard: Heard
    until: Instant
    place: StatusPlace
    answer: bytes

    def __repr__(self) -> str:
        return f"Answered({self.place})"


class AskedBefore:
    """Keep what services were told of living tokens, by a digest of the question: no secret and no token is kept.

    An answer counts while the memories that it came from have forgotten nothing, so no service has changed and no key;
    while the log was read within the bound; and while the token's bit is not set, which is looked at each time. Kept
    is only what a service asks that a secret in its header proves: an assertion works once, a token has its own bit.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._clients, self._tokens = desk.keep(VerifiedClients), desk.keep(CheckedTokens)
        self._reader, self._lists = desk.keep(LogReader), desk.keep(HeldLists)
        self._answered: dict[bytes, Answered] = {}

    def __len__(self) -> int:
        return len(self._answered)

    def begin(self) -> Heard:
        """Begin to find an answer, before anything is looked up."""
        return self._clients.begin(), self._tokens.forgot

    async def again(self, question: bytes) -> bytes | None:
        """Give what was told, if it still holds."""
        kept = self._answered.get(question)
        if kept is None or kept.heard != self.begin() or self._desk.now() >= kept.until or not self._reader.is_fresh():
            return None
        try:
            is_taken_back = await self._lists.is_set(kept.place.list_id, kept.place.index)
        except (UnknownList, UnknownIndex):
            return None
        return None if is_taken_back else kept.answer

    def keep(self, question: bytes, began: Heard, call: HotCall, form: Mapping[str, str], answer: bytes) -> None:
        """Keep what was told of a living token, unless it may be out of date by now."""
        token = self._tokens.get(None, form["token"], self._desk.now(), ANY_KEY)
        client = by_known_header(self._desk, call.visit.asked.authorization, form)
        if token is None or token.place is None or client is None or began != self.begin():
            return
        if len(self._answered) >= ROOM:
            self._answered.clear()
        until = min(token.good_until, client.expires_at)
        self._answered[question] = Answered(began, until, token.place, answer)


def question_of(call: HotCall) -> bytes:
    """Give the digest of all that an answer depends on; NUL stands in no header, and the body is last."""
    visit, kind = call.visit, call.headers.get("content-type", "")
    return hash_secret("\0".join((visit.asked.authorization or "", visit.base_url, kind, call.body.decode("latin-1"))))
