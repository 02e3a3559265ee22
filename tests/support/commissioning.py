"""A reader as the wizard records it."""

from datetime import UTC, datetime

from controller.uplink.commissioning import Check, CommissioningRecord
from controller.vocabulary import ControllerId, DoorId

RECORD = CommissioningRecord(
    ControllerId("reader-1"),
    DoorId("door-1"),
    datetime(2026, 6, 1, 4, 0, tzinfo=UTC),
    "op-07",
    "010203-4-5-00000006",
    "1.2.3",
    5,
    9600,
    frozenset({Check.CARD, Check.LOCK}),
)
"""Two tests passed, two not."""
