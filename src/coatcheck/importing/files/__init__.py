"""How files of accounts are read: a row at a time, whatever their size, each with the place where it stands."""
