"""Providers by name: one TOML file each, read when the settings name it. Adding a provider is adding a file.

What a file may hold is `entry.Entry`; `upstream/configured.py` makes it and the operator's settings one `Provider`.
None was tried live: each says which pages it was read from, and when, and what of it stands in none of them.
"""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
