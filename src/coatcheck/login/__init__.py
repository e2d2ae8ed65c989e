"""The login room: every way in proves something, then comes to the one door, `admit`."""
