"""The HTTP of one's ways in: one module a factor."""

from coatcheck.ways_in.routes import trusted_browsers

apis = (trusted_browsers.api,)
pages = [*trusted_browsers.pages]
