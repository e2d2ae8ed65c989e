"""A replaced secret keeps the methods it had, beside its level. Frozen, as it was then."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0006"
down_revision = "0005"


def upgrade(op: Operations) -> None:
    """Keep the methods of a replaced secret."""
    op.add_column("sessions", sa.Column("former_amr", sa.String(200)))
