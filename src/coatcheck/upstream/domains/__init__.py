"""Which email domains a connection may speak for: its owner shows that they are theirs, once, by DNS or by hand."""
