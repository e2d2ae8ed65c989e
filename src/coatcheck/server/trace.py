"""Write down where an error came from, without the values that were around: they may be secrets."""

import traceback


def trace_of(error: BaseException) -> str:
    """Give the lines of a traceback: files, functions and code, no variables.

    Loggers may print local variables when they are handed an exception, so they are handed this text.
    """
    return "".join(traceback.format_exception(error))
