"""The HTTP of one's ways in: one module a factor, and the page that lists them."""

from coatcheck.ways_in.routes import backup_codes, overview, totp

apis = (overview.api, totp.api, backup_codes.api)
pages = [*overview.pages, *totp.pages, *backup_codes.pages]
