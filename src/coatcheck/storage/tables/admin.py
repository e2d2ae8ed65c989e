"""The link by which the first administrator is made."""

from sqlalchemy import Column, LargeBinary, Table

from coatcheck.storage.tables.metadata import Moment, metadata

set_up_links = Table(
    "set_up_links",
    metadata,
    Column("link_hash", LargeBinary(32), primary_key=True),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)
