"""The room of ways in: what a person signs in with, enrolled, named and removed by its owner."""
