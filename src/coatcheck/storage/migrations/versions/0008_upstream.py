"""Identities at providers and what providers gave to act by; SAML's spent assertions; proven domains. Frozen."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0008"
down_revision = "0007"


def upgrade(op: Operations) -> None:
    """Make the tables of signing in with others."""
    _identities(op)
    op.create_table(
        "seen_assertions",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_seen_assertions"),
    )
    op.create_index("ix_seen_assertions_expires_at", "seen_assertions", ["expires_at"])
    op.create_table(
        "proven_domains",
        sa.Column("domain", sa.String(253), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("proven_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("domain", name="pk_proven_domains"),
    )


def _identities(op: Operations) -> None:
    op.create_table(
        "identities",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("email", sa.String(320)),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("linked_at", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sa.UniqueConstraint("key", name="uq_identities_key"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_identities_account", ondelete="CASCADE"),
    )
    op.create_index("ix_identities_account", "identities", ["account"])
    op.create_table(
        "upstream_tokens",
        sa.Column("identity", sa.String(40), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("renewing_until", sa.BigInteger),
        sa.PrimaryKeyConstraint("identity", name="pk_upstream_tokens"),
        sa.ForeignKeyConstraint(
            ["identity"], ["identities.id"], name="fk_upstream_tokens_identity", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "upstream_givebacks",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_upstream_givebacks"),
    )
    op.create_index("ix_upstream_givebacks_due_at", "upstream_givebacks", ["due_at"])
    op.create_index("ix_upstream_givebacks_expires_at", "upstream_givebacks", ["expires_at"])
