"""What the shares of sealed storage are made of. Frozen: later changes get revisions of their own."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0010"
down_revision = "0009"


def upgrade(op: Operations) -> None:
    """Make the table; an account's key is drawn when its first share is given."""
    op.create_table(
        "share_keys",
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_share_keys"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_share_keys_account", ondelete="CASCADE"),
    )
