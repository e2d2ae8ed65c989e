"""Logs of a process that we started ourselves: JSON lines on standard error, our own and those of libraries alike."""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor

_LEVELS = {"info": logging.INFO, "warning": logging.WARNING}

# A traceback is written without the values of variables: passwords and tokens are among them.
_STEPS: list[Processor] = [
    structlog.stdlib.add_log_level,
    structlog.processors.MaybeTimeStamper(fmt="iso", utc=True, key="at"),  # as each request's line has it
    structlog.processors.format_exc_info,
]


def log_json(level: str, stream: TextIO | None = None) -> None:
    """Write logs as JSON lines.

    Args:
        level: `info` or `warning`, for our own events; libraries are heard from `warning` on.
        stream: where to; standard error when left out.

    See: ASVS 16.2.1, 16.2.2 (UTC).
    """
    stream = stream or sys.stderr
    structlog.configure(
        processors=[*_STEPS, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_STEPS,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
