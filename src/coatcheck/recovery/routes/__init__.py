"""The HTTP of recovery."""

from coatcheck.recovery.routes import lost_factors, passwords

apis = (passwords.api, lost_factors.api)
pages = [*passwords.pages, *lost_factors.pages]
