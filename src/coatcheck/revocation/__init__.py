"""The revocation room: the log that is the truth, the indices that tokens carry, the reader that follows the log."""
