"""The systems that accounts come from, one file each."""
