"""The doctor's permits. Frozen: later changes get revisions of their own."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0015"
down_revision = "0013"


def upgrade(op: Operations) -> None:
    """Make the table; nobody has a permit yet."""
    op.create_table(
        "doctor_permits",
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("secret_hash", name="pk_doctor_permits"),
        sa.UniqueConstraint("account", name="uq_doctor_permits_account"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_doctor_permits_account", ondelete="CASCADE"),
    )
    op.create_index("ix_doctor_permits_expires_at", "doctor_permits", ["expires_at"])
