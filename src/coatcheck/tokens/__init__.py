"""The tokens room: access tokens, which say what a session may do, and refresh tokens, which bring the next one."""
