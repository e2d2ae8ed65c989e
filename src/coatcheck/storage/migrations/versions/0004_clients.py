"""Clients: services, what they may do, and what they prove themselves by. Frozen, as it was then."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0004"
down_revision = "0003"


def upgrade(op: Operations) -> None:
    """Make the tables of services."""
    _services(op)
    _credentials(op)


def _services(op: Operations) -> None:
    op.create_table(
        "services",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_services"),
        sa.UniqueConstraint("name", name="uq_services_name"),
    )
    op.create_table(
        "service_permissions",
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("permission", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("service", "permission", name="pk_service_permissions"),
        sa.ForeignKeyConstraint(
            ["service"], ["services.id"], name="fk_service_permissions_service", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "service_audiences",
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("audience", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("service", "kind", "audience", name="pk_service_audiences"),
        sa.ForeignKeyConstraint(["service"], ["services.id"], name="fk_service_audiences_service", ondelete="CASCADE"),
    )


def _credentials(op: Operations) -> None:
    op.create_table(
        "service_credentials",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(32)),
        sa.Column("jwk", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_service_credentials"),
        sa.ForeignKeyConstraint(
            ["service"], ["services.id"], name="fk_service_credentials_service", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_service_credentials_service", "service_credentials", ["service"])
    op.create_index("ix_service_credentials_expires_at", "service_credentials", ["expires_at"])
    op.create_table(
        "used_assertions",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_used_assertions"),
    )
    op.create_index("ix_used_assertions_expires_at", "used_assertions", ["expires_at"])
