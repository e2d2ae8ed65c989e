"""Panics: everything of an account that was ended at once, and the receipt of it, line by line."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from coatcheck.storage.tables.metadata import Id, Moment, metadata

panics = Table(
    "panics",
    metadata,
    Column("id", Id, primary_key=True),
    # No foreign key: whoever fills a receipt must not wait for the account's row, which others hold before a receipt's.
    Column("account", Id, nullable=False, index=True),
    Column("called_by", Id, nullable=False),
    # Whose browser may look at the receipt, as no session is left to do so with.
    Column("browser_hash", LargeBinary(32), index=True),
    Column("called_at", Moment, nullable=False),
    # By when it was certain that everything was cut: empty until the commit was seen.
    Column("cut_at", Moment),
    # Who has applied the log up to here has heard of it.
    Column("era", String(32)),
    Column("number", BigInteger),
    # When a worker looks next at what is not confirmed; empty when nobody does any more.
    Column("due_at", Moment, index=True),
    Column("settled_at", Moment),
    # Since when its account may be signed in to again; while it is empty, the account is secured.
    Column("lifted_at", Moment),
    Column("forget_at", Moment, index=True),
    info={"expires": "forget_at"},
)

panic_lines = Table(
    "panic_lines",
    metadata,
    Column("panic", Id, ForeignKey("panics.id", ondelete="CASCADE"), primary_key=True),
    Column("what", String(20), primary_key=True),
    # Which one of several: a give-back, a worker, a service.
    Column("name", String(100), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("count", Integer),
    Column("outcome", String(10), nullable=False),
    # How long after the cut it is over though nobody says so.
    Column("bound_ms", BigInteger),
    Column("done_at", Moment),
    Index("ix_panic_lines_name", "name"),
    info={"stays": "goes with its receipt"},
)
