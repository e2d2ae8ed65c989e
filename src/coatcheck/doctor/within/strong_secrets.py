"""Principle 3: are the secrets strong, our own, out of others' sight, and changed in time?"""

import tomllib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from coatcheck.clients import records as clients
from coatcheck.clients.registration import Registration
from coatcheck.clock import Instant, millis
from coatcheck.desk import Desk
from coatcheck.doctor import records
from coatcheck.doctor.finding import Finding, Outcome, Passed
from coatcheck.doctor.fixes import run, set_to, unless_found
from coatcheck.doctor.principles import SECRETS
from coatcheck.doctor.within.looked_at import LookedAt
from coatcheck.http.ago import in_words as ago
from coatcheck.keys import records as keys
from coatcheck.keys.life import lead
from coatcheck.settings import ClientSettings, KeySettings
from coatcheck.settings.durations import in_words
from coatcheck.settings.files import sqlite_file

_OTHERS: Final = 0o077
_LETTERS_OF_CHANCE: Final = 12
"""Of 32 random bytes, fewer different ones than these never come; of 32 random letters neither."""

_WELL_KNOWN: Final = frozenset(
    {"", "admin", "changeme", "coatcheck", "guest", "pass", "password", "postgres", "redis", "root", "secret"}
)
_ALWAYS_SECRET: Final = frozenset({"master_key", "previous_master_keys", "client_secret"})
_SOON: Final = timedelta(days=14)
_LONGEST_ROTATION: Final = timedelta(days=366)


def check_files(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find the settings or the database where others on this machine can read them."""
    passed = Passed("files-private", SECRETS, "Nobody else on this machine can read the settings or the database.")
    return unless_found([*_settings_file(looked.config), *_database_file(looked)], passed)


def _settings_file(config: Path) -> Iterator[Finding]:
    if config.exists() and config.stat().st_mode & _OTHERS and _holds_secret(config):
        says = f"Others on this machine can read {config}, and secrets stand in it."
        yield Finding("settings-readable", SECRETS, "high", says, run(f"chmod 600 {config}"))


def _database_file(looked: LookedAt) -> Iterator[Finding]:
    name = sqlite_file(looked.settings.database.url)
    file = Path(name) if name else None
    if file is not None and file.exists() and file.stat().st_mode & _OTHERS:
        says = f"Others on this machine can read the database {file}: who signs in here, and their hashed passwords."
        yield Finding("database-readable", SECRETS, "medium", says, run(f"chmod 600 {file}*"))


def _holds_secret(config: Path) -> bool:
    try:
        tables = tomllib.loads(config.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return any(_is_secret(name, value) for name, value in _leaves(tables))


def _leaves(table: dict[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{below}", each) for below, each in _leaves(value))
        else:
            yield name, value


def _is_secret(name: str, value: object) -> bool:
    is_url = isinstance(value, str) and "://" in value
    has_password = is_url and bool(urlsplit(str(value)).password)
    return name.rpartition(".")[2] in _ALWAYS_SECRET or name == "gateway.secret" or has_password


def check_master_key(desk: Desk) -> tuple[Outcome, ...]:
    """Find a master key that nobody drew at random."""
    key = desk.key_ring.masters[0]
    if len(set(key)) >= _LETTERS_OF_CHANCE and not (key.isascii() and key.decode("ascii").isprintable()):
        return (Passed("master-key", SECRETS, "The master key looks like 32 random bytes."),)
    fix = run(
        "openssl rand -base64 32",
        why="Only for a site that is new: everything in the database is sealed under this key. Begin anew with the key "
        "that this draws, in the file of secret.master_key_file",
    )
    return (
        Finding("master-key-weak", SECRETS, "high", "The master key was not drawn at random: it can be guessed.", fix),
    )


def check_settings_secrets(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find passwords that everybody knows, and secrets that nobody drew."""
    passed = Passed("passwords-of-services", SECRETS, "No password in the settings is a well-known one.")
    return unless_found([*_passwords(looked), *_master_key_in_file(looked), *_gateway(looked)], passed)


def _passwords(looked: LookedAt) -> Iterator[Finding]:
    urls = {"database": looked.settings.database.url, "ephemeral": looked.settings.ephemeral.url}
    for section, url in urls.items():
        parts = urlsplit(url)
        password = unquote(parts.password or "")
        known = password.lower() in _WELL_KNOWN or password == parts.username
        is_asked = parts.scheme.partition("+")[0] in ("postgresql", "postgres") and parts.password is not None
        if known and (is_asked or (parts.scheme.startswith("redis") and not _is_here(parts.hostname))):
            says = f"The password in {section}.url is a well-known one, or none at all."
            variable = f"COATCHECK_{section.upper()}__URL"
            fix = run(
                "openssl rand -base64 24", why=f"Draw a new one, set it there, and put the whole URL in {variable}"
            )
            yield Finding(f"{section}-password-weak", SECRETS, "high", says, fix)


def _is_here(host: str | None) -> bool:
    return host in (None, "localhost", "127.0.0.1", "::1")


def _master_key_in_file(looked: LookedAt) -> Iterator[Finding]:
    if looked.config.exists() and "secret.master_key" in dict(_leaves(_parsed(looked.config))):
        yield Finding(
            "master-key-in-settings",
            SECRETS,
            "medium",
            f"The master key stands in {looked.config.name}, which is copied more easily than a key file.",
            "Move it into a file of its own (`umask 077`), and in the section [secret] say:\n"
            'master_key_file = "master.key"',
        )


def _parsed(config: Path) -> dict[str, object]:
    return tomllib.loads(config.read_text("utf-8"))


def _gateway(looked: LookedAt) -> Iterator[Finding]:
    secret = looked.settings.gateway.secret
    if secret is not None and len(set(secret)) < _LETTERS_OF_CHANCE:
        says = "gateway.secret was not drawn at random: whoever guesses it may ask in the proxy's name."
        fix = run("openssl rand -base64 32", why="Set it, here and in the proxy, to what this prints")
        yield Finding("gateway-secret-weak", SECRETS, "high", says, fix)


def check_passwords(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find that people may choose passwords that are guessed or known."""
    passed = Passed("password-rules", SECRETS, "New passwords are long, and looked up among leaked ones.")
    return unless_found(_password_rules(looked), passed)


def _password_rules(looked: LookedAt) -> Iterator[Finding]:
    rules, level = looked.settings.passwords, looked.settings.sign_in.level
    if not rules.enabled:
        return
    if rules.min_length < 15 and level == "aal1":
        says = f"passwords.min_length is {rules.min_length}: a password that is the only factor needs 15 (NIST)."
        yield Finding("passwords-short", SECRETS, "medium", says, set_to("passwords", "min_length = 15"))
    if not rules.breached_check:
        says = "passwords.breached_check is false: people may choose passwords that have leaked elsewhere."
        fix = set_to("passwords", "breached_check = true  # five digits of each hash go to api.pwnedpasswords.com")
        yield Finding("passwords-leaked", SECRETS, "low", says, fix)


def check_rotation(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find keys and secrets that are meant to last too long."""
    settings = looked.settings
    every, lasts = settings.keys.rotate_every, settings.clients.secret_lifetime
    passed = Passed(
        "rotation",
        SECRETS,
        f"Signing keys are replaced every {in_words(every)}; secrets of services last {in_words(lasts)}.",
    )
    return unless_found(_rotation(every, lasts), passed)


def _rotation(every: timedelta, lasts: timedelta) -> Iterator[Finding]:
    if every > _LONGEST_ROTATION:
        says = f"keys.rotate_every is {in_words(every)}: so long a key that leaked unseen is good for forging."
        fix = set_to("keys", f'rotate_every = "{in_words(KeySettings().rotate_every)}"')
        yield Finding("keys-seldom-rotated", SECRETS, "medium", says, fix)
    if lasts > _LONGEST_ROTATION:
        says = f"clients.secret_lifetime is {in_words(lasts)}: so long a secret that leaked unseen lets somebody in."
        fix = set_to("clients", f'secret_lifetime = "{in_words(ClientSettings().secret_lifetime)}"')
        yield Finding("secrets-long-lived", SECRETS, "low", says, fix)


async def check_signing_keys(desk: Desk) -> tuple[Outcome, ...]:
    """Find a signing key that was to be replaced long ago, or is of another kind than the settings say."""
    async with desk.database.reading() as db:
        listed = await keys.listed(db)
    if not listed:
        return (Passed("signing-keys", SECRETS, "There is no signing key yet: the first token has one made."),)
    newest, settings, now = listed[-1], desk.settings.keys, desk.now()
    latest = newest.signs_from + millis(settings.rotate_every + lead(settings))
    if now < latest and newest.algorithm == settings.algorithm:
        return (Passed("signing-keys", SECRETS, f"The newest signing key was made {ago(newest.made_at, now)}."),)
    says = (
        f"The newest signing key is {newest.algorithm}, made {ago(newest.made_at, now)}; the settings ask for "
        f"{settings.algorithm}, a new one every {in_words(settings.rotate_every)}."
    )
    return (Finding("signing-key-old", SECRETS, "medium", says, run("coatcheck keys rotate")),)


async def check_services(desk: Desk) -> tuple[Outcome, ...]:
    """Find services whose secret has run out or soon will."""
    async with desk.database.reading() as db:
        listed = [each for each in await clients.listed(db) if each.is_active]
    passed = Passed("service-secrets", SECRETS, "No service has a secret that runs out within two weeks.")
    return unless_found(_services(listed, desk.now()), passed)


def _services(listed: Iterable[Registration], now: Instant) -> Iterator[Finding]:
    for service in listed:
        lasts_until = max((each.expires_at for each in service.credentials), default=None)
        fix = run(f"coatcheck service rotate-secret {service.name}")
        if lasts_until is not None and lasts_until <= now:
            says = f"Every secret of the service {service.name} has run out: it is let in no more."
            yield Finding("service-secret-expired", SECRETS, "medium", says, fix)
        elif lasts_until is not None and lasts_until - now < millis(_SOON):
            days = (lasts_until - now) // millis(timedelta(days=1))
            says = f"The secret of the service {service.name} runs out in {days} days."
            yield Finding("service-secret-ending", SECRETS, "low", says, fix)


async def check_samples(desk: Desk) -> tuple[Outcome, ...]:
    """Find accounts of samples and tests: their addresses are nobody's, and somebody may know their passwords."""
    async with desk.database.reading() as db:
        emails = await records.sample_accounts(db, 50)
    passed = Passed("sample-accounts", SECRETS, "No account has an address of those reserved for examples.")
    if not emails:
        return (passed,)
    says = (
        f"There are accounts of samples, {len(emails)} in all: {emails[0]} is an address that is reserved for examples."
    )
    fix = run(*(f"coatcheck account close {each}" for each in emails[:5]), why="Unless you know them")
    return (Finding("sample-accounts", SECRETS, "medium", says, fix),)
