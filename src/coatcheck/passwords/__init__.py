"""Passwords: kept as argon2id hashes, checked in a bounded pool, taken by NIST's rules and no others."""
