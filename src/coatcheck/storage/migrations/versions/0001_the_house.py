"""The house: every table of the first release, as it was then. Frozen: later migrations change it, never this file."""

import sqlalchemy as sa
from alembic.operations import Operations

from coatcheck.secret import new_id

revision = "0001"
down_revision = None

house = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = sa.String(40)
Moment = sa.BigInteger
Counter = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade(op: Operations) -> None:
    """Make the tables, and the head of the revocation log with the era of this database."""
    house.create_all(op.get_bind(), checkfirst=False)
    op.execute(house.tables["revocation_head"].insert().values(one=1, era=new_id("era_"), number=0))
    op.execute(house.tables["status_list_count"].insert().values(one=1, lists=0))


sa.Table(
    "roles",
    house,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("created_at", Moment, nullable=False),
)
sa.Table(
    "role_permissions",
    house,
    sa.Column("role", sa.String(64), sa.ForeignKey("roles.name", ondelete="CASCADE"), primary_key=True),
    sa.Column("permission", sa.String(128), primary_key=True),
)
sa.Table(
    "role_assignments",
    house,
    sa.Column("account", Id, sa.ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("role", sa.String(64), sa.ForeignKey("roles.name", ondelete="CASCADE"), primary_key=True, index=True),
    sa.Column("granted_at", Moment, nullable=False),
)
sa.Table(
    "accounts",
    house,
    sa.Column("id", Id, primary_key=True),
    sa.Column("email", sa.String(254), unique=True),
    sa.Column("username", sa.String(64), unique=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)
sa.Table(
    "set_up_links",
    house,
    sa.Column("link_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)
sa.Table(
    "audit_events",
    house,
    sa.Column("id", Counter, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("event", sa.String(64), nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("account", Id),
    sa.Column("actor", Id),
    sa.Column("session", Id),
    sa.Column("request_id", sa.String(64), nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("personal", sa.LargeBinary(32)),
    # The sealer gives both, in the order of the chain; ids follow the order of asking, which is not that of commits.
    sa.Column("number", sa.BigInteger, unique=True),
    sa.Column("mac", sa.LargeBinary(32)),
    sa.Index("ix_audit_events_account_id", "account", "id"),
    sa.Index("ix_audit_events_event_id", "event", "id"),
    # A number of a removed row must not come again, or an old entry and a new one could be taken for each other.
    sqlite_autoincrement=True,
)
sa.Table(
    "audit_personal",
    house,
    sa.Column(
        "event", Counter, sa.ForeignKey("audit_events.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    sa.Column("salt", sa.LargeBinary(16), nullable=False),
    sa.Column("address", sa.String(45), nullable=False),
    sa.Column("user_agent", sa.String(400), nullable=False),
    sa.Column("email", sa.String(254)),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)
sa.Table(
    "audit_chain",
    house,
    sa.Column("place", sa.String(8), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("mac", sa.LargeBinary(32), nullable=False),
    sa.Column("seal", sa.LargeBinary(32), nullable=False),
)
sa.Table(
    "audit_tallies",
    house,
    sa.Column("key", sa.LargeBinary(32), primary_key=True),
    sa.Column("minute", Moment, primary_key=True, autoincrement=False),
    sa.Column("event", sa.String(64), primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("account", Id),
    sa.Column("address", sa.String(45), nullable=False),
    sa.Column("user_agent", sa.String(400), nullable=False),
    sa.Column("email", sa.String(254)),
    sa.Index("ix_audit_tallies_minute", "minute"),
)
sa.Table(
    "ephemeral",
    house,
    sa.Column("kind", sa.String(32), primary_key=True),
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)
sa.Table(
    "leases",
    house,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("holder", Id, nullable=False),
    sa.Column("until", Moment, nullable=False),
)
sa.Table(
    "limit_lanes",
    house,
    # HMAC of (address, subject), or of (device, account) for a known device.
    sa.Column("key", sa.LargeBinary(32), primary_key=True),
    # HMAC of the account or unknown identifier, so that an administrator can lift all of it.
    sa.Column("subject", sa.LargeBinary(32), nullable=False, index=True),
    # The latest tries, oldest first, in marks of one width that begin with their instant.
    sa.Column("recent", sa.Text, nullable=False),
    sa.Column("blocked_until", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)
sa.Table(
    "limit_totals",
    house,
    # HMAC of what is counted (an account, an address) and of the thing itself.
    sa.Column("key", sa.LargeBinary(32), primary_key=True),
    sa.Column("spent", sa.Integer, nullable=False),
    # The end of the time that is counted; a try after it starts a new one.
    sa.Column("expires_at", Moment, nullable=False, index=True),
)
sa.Table(
    "known_devices",
    house,
    sa.Column("secret_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("account", Id, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)
sa.Table(
    "mail_quota",
    house,
    sa.Column("recipient_mac", sa.LargeBinary(32), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)
sa.Table(
    "outbox",
    house,
    sa.Column("id", Id, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Moment, index=True),
    sa.Column("queued_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)
sa.Table(
    "email_changes",
    house,
    sa.Column("link_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("account", Id, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("new_email", sa.String(254), nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)
sa.Table(
    "passwords",
    house,
    sa.Column("account", Id, sa.ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("label", sa.String(100), nullable=False, index=True),
    sa.Column("changed_at", Moment, nullable=False),
)
sa.Table(
    "recovery_links",
    house,
    sa.Column("link_hash", sa.LargeBinary(32), primary_key=True),
    # Empty for an address that nobody has: asking costs the same work.
    sa.Column("account", Id, sa.ForeignKey("accounts.id", ondelete="CASCADE"), index=True),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)
sa.Table(
    "revocation_head",
    house,
    sa.Column("one", sa.Integer, primary_key=True),
    sa.Column("era", sa.String(32), nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
)
sa.Table(
    "revocation_log",
    house,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("account", Id, nullable=False),
    sa.Column("owner", Id, nullable=False),
    sa.Column("list", sa.Integer),
    sa.Column("index", sa.Integer),
    sa.Column("forget_at", Moment, nullable=False, index=True),
)
sa.Table(
    "status_list_count",
    house,
    sa.Column("one", sa.Integer, primary_key=True),
    sa.Column("lists", sa.Integer, nullable=False),
)
sa.Table(
    "status_lists",
    house,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("used", sa.Integer, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("scatter", sa.LargeBinary(16), nullable=False),
    sa.Column("live_until", Moment, nullable=False, index=True),
)
sa.Table(
    "status_indices",
    house,
    sa.Column("list", sa.Integer, primary_key=True),
    sa.Column("index", sa.Integer, primary_key=True),
    sa.Column("owner", Id, nullable=False, index=True),
    sa.Column("account", Id, nullable=False, index=True),
    sa.Column("live_until", Moment, nullable=False, index=True),
    sa.Column("ended_at", Moment),
    sa.Index("ix_status_indices_list_ended_at", "list", "ended_at"),
)
sa.Table(
    "sessions",
    house,
    sa.Column("id", Id, primary_key=True),
    sa.Column("account", Id, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    sa.Column("secret_hash", sa.LargeBinary(32), nullable=False, unique=True),
    # After step-up the replaced secret works a little longer, at its old level.
    sa.Column("former_hash", sa.LargeBinary(32), unique=True),
    sa.Column("former_until", Moment),
    sa.Column("former_acr", sa.String(16)),
    sa.Column("former_auth_time", Moment),
    sa.Column("presented_as", sa.String(16), nullable=False),
    sa.Column("remember_me", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("last_seen", Moment, nullable=False),
    sa.Column("idle_for", sa.BigInteger, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
    sa.Column("ends_at", Moment, nullable=False),
    sa.Column("auth_time", Moment, nullable=False),
    sa.Column("acr", sa.String(16), nullable=False),
    sa.Column("amr", sa.String(200), nullable=False),
    sa.Column("address", sa.String(45), nullable=False),
    sa.Column("user_agent", sa.String(400), nullable=False),
    sa.Index("ix_sessions_account_last_seen", "account", "last_seen"),
)
sa.Table(
    "sign_ups",
    house,
    sa.Column("link_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("id", Id, nullable=False, unique=True),
    sa.Column("email", sa.String(254), nullable=False, index=True),
    sa.Column("username", sa.String(64)),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("browser_hash", sa.LargeBinary(32)),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False, index=True),
)
