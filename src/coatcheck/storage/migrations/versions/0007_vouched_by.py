"""A passkey keeps which root vouched for it, and not that one did. Frozen, as it was then."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0007"
down_revision = "0006"


def upgrade(op: Operations) -> None:
    """Keep which root vouched; of a key of before nobody knows, so it vouches for nothing until it is made anew."""
    op.add_column("passkeys", sa.Column("vouched_by", sa.String(64)))
    op.drop_column("passkeys", "attested")
