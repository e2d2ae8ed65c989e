"""The revocation room: the log that is the truth, the indices that tokens carry, and the reader that follows the log."""
