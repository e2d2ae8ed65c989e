"""The HTTP of one's ways in: one module a factor, and the page that lists them."""

from coatcheck.ways_in.routes import overview, passkeys

passkey_apis = (passkeys.api,)
pages = [*overview.pages]
passkey_pages = [*passkeys.pages]
