"""Whom a service calls and what it is, changed later: all that one call names together, or nothing."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from coatcheck.admin.services import hold
from coatcheck.audit.record import record
from coatcheck.clients import records
from coatcheck.clients.registration import Audience, Registration, check_room, parse_audience
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, NotFound
from coatcheck.revocation import indices
from coatcheck.revocation.event import Event
from coatcheck.revocation.log import announce
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit

_OPTION: Final = {"calls": "audience", "serves": "serves"}


async def change_audiences(
    desk: Desk, visit: Visit, *, service: str, add: Sequence[Audience], remove: Sequence[Audience], actor: str
) -> None:
    """Change whom the tokens of a service may be for, and about whose tokens it may ask.

    Whom it calls no more refuses the tokens that it has, as fast as revoked ones; they are all replaced, as they share
    one index. Anything else leaves its tokens alone and is only announced, so that no worker goes on as before.

    Args:
        add: what is there already changes nothing.
        remove: what the service must have.

    Raises:
        NotFound: there is no such service, it is disabled, or it has not what is to be removed; nothing is changed.
        BadInput: an audience is none, is named twice, or there are too many; or none is named.

    See: ASVS 13.2.2 (least privilege), 10.3.1 (audience).
    """
    _check_words([*add, *remove])
    async with desk.database.writing() as tx:
        held = await hold(tx, service)
        added = [each for each in add if each not in held.audiences]
        _check_held(held, remove)
        check_room({*held.audiences, *added}.difference(remove))
        for kind, audience in remove:
            await records.remove_audience(tx, service, kind, audience)
        for kind, audience in added:
            await records.add_audience(tx, service, kind, audience)
        if added or remove:
            await _announce(tx, desk, service, remove)
        for done, which in (("added", added), ("removed", remove)):
            for kind, audience in which:
                details = {f"{kind}_{done}": audience}
                await record(
                    tx, desk, visit, "service.audiences_changed", account=service, actor=actor, details=details
                )


async def _announce(tx: Writing, desk: Desk, service: str, removed: Sequence[Audience]) -> None:
    if any(kind == "calls" for kind, _ in removed):
        await indices.move(tx, desk, account=service)
    else:
        announce(tx, desk, Event("moved", service, ""))


def _check_words(named: Sequence[Audience]) -> None:
    if not named:
        raise BadInput({"audience": "Say what is to be added or removed."})
    for kind, audience in named:
        parse_audience(audience)
        if Counter(named)[kind, audience] > 1:
            raise BadInput({_OPTION[kind]: f"{audience} is named twice."})


def _check_held(held: Registration, remove: Sequence[Audience]) -> None:
    for kind, audience in remove:
        if (kind, audience) not in held.audiences:
            raise NotFound(f"{held.name} does not {'call' if kind == 'calls' else 'serve'} {audience}")
