"""The advisor: sessions, tokens or providers? Answers give a recommendation, its reasons, and the code for it."""
