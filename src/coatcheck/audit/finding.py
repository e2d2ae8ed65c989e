"""What `verify` finds: one thing wrong with the audit trail, and where."""

from typing import Literal, TypeAlias

from msgspec import Struct

Kind: TypeAlias = Literal["edited", "removed", "inserted", "reordered", "cut tail", "rewritten", "head"]


class Finding(Struct, frozen=True):
    """Say one thing that is wrong.

    Args:
        kind: what was done, as far as can be told.
        number: where in the chain, by the number it has or should have.
        row: the id of the row it is about, if there is one.
        says: the sentence for the operator.
    """

    kind: Kind
    number: int
    row: int | None
    says: str
