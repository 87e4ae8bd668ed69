"""What stops a command: one sentence on stderr, exit 1."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator


class Trouble(SystemExit):
    """A sentence for the person at the keyboard. Uncaught, Python prints it and exits with 1."""

    def __str__(self) -> str:
        return str(self.code)


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """What the system refuses, said as a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Trouble("The disk is full: free some space and start again.") from None
        if error.errno in {errno.EACCES, errno.EROFS}:
            raise Trouble(f"{error.filename} cannot be written to by this user ({error.strerror}).") from None
        raise
