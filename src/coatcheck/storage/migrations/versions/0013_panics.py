"""Panics and their receipts, the processes that serve, how late a service may be. Frozen."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0013"
down_revision = "0012"


def upgrade(op: Operations) -> None:
    """Make the tables; what is said of services that follow the feed is said anew by each of them."""
    _panics(op)
    op.create_table(
        "workers",
        sa.Column("worker", sa.String(40), nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("gone_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("worker", name="pk_workers"),
    )
    op.create_index("ix_workers_gone_at", "workers", ["gone_at"])
    op.add_column("feed_readers", sa.Column("staleness_ms", sa.BigInteger))


def _panics(op: Operations) -> None:
    op.create_table(
        "panics",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("called_by", sa.String(40), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(32)),
        sa.Column("called_at", sa.BigInteger, nullable=False),
        sa.Column("cut_at", sa.BigInteger),
        sa.Column("era", sa.String(32)),
        sa.Column("number", sa.BigInteger),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("settled_at", sa.BigInteger),
        sa.Column("lifted_at", sa.BigInteger),
        sa.Column("forget_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_panics"),
    )
    for column in ("account", "browser_hash", "due_at", "forget_at"):
        op.create_index(f"ix_panics_{column}", "panics", [column])
    op.create_table(
        "panic_lines",
        sa.Column("panic", sa.String(40), nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("count", sa.Integer),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("bound_ms", sa.BigInteger),
        sa.Column("done_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("panic", "what", "name", name="pk_panic_lines"),
        sa.ForeignKeyConstraint(["panic"], ["panics.id"], name="fk_panic_lines_panic", ondelete="CASCADE"),
    )
    op.create_index("ix_panic_lines_name", "panic_lines", ["name"])
