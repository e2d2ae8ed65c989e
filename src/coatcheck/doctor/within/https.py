"""Principle 1: is https spoken wherever passwords, cookies and data pass?"""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from coatcheck.doctor.finding import Finding, Outcome, Passed
from coatcheck.doctor.fixes import set_to, unless_found
from coatcheck.doctor.principles import HTTPS
from coatcheck.doctor.within.looked_at import LookedAt, host_of, is_near
from coatcheck.settings.files import sqlite_file

_ENCRYPTING = ("require", "verify-ca", "verify-full")


def check_public_url(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find an address that is missing, of this machine alone, or in clear; cookies follow from it."""
    url = looked.settings.server.public_url
    passed = Passed("public-url", HTTPS, f"People reach it by {url}; its cookies are Secure, for this one host.")
    return unless_found(_public_url(looked), passed)


def _public_url(looked: LookedAt) -> Iterator[Finding]:
    url, fix = looked.settings.server.public_url, set_to("server", 'public_url = "https://auth.example.org"')
    if url is None:
        yield Finding(
            "public-url-missing",
            HTTPS,
            "medium",
            "server.public_url is not set, so only this machine is served, over plain http.",
            fix,
        )
    elif looked.is_on_this_machine:
        yield Finding(
            "public-url-local", HTTPS, "medium", f"server.public_url is {url}: nobody else can reach it.", fix
        )
    elif url.startswith("http://"):
        yield Finding(
            "public-url-plain",
            HTTPS,
            "high",
            f"server.public_url is {url}: passwords and cookies cross the network in clear.",
            fix,
        )


def check_behind_it(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find connections to the database and to Valkey that cross a network in clear."""
    passed = Passed("links-encrypted", HTTPS, "Database and ephemeral store are on this machine, or reached by TLS.")
    return unless_found([*_database(looked), *_ephemeral(looked)], passed)


def _database(looked: LookedAt) -> Iterator[Finding]:
    url = looked.settings.database.url
    if sqlite_file(url) is not None or is_near(host_of(url)):
        return
    query = dict(parse_qsl(urlsplit(url).query))
    mode = query.get("ssl", query.get("sslmode", "prefer"))
    if mode not in _ENCRYPTING:
        yield Finding(
            "database-plain",
            HTTPS,
            "medium",
            f"The database on {host_of(url)} may be reached without TLS (ssl={mode}).",
            set_to("database", f'url = "postgresql://USER:PASSWORD@{host_of(url)}/NAME?ssl=verify-full"'),
        )


def _ephemeral(looked: LookedAt) -> Iterator[Finding]:
    url = looked.settings.ephemeral.url
    if url.startswith("redis://") and not is_near(host_of(url)):
        yield Finding(
            "ephemeral-plain",
            HTTPS,
            "medium",
            f"Valkey on {host_of(url)} is reached without TLS: tickets of sign-ins cross the network in clear.",
            set_to("ephemeral", f'url = "rediss://:PASSWORD@{host_of(url)}:6379/0"'),
        )


def check_origins(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find origins of other apps that are plain http, or a developer's machine."""
    passed = Passed("origins", HTTPS, "Every origin in web.origins speaks https.")
    return unless_found(_origins(looked), passed)


def _origins(looked: LookedAt) -> Iterator[Finding]:
    origins = looked.settings.web.origins
    plain = [each for each in origins if each.startswith("http://")]
    if plain and not looked.is_on_this_machine:
        kept = ", ".join(f'"{each}"' for each in origins if each not in plain)
        yield Finding(
            "origins-plain",
            HTTPS,
            "medium",
            f"web.origins lets in {', '.join(plain)}: whoever is on that network path can act as that app.",
            set_to("web", f"origins = [{kept}]"),
        )
