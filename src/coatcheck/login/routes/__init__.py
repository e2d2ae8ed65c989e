"""The HTTP of signing in."""

from coatcheck.login.routes import calls, codes, kept, mailed, passkeys, providers, saml, steps, tokens
from coatcheck.login.routes import pages as sign_in_pages

apis = (calls.api, codes.api, tokens.api)
password_apis = (calls.password_api,)
passkey_apis = (passkeys.api,)
provider_apis = (providers.api,)
pages = [*sign_in_pages.pages, *steps.pages, *mailed.pages, *kept.pages, *tokens.pages]
password_pages = [*sign_in_pages.password_pages]
passkey_pages = [*passkeys.pages]
provider_pages = [*providers.pages, *saml.pages]
