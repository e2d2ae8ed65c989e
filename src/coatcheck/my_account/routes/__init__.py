"""The HTTP of one's own account: what it is, and the keys by which programs act for it."""

from coatcheck.my_account.routes import account, api_keys

api = account.api
password_api = account.password_api
key_apis = (api_keys.api,)
pages = account.pages
password_pages = account.password_pages
key_pages = api_keys.pages
