"""The sessions room: what a finished sign-in opens, how it is listed, kept alive and ended."""
