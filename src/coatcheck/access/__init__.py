"""The access room: roles, what they allow, and who holds them. Denied unless granted."""
