"""Proofs of possession that were used. Frozen: later changes get revisions of their own."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0009"
down_revision = "0008"


def upgrade(op: Operations) -> None:
    """Make the table of used proofs."""
    op.create_table(
        "used_proofs",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_used_proofs"),
    )
    op.create_index("ix_used_proofs_expires_at", "used_proofs", ["expires_at"])
