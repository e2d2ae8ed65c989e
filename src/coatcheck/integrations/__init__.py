"""The integrations room: frameworks, each on a framework and `coatcheck.verifier` alone."""
