"""How often this process looks for cyclic garbage: rarely, since a page of the log makes none."""

import gc

NEW_OBJECTS = 50_000  # between two looks at the young; a page of 5,000 events makes fewer
YOUNG_LOOKS = 20  # before the middle-aged are looked at
MIDDLE_LOOKS = 100  # before the old are


def collect_rarely() -> None:
    """Leave what start-up made alone for good, and look at what comes after it seldom.

    Events, rows and envelopes die by reference counting. With Python's own thresholds the
    collector walked them anyway, and took half of a projector's time (ADR 0010).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, YOUNG_LOOKS, MIDDLE_LOOKS)
