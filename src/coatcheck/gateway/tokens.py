"""The gateway tokens of this process: made once, and given again for half their life."""

from typing import Final, TypeAlias

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.gateway.key_token import GatewayToken, make_key_token
from coatcheck.revocation.lists import HeldLists
from coatcheck.revocation.reader import LogReader
from coatcheck.tokens.access_token import make_gateway_token
from coatcheck.verifier import Principal
from coatcheck.verifier.claims import StatusPlace
from coatcheck.verifier.status import UnknownIndex, UnknownList

_MOST_KEPT: Final = 20_000
_Key: TypeAlias = tuple[str | None, str, str, Instant | None]


class GatewayTokens:
    """Keep gateway tokens by session or API key, audience and level: a proxy asks for the same one again and again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept: dict[_Key, tuple[Instant, GatewayToken]] = {}
        self._forgot = 0
        desk.keep(LogReader).on_reload(self._forget)

    def __len__(self) -> int:
        return len(self._kept)

    async def of(self, presented: Principal, issuer: str, audience: str) -> str:
        """Give a token for a session whose credential was just checked, or for an API key that was.

        Raises:
            SessionEnded: the session ended meanwhile.
            ApiKeyRefused: the key did.
        """
        # By level too: a step-up leaves the index as it is, and what was presented before it must not gain by it.
        key = presented.session or presented.api_key, audience, presented.acr, presented.auth_time
        now = self._desk.now()
        good_until, token = self._kept.get(key, (0, None))
        if token is None or now >= good_until or await self._is_stale(token):
            before = self._forgot
            token = await self._make(presented, issuer, audience)
            if before == self._forgot:
                # Half of what it has, which is less than a minute where the session is about to end.
                self._keep(key, now + token.expires_in * 500, token)
        return token.text

    async def _make(self, presented: Principal, issuer: str, audience: str) -> GatewayToken:
        if presented.session is None:
            return await make_key_token(self._desk, presented, issuer=issuer, audience=audience)
        made = await make_gateway_token(self._desk, presented, issuer=issuer, audience=audience)
        return GatewayToken(made.text, made.expires_in, StatusPlace(made.facts.list_id, made.facts.index))

    async def _is_stale(self, token: GatewayToken) -> bool:
        """Tell whether what a token says was made stale, by its index."""
        try:
            return await self._desk.keep(HeldLists).is_set(token.place.list_id, token.place.index)
        except (UnknownList, UnknownIndex):
            return True

    def _forget(self) -> None:
        """Sign each anew, as the key that signed it may be gone."""
        self._forgot += 1
        self._kept.clear()

    def _keep(self, key: _Key, good_until: Instant, token: GatewayToken) -> None:
        self._kept.pop(key, None)
        while len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = good_until, token
