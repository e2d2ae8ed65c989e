"""Permits of the doctor: throw-away accounts by which a deployment is tried from outside, and until when."""

from sqlalchemy import Column, ForeignKey, LargeBinary, Table

from coatcheck.storage.tables.metadata import Id, Moment, metadata

doctor_permits = Table(
    "doctor_permits",
    metadata,
    # Of the header's value, which the permit's file holds.
    Column("secret_hash", LargeBinary(32), primary_key=True),
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"stays": "until its end, when its account and all that hangs on it goes with it (`doctor/end_permit.py`)"},
)
