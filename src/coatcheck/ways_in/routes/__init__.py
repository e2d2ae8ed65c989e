"""The HTTP of one's ways in: one module a factor, and the page that lists them."""

from coatcheck.ways_in.routes import backup_codes, overview, passkeys, totp

apis = (overview.api, totp.api, backup_codes.api)
passkey_apis = (passkeys.api,)
pages = [*overview.pages, *totp.pages, *backup_codes.pages]
passkey_pages = [*passkeys.pages]
