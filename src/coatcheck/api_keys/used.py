"""Write when API keys were last used."""

import structlog

from coatcheck.api_keys import records
from coatcheck.desk import Desk
from coatcheck.desk.last_uses import LastUses

_log = structlog.get_logger("coatcheck.api_keys")


class UsedKeys(LastUses):
    """Gather the keys that were used and write them in the background."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, records.touch, _log, "api_keys.use_not_written")
