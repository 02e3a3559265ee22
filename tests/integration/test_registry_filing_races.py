"""Many file one dwelling at once: one does, and the others hear why not."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from registry.domain.errors import Conflict
from registry.domain.filing import FilingEvent, FilingState, RentalFiling
from registry.services.filings import Asked
from tests.support.letting import (
    CLERK,
    FREE,
    LANDLORDS,
    Letting,
    landlord,
    letting,
    right,
)
from tests.support.postgresql import NewDatabase

MANY = 8


@pytest.fixture
def let(tmp_path: Path, new_database: NewDatabase) -> Iterator[Letting]:
    with letting(tmp_path, new_database) as ready:
        rights = ready.bench.services.rights
        with ready.writing() as uow:
            for party in LANDLORDS[1:]:
                rights.record(uow, CLERK, right(party))
        yield ready


def at_once(deeds: list[Callable[[], object]]) -> list[object]:
    """Begin deeds together; return what each came to."""
    together = Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> object:
        together.wait()
        try:
            return deed()
        except Conflict as refused:
            return str(refused)

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def living(let: Letting) -> list[str]:
    with let.reading() as uow:
        return [filing.id for filing in uow.filings.of_units([FREE]) if filing.live]


def test_one_of_many_files_a_dwelling(let: Letting) -> None:
    drafts = {party: let.begin(party) for party in LANDLORDS}
    came = at_once(
        [
            lambda id_=id_, party=party: (
                let.move(  # type: ignore[misc]
                    id_, FilingEvent.SUBMITTED, landlord(party)
                ).id
            )
            for party, id_ in drafts.items()
        ]
    )
    told = [each for each in came if each not in drafts.values()]
    assert told == ["this dwelling has a living filing already"] * 2
    assert living(let) == [each for each in came if each in drafts.values()]


def test_the_key_alone_turns_a_race_into_a_conflict(let: Letting) -> None:
    """On PostgreSQL all look before one writes, as writing() would not let them."""
    drafts = [let.now(let.begin(party)) for party in LANDLORDS]
    beside = let.bench.settings.database_url is not None
    looked = Barrier(len(drafts) if beside else 1)

    def submit(draft: RentalFiling) -> str:
        with let.bench.services.store.recording() as uow:
            uow.filings.live(FREE)
            looked.wait()
            asked = Asked(draft.id, FilingEvent.SUBMITTED)
            return let.filings.move(uow, landlord(draft.lessor or ""), asked).id

    came = at_once([partial(submit, draft) for draft in drafts])
    assert came.count("this dwelling has a living filing already") == 2
    assert set(living(let)) < set(came)


def test_of_two_who_change_one_filing_the_slower_looks_again(let: Letting) -> None:
    id_ = let.begin()
    let.move(id_, FilingEvent.SUBMITTED)
    came = at_once([lambda: let.move(id_, FilingEvent.ACCEPTED).number] * MANY)
    assert came.count("2026-000001") == 1
    assert let.now(id_).state is FilingState.ACCEPTED
    with let.reading() as uow:
        states = [version.content.state for version in uow.filings.history(id_)]
    assert states.count(FilingState.ACCEPTED) == 1


def test_numbers_taken_at_once_are_all_different(let: Letting) -> None:
    def take() -> int:
        with let.bench.services.store.recording() as uow:
            return uow.filings.next_number(2026)

    assert set(at_once([take] * MANY)) == set(range(1, MANY + 1))
