"""The audit room: every security event, written with its change, chained so that tampering shows, and read again."""
