"""Deployments for the doctor: one in order, and what each fault changes in it."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from coatcheck.doctor.finding import Finding
from coatcheck.doctor.within.examine import SETTINGS_CHECKS
from coatcheck.doctor.within.looked_at import LookedAt
from coatcheck.settings.read import read_settings

Sections: TypeAlias = Mapping[str, Mapping[str, object]]

SOUND: Sections = {
    "server": {"public_url": "https://auth.example.com", "trusted_proxies": ["127.0.0.1"]},
    "database": {"url": "postgresql://coatcheck:f3Jq-9mW_zVn@db.example.com/coatcheck?ssl=verify-full"},
    "mail": {"smtp_url": "smtps://us:x@mail.example.com", "sender": "Example <no-reply@example.com>"},
    "audit": {"checkpoint_file": "checkpoints.jsonl"},
    "passwords": {"breached_check": True},
    "sign_in": {"role_levels": ["admin = aal2"]},
}


def changed(sections: Sections, changes: Sections) -> Sections:
    """Change settings of a deployment."""
    return {name: {**sections.get(name, {}), **changes.get(name, {})} for name in {*sections, *changes}}


def looked_at(sections: Sections, config: Path = Path("coatcheck.toml")) -> LookedAt:
    """Read a deployment's settings; nothing of the environment counts."""
    return LookedAt(settings=read_settings(None, {}, sections), config=config)


def findings(sections: Sections, config: Path = Path("coatcheck.toml")) -> dict[str, Finding]:
    """Give what is wrong with settings, by its code."""
    looked = looked_at(sections, config)
    outcomes = [each for check in SETTINGS_CHECKS for each in check(looked)]
    return {each.code: each for each in outcomes if isinstance(each, Finding)}


def repaired(sections: Sections, found: Mapping[str, Finding]) -> Sections:
    """Do what the fixes say: put each one's lines into its section, with a password where one has to be filled in."""
    for each in found.values():
        where, *lines = each.fix.splitlines()
        section = where.removeprefix("In coatcheck.toml, in the section [").removesuffix("]:")
        fix: dict[str, Any] = tomllib.loads("\n".join(lines).replace(":PASSWORD@", ":f3Jq-9mW_zVn@"))
        sections = changed(sections, {section: fix})
    return sections
