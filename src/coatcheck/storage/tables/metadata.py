"""What all tables share: names for constraints, column kinds, and how each says who cleans it up.

A table's `info` holds either `expires`: the column whose instant, once passed, lets clean-up remove the row, or
`stays`: why its rows are not removed by time.
"""

from sqlalchemy import BigInteger, Integer, MetaData, String

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Moment = BigInteger
"""An `Instant`: milliseconds since 1970 UTC."""

Counter = BigInteger().with_variant(Integer, "sqlite")
"""A number the database counts up; SQLite does so for INTEGER alone."""

Id = String(40)
"""An id such as `acc_…`."""
