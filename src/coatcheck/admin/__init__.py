"""The administrators' room: find an account, its sessions, lock, unlock, end; roles; the audit trail."""
