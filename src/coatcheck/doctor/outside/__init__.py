"""The doctor from outside: one file a kind of probe, each sent to one host and looking at what a stranger would see.

`examine` runs them. Nothing is followed, nothing is written but by the account of a permit, and without a permit no
password is tried.
"""
