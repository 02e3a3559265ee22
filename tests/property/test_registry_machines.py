"""What a table of moves does not list never happens; every state can be reached."""

from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain import filing, occupancy
from registry.domain.credential import (
    CREDENTIALS,
    ENDED,
    CredentialEvent,
    CredentialState,
)
from registry.domain.errors import Conflict
from registry.domain.external_filing import (
    EXTERNAL_FILINGS,
    ExternalEvent,
    ExternalState,
)
from registry.domain.filing import FILINGS, FilingEvent, FilingState
from registry.domain.grant import GRANTS, GrantEvent, GrantState
from registry.domain.lawful_query import (
    LAWFUL_QUERIES,
    LawfulQuery,
    QueryEvent,
    QueryState,
)
from registry.domain.machine import Machine
from registry.domain.occupancy import OCCUPANCIES, OccupancyEvent, OccupancyState
from registry.domain.subject_request import (
    SUBJECT_REQUESTS,
    RequestEvent,
    RequestState,
)
from registry.domain.tenancy import TENANCIES, TenancyEvent, TenancyState
from registry.domain.visit import VISITS, VisitEvent, VisitState

MACHINES: dict[str, tuple[Machine[Any, Any], type[StrEnum], type[StrEnum]]] = {
    "filing": (FILINGS, FilingState, FilingEvent),
    "occupancy": (OCCUPANCIES, OccupancyState, OccupancyEvent),
    "tenancy": (TENANCIES, TenancyState, TenancyEvent),
    "credential": (CREDENTIALS, CredentialState, CredentialEvent),
    "grant": (GRANTS, GrantState, GrantEvent),
    "visit": (VISITS, VisitState, VisitEvent),
    "elsewhere": (EXTERNAL_FILINGS, ExternalState, ExternalEvent),
    "query": (LAWFUL_QUERIES, QueryState, QueryEvent),
    "request": (SUBJECT_REQUESTS, RequestState, RequestEvent),
}
named = pytest.mark.parametrize("name", MACHINES)


@named
@given(data=st.data())
def test_no_walk_leaves_the_table(name: str, data: st.DataObject) -> None:
    machine, states, events = MACHINES[name]
    state = machine.initial
    for event in data.draw(st.lists(st.sampled_from(list(events)), max_size=12)):
        if machine.allows(state, event):
            state = machine.after(state, event)
        else:
            with pytest.raises(Conflict, match=str(event)):
                machine.after(state, event)
        assert state in states


@named
def test_every_state_can_be_reached_and_every_event_used(name: str) -> None:
    machine, states, events = MACHINES[name]
    reached, fresh = {machine.initial}, {machine.initial}
    while fresh:
        fresh = {to for (at, _), to in machine.moves.items() if at in fresh} - reached
        reached |= fresh
    assert reached == set(states)
    assert {event for _, event in machine.moves} == set(events)


def test_what_is_over_stays_over() -> None:
    over = {"lapsed", "withdrawn", "transferred"}
    assert {s for s in FilingState if FILINGS.final(s)} == over
    assert set(FilingState) - over - {"draft"} == filing.LIVE
    assert {s for s in OccupancyState if OCCUPANCIES.final(s)} == {"ended", "void"}
    assert set(OccupancyState) - {"ended", "void"} == occupancy.LIVE
    final = {state for state in CredentialState if CREDENTIALS.final(state)}
    assert final == ENDED - {"blank"}
    assert {s for s in VisitState if VISITS.final(s)} == {"done", "dropped"}
    assert {s for s in GrantState if GRANTS.final(s)} == {"revoked_ack"}


def test_a_refusal_says_what_may_be_done_instead() -> None:
    with pytest.raises(Conflict, match="now it may be submitted or withdrawn"):
        FILINGS.after(FilingState.DRAFT, FilingEvent.ACCEPTED)
    with pytest.raises(Conflict, match="this is final"):
        FILINGS.after(FilingState.WITHDRAWN, FilingEvent.ACCEPTED)


def test_nobody_approves_what_they_asked_for() -> None:
    later = datetime(2026, 6, 2, tzinfo=UTC)
    query = LawfulQuery(
        "Q", "station", "No. 1", "law", "case", "B1-0201", "one", later, 10
    )
    assert [query.may_approve(who) for who in ("one", "two")] == [False, True]
    over = replace(query, state=QueryState.DENIED)
    assert not over.may_approve("two")
    assert "B1-0201" not in repr(query)
