"""The storage room: the database, its tables and their migrations. Rooms above keep their SQL in `records.py`."""
