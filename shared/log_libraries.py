"""Libraries' own loggers, written as our lines: from WARNING up, without the values they interpolate."""

import logging
import re

from shared.log_events import LogEvent
from shared.logs import log

_QUIET = ("faststream", "uvicorn.access", "asyncio")
_FILLED_IN = re.compile(r"'[^']*'|\"[^\"]*\"|\b\d[\d.:\-]*\b|[^\s@]+@[^\s@]+")


class _Forward(logging.Handler):
    """Sends a record on; a traceback shrinks to the error's type and frames."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record's template: what was filled in may be a person's or a row's."""
        error = record.exc_info[1] if record.exc_info else None
        template = str(record.msg).partition("DETAIL:")[0].partition("\n")[0]
        log(
            LogEvent.LIBRARY_MESSAGE,
            logger=record.name,
            level=record.levelname,
            detail=_FILLED_IN.sub("?", template)[:300],
            **({"error": error} if error is not None else {}),
        )


def route_libraries() -> None:
    """Make our handler and level those of every library, and silence the loggers that add nothing."""
    root = logging.getLogger()
    root.handlers = [_Forward()]
    root.setLevel(logging.WARNING)
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.captureWarnings(capture=True)
