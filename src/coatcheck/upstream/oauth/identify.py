"""TEMP."""

from coatcheck.desk import Desk
from coatcheck.upstream.identity import Identity
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.round_trips import Back
from coatcheck.visit import Visit


async def identify_by_code(desk: Desk, visit: Visit, provider: Provider, back: Back) -> Identity:
    raise NotImplementedError
