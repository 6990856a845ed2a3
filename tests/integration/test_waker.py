"""The waker of a process ends with it, also where NATS never answered."""

from threading import enumerate as threads

import pytest

from infra.embedded.nats import EmbeddedNats
from infra.nats.waker import Waker

pytestmark = pytest.mark.integration


def wakers() -> int:
    return sum(thread.name == "waker" for thread in threads())


def test_a_closed_waker_leaves_no_thread_that_looks_for_nats_for_ever() -> None:
    before = wakers()
    waker = Waker("nats://127.0.0.1:1")
    waker.wake()
    assert wakers() == before + 1
    waker.close()
    assert wakers() == before


def test_nor_does_one_that_was_connected(nats_server: EmbeddedNats) -> None:
    before = wakers()
    waker = Waker(nats_server.url())
    waker.wake()
    waker.close()
    assert wakers() == before
