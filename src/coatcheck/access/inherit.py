"""Let roles inherit others, never in a circle; and write what each reaches, so that reading is one join."""

from collections.abc import Collection, Iterable

from coatcheck.access import records
from coatcheck.access.inheritance import Path, path_between, paths_from
from coatcheck.clock import Instant
from coatcheck.errors import BadInput
from coatcheck.storage.database import Writing


async def let_inherit(tx: Writing, there: Collection[str], role: str, parents: Iterable[str], now: Instant) -> None:
    """Let a role inherit others.

    Args:
        there: every role, all of which the caller holds (`records.lock_all`).

    Raises:
        BadInput: there is no such role, or it inherits this one already.
    """
    for parent in parents:
        if parent not in there:
            raise BadInput({"inherits": f"There is no role {parent}."})
        circle = path_between(await records.parents_of_all(tx), parent, role)
        if circle is not None:
            raise BadInput({"inherits": _circle(role, circle)})
        await records.insert_parent(tx, role, parent, now)
    await settle_reach(tx)


async def settle_reach(tx: Writing) -> None:
    """Write what every role reaches, from what each inherits itself; the caller holds every role."""
    parents, written = await records.parents_of_all(tx), await records.reach_of_all(tx)
    roles = {role for role, _ in written}
    due = {(role, reached) for role in roles for reached in paths_from(parents, role)}
    await records.change_reach(tx, gone=written - due, new=due - written)


def _circle(role: str, path: Path) -> str:
    if len(path) == 1:
        return "A role cannot inherit itself."
    return f"That would be a circle: {' → '.join((role, *path))}."
