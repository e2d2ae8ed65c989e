"""The HTTP of the administrators' console; every page of it demands the role `admin`."""

from coatcheck.admin.routes import access, console, explain, panic

password_pages = console.password_pages
pages = [*console.pages, *access.pages, *explain.pages, *panic.pages]
