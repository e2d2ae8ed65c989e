"""What a log may hold of an error that nobody expected."""

import traceback


def trace_of(error: BaseException) -> str:
    """Give the lines of an error's traceback: files, functions and code, no variables.

    Loggers may print the variables of each frame when they are handed an exception, so they are handed this text.
    """
    return "".join(traceback.format_exception(error))
