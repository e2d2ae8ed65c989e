"""A Django site with django-allauth in a process of its own: it makes its tables and its people, and tells of them.

Run as a program, as Django is configured once a process: `python -m tests.importing.django_site FILE`, with what the
site's people have on standard input. It prints what only they know.
"""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.auth import hashers

HASHERS: dict[str, tuple[str, dict[str, int]]] = {
    "pbkdf2_sha256": ("PBKDF2PasswordHasher", {"iterations": 1000}),
    "pbkdf2_sha1": ("PBKDF2SHA1PasswordHasher", {"iterations": 1000}),
    "argon2": ("Argon2PasswordHasher", {"memory_cost": 1024, "time_cost": 1, "parallelism": 2}),
    "bcrypt_sha256": ("BCryptSHA256PasswordHasher", {"rounds": 4}),
    "bcrypt": ("BCryptPasswordHasher", {"rounds": 4}),
    "scrypt": ("ScryptPasswordHasher", {"work_factor": 2**10}),
    "md5": ("MD5PasswordHasher", {}),
}
"""Django's hashers, each with a cost that tests can pay."""


def configure(file: Path) -> None:
    """Configure Django with everything that allauth has."""
    settings.configure(
        SECRET_KEY="of-a-test",
        USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "allauth",
            "allauth.account",
            "allauth.socialaccount",
            "allauth.mfa",
        ],
        MFA_SUPPORTED_TYPES=["totp", "recovery_codes", "webauthn"],
        MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
        PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{name}" for name, _ in HASHERS.values()],
    )
    django.setup()
    for name, cost in HASHERS.values():
        for what, much in cost.items():
            setattr(getattr(hashers, name), what, much)


def make(people: list[dict[str, Any]]) -> dict[str, Any]:
    """Make people by Django's and allauth's own functions; give what only they know."""
    # Django's models can be imported only once it is configured.
    models = import_module("django.contrib.auth.models")
    totp = import_module("allauth.mfa.totp.internal.auth")
    recovery = import_module("allauth.mfa.recovery_codes.internal.auth")
    webauthn = import_module("allauth.mfa.webauthn.internal.auth")
    addresses = import_module("allauth.account.models").EmailAddress.objects
    links = import_module("allauth.socialaccount.models").SocialAccount.objects
    import_module("django.core.management").call_command("migrate", verbosity=0)
    known: dict[str, Any] = {}
    for person in people:
        name = person["username"]
        user = models.User(username=name, email=person.get("email", ""), is_active=person.get("is_active", True))
        user.is_superuser = user.is_staff = person.get("is_superuser", False)
        password = person.get("password")
        hasher = person.get("hasher", "argon2")
        user.password = hashers.make_password(password, hasher=hasher) if password else hashers.make_password(None)
        user.save()
        user.groups.set([models.Group.objects.get_or_create(name=each)[0] for each in person.get("groups", ())])
        for address, verified, primary in person.get("addresses", ()):
            addresses.create(user=user, email=address, verified=verified, primary=primary)
        for provider, uid in person.get("links", ()):
            links.create(user=user, provider=provider, uid=uid, extra_data={"token": "at-secret"})
        told: dict[str, Any] = {"id": user.pk}
        if person.get("totp"):
            told["totp"] = totp.generate_totp_secret()
            totp.TOTP.activate(user, person.get("sealed") or told["totp"])
        if person.get("codes"):
            codes = recovery.RecoveryCodes.activate(user)
            told["codes"] = codes.get_unused_codes()
            assert codes.validate_code(told["codes"][0])
        if "credential" in person:
            webauthn.WebAuthn.add(user, "Laptop", person["credential"])
        known[name] = told
    return known


if __name__ == "__main__":
    configure(Path(sys.argv[1]))
    sys.stdout.write(json.dumps(make(json.load(sys.stdin))))
