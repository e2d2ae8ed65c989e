"""The limits room: how many tries are judged, and which devices are known. Why so: `docs/decisions/0004-limits.md`."""
