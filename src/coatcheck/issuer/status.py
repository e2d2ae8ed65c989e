"""What verifiers are told of revocations, signed: status lists, and the feed that goes on from them."""

import asyncio
from typing import Any, Final

import msgspec

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import NotFound
from coatcheck.keys.ring import SigningKeys
from coatcheck.keys.sign import sign_jws
from coatcheck.revocation.feed import News
from coatcheck.revocation.lists import HeldLists
from coatcheck.verifier import feed, status_token
from coatcheck.verifier.feed import FeedClaims, FeedEvent
from coatcheck.verifier.status import UnknownList
from coatcheck.verifier.status_token import StatusClaims, StatusList, lst_of, uri_of

TTL_S: Final = 60
"""How long a status list may be kept by whoever passes it on; what came later is told by the feed."""

_LIVES_S: Final = 3600
_KEPT_MS: Final = 1000
_MOST_KEPT: Final = 64
_encode = msgspec.json.Encoder().encode


class SignedNews:
    """Keep what was signed a moment ago, as many verifiers ask for the same at once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lists: dict[tuple[str, int], tuple[Instant, str]] = {}
        self._answers: dict[tuple[str, str, int, int, int], str] = {}
        self._packing = asyncio.Lock()

    async def status_list(self, issuer: str, list_id: int) -> str:
        """Give a status list token, at most a second old.

        Raises:
            NotFound: there is no such list.
            DatabaseAway: the log was not read within the bound.

        See: IETF Token Status List sections 5.1, 8.
        """
        token = self._kept_list(issuer, list_id)
        if token is None:
            async with self._packing:  # one at a time, so that a crowd that asks for one list has it packed once
                token = self._kept_list(issuer, list_id) or await self._sign_list(issuer, list_id)
        return token

    async def feed(self, issuer: str, news: News) -> str:
        """Give an answer of the feed, signed once a second: verifiers judge by its time how fresh they are."""
        key = (issuer, news.era, news.after, news.to, news.asked_at // 1000)
        token = self._answers.get(key)
        if token is None:
            token = self._answers[key] = await self._sign_feed(issuer, news)
            _keep_few(self._answers)
        return token

    def _kept_list(self, issuer: str, list_id: int) -> str | None:
        made_at, token = self._lists.get((issuer, list_id), (0, None))
        return token if 0 <= self._desk.now() - made_at < _KEPT_MS else None

    async def _sign_list(self, issuer: str, list_id: int) -> str:
        now = self._desk.now()
        try:
            bits, position = await self._desk.keep(HeldLists).snapshot(list_id)
        except UnknownList:
            raise NotFound("there is no such status list") from None
        packed = await asyncio.to_thread(lst_of, bits)  # packing a list takes some milliseconds
        seconds = now // 1000
        claims = StatusClaims(
            iss=issuer,
            sub=uri_of(issuer, list_id),
            iat=seconds,
            exp=seconds + _LIVES_S,
            ttl=TTL_S,
            status_list=StatusList(1, packed),
            era=position.era,
            n=position.number,
        )
        token = await self._sign(status_token.TYP, claims)
        self._lists[issuer, list_id] = now, token
        _keep_few(self._lists)
        return token

    async def _sign_feed(self, issuer: str, news: News) -> str:
        events = [FeedEvent(event.kind, event.list, event.index) for event in news.events]
        iat = news.asked_at // 1000
        claims = FeedClaims(iss=issuer, iat=iat, era=news.era, from_=news.after, to=news.to, events=events)
        return await self._sign(feed.TYP, claims)

    async def _sign(self, typ: str, claims: msgspec.Struct) -> str:
        return sign_jws(await self._desk.keep(SigningKeys).current(), typ, _encode(claims))


def _keep_few(kept: dict[Any, Any]) -> None:
    while len(kept) > _MOST_KEPT:
        del kept[next(iter(kept))]
