"""Roles that inherit others, and roles that are held for a time. Frozen: later changes get revisions of their own."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0011"
down_revision = "0010"


def upgrade(op: Operations) -> None:
    """Make the tables; every role reaches itself, and what is held is held without an end."""
    op.create_table(
        "role_parents",
        *_pair("role_parents", "parent"),
        sa.Column("added_at", sa.BigInteger, nullable=False),
    )
    op.create_table("role_reach", *_pair("role_reach", "reached"))
    op.create_index("ix_role_parents_parent", "role_parents", ["parent"])
    op.create_index("ix_role_reach_reached", "role_reach", ["reached"])
    op.execute(sa.text("INSERT INTO role_reach (role, reached) SELECT name, name FROM roles"))
    op.add_column("role_assignments", sa.Column("granted_by", sa.String(40)))
    op.add_column("role_assignments", sa.Column("expires_at", sa.BigInteger))
    op.create_index("ix_role_assignments_expires_at", "role_assignments", ["expires_at"])


def _pair(table: str, other: str) -> tuple[sa.Column[str] | sa.Constraint, ...]:
    """Give the columns of two roles, and that they go with either of them."""
    goes_with = (
        sa.ForeignKeyConstraint([name], ["roles.name"], name=f"fk_{table}_{name}", ondelete="CASCADE")
        for name in ("role", other)
    )
    columns = (sa.Column(name, sa.String(64), nullable=False) for name in ("role", other))
    return (*columns, sa.PrimaryKeyConstraint("role", other, name=f"pk_{table}"), *goes_with)
