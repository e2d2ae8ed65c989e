"""The importing room: accounts of other systems come over, none twice and none lost, with the hashes they have."""
