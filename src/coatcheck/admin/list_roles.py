"""List the roles: what each allows and inherits, and how many hold it."""

from msgspec import Struct

from coatcheck.access import records
from coatcheck.access.decide import Roles
from coatcheck.desk import Desk


class ListedRole(Struct, frozen=True):
    """Hold one role as it is listed.

    Args:
        permissions: what it allows itself.
        inherits: the roles that it inherits itself.
        allows: what it allows in all.
        holders: how many were given it themselves, not counting those whose time has passed.
    """

    name: str
    permissions: tuple[str, ...]
    inherits: tuple[str, ...]
    allows: tuple[str, ...]
    holders: int

    @property
    def inherited(self) -> tuple[str, ...]:
        """What it allows by inheriting alone."""
        return tuple(each for each in self.allows if each not in self.permissions)


async def list_roles(desk: Desk) -> list[ListedRole]:
    """List every role by its name.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    async with desk.database.snapshot() as db:
        own, parents = dict(await records.list_roles(db)), await records.parents_of_all(db)
        counts = await records.count_holders(db, desk.now())
    allowed = Roles(own, parents).ways
    return [
        ListedRole(
            name=role,
            permissions=tuple(permissions),
            inherits=tuple(sorted(parents.get(role, ()))),
            allows=tuple(sorted(allowed[role])),
            holders=counts.get(role, 0),
        )
        for role, permissions in own.items()
    ]
