"""The keys room: what we sign with, how long each key lives, and the set that others check our signatures with."""
