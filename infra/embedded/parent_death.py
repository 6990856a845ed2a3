"""Let the kernel end a child when its parent dies, even by kill -9 (Linux prctl(2))."""

import ctypes
import os
import signal
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent(death_signal: signal.Signals = signal.SIGKILL) -> None:
    """Ask for `death_signal` when the thread that started this process ends.

    A process that starts workers of its own (an HTTP server does) calls this in each of them.
    """
    if _LIBC.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")


def pre_exec(death_signal: signal.Signals) -> Callable[[], None]:
    """Return the function to run in the child between fork and exec.

    It runs after the change of user, which would clear the request (prctl(2)).
    """
    parent = os.getpid()

    def run() -> None:
        die_with_parent(death_signal)
        if os.getppid() != parent:  # the parent died before the request was made
            os._exit(1)

    return run
