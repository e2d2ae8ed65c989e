"""Tokens: refresh tokens, and up to where each service has read the log. Frozen, as it was then."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0003"
down_revision = "0002"


def upgrade(op: Operations) -> None:
    """Make the tables of tokens."""
    op.create_table(
        "refresh_tokens",
        sa.Column("session", sa.String(40), nullable=False),
        sa.Column("family_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("current_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("former_hash", sa.LargeBinary(32)),
        sa.Column("replaced_at", sa.BigInteger),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("recent", sa.LargeBinary, nullable=False),
        sa.Column("audience", sa.String(200)),
        sa.Column("cnf_jkt", sa.String(64)),
        sa.PrimaryKeyConstraint("session", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name="fk_refresh_tokens_session", ondelete="CASCADE"),
        sa.UniqueConstraint("family_hash", name="uq_refresh_tokens_family_hash"),
    )
    op.create_table(
        "feed_readers",
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("era", sa.String(32), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("read_at", sa.BigInteger, nullable=False),
        sa.Column("forget_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("service", name="pk_feed_readers"),
    )
    op.create_index("ix_feed_readers_forget_at", "feed_readers", ["forget_at"])
