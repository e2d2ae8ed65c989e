"""The HTTP of one's ways in: one module a factor, and the page that lists them."""

from coatcheck.ways_in.routes import backup_codes, identities, overview, passkeys, totp, trusted_browsers

apis = (overview.api, totp.api, backup_codes.api, trusted_browsers.api)
passkey_apis = (passkeys.api,)
provider_apis = (identities.api,)
pages = [*overview.pages, *totp.pages, *backup_codes.pages, *trusted_browsers.pages]
passkey_pages = [*passkeys.pages]
provider_pages = [*identities.pages]
