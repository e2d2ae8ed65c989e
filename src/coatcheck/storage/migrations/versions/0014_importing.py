"""Accounts of other systems: which came over, addresses nobody confirmed, what passkeys call them. Frozen, as then."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0014"
down_revision = "0013"


def upgrade(op: Operations) -> None:
    """Every address that is here was confirmed, and every passkey registered here."""
    op.create_table(
        "imported_accounts",
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("external_id", sa.String(255)),
        sa.Column("account", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_imported_accounts"),
        sa.UniqueConstraint("account", name="uq_imported_accounts_account"),
    )
    op.add_column("accounts", sa.Column("email_proven", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("passkeys", sa.Column("user_handle", sa.LargeBinary(64)))
