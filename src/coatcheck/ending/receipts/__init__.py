"""Receipts of panics: what was ended, by when, and what nobody has confirmed yet."""
