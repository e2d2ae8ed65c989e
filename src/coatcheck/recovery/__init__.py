"""The recovery room: back into an account by its mailbox, and everybody else out of it."""
