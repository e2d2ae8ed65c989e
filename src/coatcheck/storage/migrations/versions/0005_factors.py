"""Factors: authenticator apps, backup codes, passkeys, trusted browsers. Frozen, as it was then."""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "0005"
down_revision = "0004"


def upgrade(op: Operations) -> None:
    """Make the tables of factors."""
    op.add_column("accounts", sa.Column("factors", sa.String(100), nullable=False, server_default=""))
    op.add_column("passwords", sa.Column("stands_alone", sa.Boolean, nullable=False, server_default=sa.true()))
    _codes(op)
    _passkeys(op)
    _trusted_devices(op)
    _recoveries(op)


def _codes(op: Operations) -> None:
    op.create_table(
        "totp_secrets",
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_totp_secrets"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_totp_secrets_account", ondelete="CASCADE"),
    )
    op.create_table(
        "backup_codes",
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("code_mac", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "code_mac", name="pk_backup_codes"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_backup_codes_account", ondelete="CASCADE"),
    )


def _passkeys(op: Operations) -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("credential_id", sa.LargeBinary, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("backup_eligible", sa.Boolean, nullable=False),
        sa.Column("backed_up", sa.Boolean, nullable=False),
        sa.Column("verifies", sa.Boolean, nullable=False),
        sa.Column("attested", sa.Boolean, nullable=False),
        sa.Column("aaguid", sa.String(36), nullable=False),
        sa.Column("transports", sa.String(100), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_passkeys_account", ondelete="CASCADE"),
    )
    op.create_index("ix_passkeys_account", "passkeys", ["account"])


def _trusted_devices(op: Operations) -> None:
    op.create_table(
        "trusted_devices",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("user_agent", sa.String(400), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trusted_devices"),
        sa.UniqueConstraint("token_hash", name="uq_trusted_devices_token_hash"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_trusted_devices_account", ondelete="CASCADE"),
    )
    op.create_index("ix_trusted_devices_account", "trusted_devices", ["account"])
    op.create_index("ix_trusted_devices_expires_at", "trusted_devices", ["expires_at"])


def _recoveries(op: Operations) -> None:
    op.create_table(
        "factor_recoveries",
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("notices", sa.Integer, nullable=False),
        sa.Column("next_notice_at", sa.BigInteger),
        sa.Column("base_url", sa.String(400), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_factor_recoveries"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_factor_recoveries_account", ondelete="CASCADE"),
    )
    op.create_index("ix_factor_recoveries_expires_at", "factor_recoveries", ["expires_at"])
    op.create_index("ix_factor_recoveries_next_notice_at", "factor_recoveries", ["next_notice_at"])
    op.create_table(
        "factor_recovery_links",
        sa.Column("link_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("leads_to", sa.String(10), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("link_hash", name="pk_factor_recovery_links"),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.id"], name="fk_factor_recovery_links_account", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_factor_recovery_links_account", "factor_recovery_links", ["account"])
    op.create_index("ix_factor_recovery_links_expires_at", "factor_recovery_links", ["expires_at"])
