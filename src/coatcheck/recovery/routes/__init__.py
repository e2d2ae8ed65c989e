"""The HTTP of recovery."""

from coatcheck.recovery.routes import lost_factors, open_again, passwords

apis = (passwords.api, lost_factors.api)
open_again_api = open_again.api
open_again_pages = open_again.pages
pages = [*passwords.pages, *lost_factors.pages]
