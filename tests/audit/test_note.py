"""The app's own events: under its own names, never under ours."""

import pytest

from coatcheck.audit.events import EVENTS
from coatcheck.audit.note import note
from coatcheck.audit.show import show
from coatcheck.audit.verify import verify
from coatcheck.desk import Desk
from tests.audit.desks import ANN, HOME, happen_and_seal


async def test_note_stands_in_the_chain(desk: Desk) -> None:
    await note(desk, HOME, "note.deleted", account=ANN, details={"id": 7})
    await happen_and_seal(desk, 1)
    entry = (await show(desk, event="note.deleted"))[0]
    assert (entry.says, entry.account, entry.actor, entry.details) == ("note.deleted", ANN, ANN, {"id": 7})
    assert (await verify(desk)).ok


@pytest.mark.parametrize(
    "event", ["deleted", "Note.deleted", "note.", ".deleted", "note.a b", "note.x\n", "n." + "x" * 64]
)
async def test_name_looks_like_ours(desk: Desk, event: str) -> None:
    with pytest.raises(ValueError, match="is like"):
        await note(desk, HOME, event)


@pytest.mark.parametrize("event", [*EVENTS, "sign_in.faked", "passkey.added", "coatcheck.x"])
async def test_our_words_are_ours(desk: Desk, event: str) -> None:
    with pytest.raises(ValueError, match="Coatcheck's own"):
        await note(desk, HOME, event)
