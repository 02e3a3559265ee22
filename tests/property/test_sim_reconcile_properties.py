"""The reconciliation against a model that knows which passage came from which tap."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.reconcile import reconcile

OUTCOMES = st.sampled_from(["granted", "refused", "unanswered"])
TAPS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 3), OUTCOMES, st.booleans()),
    max_size=30,
)


def at(number: int) -> str:
    return f"2026-03-01T08:{number // 60:02}:{number % 60:02}+00:00"


def rows(
    taps: list[tuple[int, int, str, bool]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Doors 0 are smart, doors 3 a board's, whose journal knows no epoch.

    An unanswered tap has a passage when its last part says so.
    """
    journal, record = [], []
    for number, (door, card, outcome, reached) in enumerate(taps):
        numbered = door in (0, 3) and outcome != "unanswered"
        index = number if numbered else None
        epoch = 1 if numbered else None
        common = {"door": f"door-{door}", "card": card, "at": at(number)}
        journal.append(
            common
            | {"tap": number, "outcome": outcome, "outcome_at": at(number)}
            | {
                "controller": f"c-{door}",
                "epoch": None if door == 3 else epoch,
                "index": index,
            }
        )
        if outcome != "unanswered" or reached:
            granted = outcome == "granted" or (outcome == "unanswered" and card > 1)
            record.append(
                common
                | {"number": number, "granted": granted, "reason": "permit"}
                | {"recorded_at": at(number + 1), "controller": f"c-{door}"}
                | {"controller_epoch": epoch, "controller_index": index}
            )
    return journal, record


@given(TAPS)
def test_an_honest_record_is_exact(taps: list[tuple[int, int, str, bool]]) -> None:
    journal, record = rows(taps)
    account = reconcile(journal, record)
    assert account.exact
    assert all(delay == 1 for delay in account.delays)


@given(TAPS, st.data())
def test_the_order_of_the_rows_does_not_matter(
    taps: list[tuple[int, int, str, bool]], data: st.DataObject
) -> None:
    journal, record = rows(taps)
    shuffled = reconcile(
        data.draw(st.permutations(journal)), data.draw(st.permutations(record))
    )
    assert shuffled.exact


@given(TAPS.filter(lambda taps: all(tap[2] != "unanswered" for tap in taps)), st.data())
def test_what_is_taken_out_is_lost_and_what_is_put_in_is_found(
    taps: list[tuple[int, int, str, bool]], data: st.DataObject
) -> None:
    journal, record = rows(taps)
    if not record:
        return
    gone = data.draw(st.sets(st.integers(0, len(record) - 1)))
    account = reconcile(journal, [row for row in record if row["number"] not in gone])
    assert len(account.lost) == len(gone)
    assert account.duplicates == []
    doubled = [row | {"number": 1000 + row["number"]} for row in record[:3]]
    account = reconcile(journal, record + doubled)
    assert account.lost == []
    assert len(account.duplicates) == len(doubled)


@given(TAPS, st.lists(st.integers(0, 29), max_size=8))
def test_never_more_is_lost_than_was_made(
    taps: list[tuple[int, int, str, bool]], gone: list[int]
) -> None:
    journal, record = rows(taps)
    kept = [row for row in record if row["number"] not in gone]
    account = reconcile(journal, kept)
    missing = len(record) - len(kept)
    assert len(account.lost) <= missing
    assert account.duplicates == []


@given(
    st.lists(
        st.tuples(
            st.integers(1, 3), st.sampled_from(["granted", "refused"]), st.booleans()
        ),
        max_size=30,
    )
)
def test_what_a_door_without_memory_did_is_recorded_or_owned_up_to(
    taps: list[tuple[int, str, bool]],
) -> None:
    everything = [(1, card, outcome, True) for card, outcome, _ in taps]
    journal, record = rows(everything)
    heard = [row for row, tap in zip(record, taps, strict=True) if tap[2]]
    unheard = [row["at"] for row, tap in zip(record, taps, strict=True) if not tap[2]]
    spans = [{"controller": "c-1", "since": at, "until": at} for at in unheard]
    account = reconcile(journal, heard, spans)
    assert account.exact
    assert len(account.unseen) == len(unheard)
    account = reconcile(journal, heard)
    assert len(account.lost) == len(unheard)
    assert account.unseen == []
