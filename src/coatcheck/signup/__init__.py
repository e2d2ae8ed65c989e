"""The sign-up room: an attempt waits until its own mailed link is confirmed; only then is there an account."""
