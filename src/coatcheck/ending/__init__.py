"""The ending room: signing out, ending sessions, closing an account."""
