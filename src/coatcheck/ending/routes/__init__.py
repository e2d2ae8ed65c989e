"""The HTTP of ending: sign out, end sessions, panic."""

from coatcheck.ending.routes import panic, sessions

apis = (sessions.api, panic.api)
pages = [*sessions.pages, *panic.pages]
