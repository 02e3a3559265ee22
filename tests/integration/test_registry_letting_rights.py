"""Rights, delegations and contracts: who may record, grant and see them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from registry.domain.errors import Conflict, Fault, Forbidden, Invalid, NotFound
from registry.domain.letting_forms import NewContract
from registry.domain.principals import Principal, Role
from registry.domain.rights import Power, RightBasis
from registry.persistence.audit_entries import AuditEntries
from registry.services.lookups import Slice
from registry.services.registry_services import Services
from registry.services.scopes import own_units
from tests.support.letting import (
    CLERK,
    FREE,
    LAST_YEAR,
    NEXT_YEAR,
    OFFICER,
    OTHER,
    TODAY,
    Letting,
    landlord,
    letting,
    powers,
    right,
    tenant,
)

DAY = timedelta(days=1)
L1, L2, L3 = (landlord(party) for party in ("L1", "L2", "L3"))
NEIGHBOUR = Principal(Role.CLERK, "neighbour", area="G002")


@pytest.fixture
def let(tmp_path: Path) -> Iterator[Letting]:
    with letting(tmp_path) as ready:
        yield ready


@pytest.fixture
def services(let: Letting) -> Services:
    return let.bench.services


def fields(error: Invalid) -> dict[str, Fault]:
    assert all(e.message and e.remedy for e in error.fields)
    return {e.field: e.fault for e in error.fields}


def actions(let: Letting, subject: str) -> list[str]:
    with let.reading() as uow:
        return [e.action for e in AuditEntries(uow.session).of_subject(subject)]


def test_a_right_is_recorded_by_the_street_and_opens_the_unit(
    let: Letting, services: Services
) -> None:
    with pytest.raises(Forbidden), let.writing() as uow:
        services.rights.record(uow, L2, right("L2"))
    with let.writing() as uow:
        assert FREE not in own_units(uow, L2, TODAY)
        held = services.rights.record(uow, CLERK, right("L2", end=NEXT_YEAR))
        assert FREE in own_units(uow, L2, TODAY)
    assert actions(let, f"right:{held.id}") == ["right_recorded"]


@pytest.mark.parametrize("who", [OFFICER, CLERK])
def test_every_fault_of_a_right_at_once(
    let: Letting, services: Services, who: Principal
) -> None:
    bad = replace(right("nobody"), end=LAST_YEAR, evidence="scan.pdf")
    if who is CLERK:
        bad = replace(bad, unit="nowhere")
    with pytest.raises(Invalid) as told, let.writing() as uow:
        services.rights.record(uow, who, bad)
    assert fields(told.value) == {
        "end": Fault.CONTRADICTION,
        "evidence": Fault.MALFORMED,
        "party": Fault.UNKNOWN,
        "unit": Fault.UNKNOWN,
    }


def test_the_same_right_twice_is_one_too_many(let: Letting, services: Services) -> None:
    with pytest.raises(Invalid) as told, let.writing() as uow:
        services.rights.record(uow, CLERK, right("L1", end=NEXT_YEAR))
    assert fields(told.value) == {"start": Fault.CONTRADICTION}
    with let.writing() as uow:
        other = replace(right("L1"), basis=RightBasis.MASTER_LEASE)
        services.rights.record(uow, CLERK, other)
        services.rights.record(uow, CLERK, right("L1", OTHER, LAST_YEAR + DAY))
        later = replace(right("L1", OTHER), start=LAST_YEAR + DAY)
        services.rights.record(uow, CLERK, later)


def test_a_right_ends_within_its_term_by_the_street_or_its_party(
    let: Letting, services: Services
) -> None:
    with let.writing() as uow:
        held = services.rights.record(uow, CLERK, right("L2", OTHER, NEXT_YEAR))
    for day in (LAST_YEAR - DAY, NEXT_YEAR + DAY):
        with pytest.raises(Invalid), let.writing() as uow:
            services.rights.end(uow, CLERK, held.id, day)
    with pytest.raises(NotFound), let.writing() as uow:
        services.rights.end(uow, L3, held.id, TODAY)
    with pytest.raises(NotFound), let.writing() as uow:
        services.rights.end(uow, NEIGHBOUR, held.id, TODAY)
    with let.writing() as uow:
        assert services.rights.end(uow, L2, held.id, TODAY).end == TODAY
        assert OTHER not in own_units(uow, L2, TODAY)
        assert services.rights.lookup.get(uow, L2, held.id).end == TODAY
    assert actions(let, f"right:{held.id}") == ["right_recorded", "right_ended"]


def test_a_delegate_sees_a_right_and_does_not_end_it(
    let: Letting, services: Services
) -> None:
    with let.writing() as uow:
        services.delegations.grant(uow, L1, powers("L1", "L3"))
        (seen,) = services.rights.lookup.some(uow, L3, Slice(), unit=FREE)
        (mine,) = services.rights.lookup.some(uow, L3, Slice(), party="L1")
    assert seen == mine
    with pytest.raises(Forbidden), let.writing() as uow:
        services.rights.end(uow, L3, seen.id, TODAY)


@pytest.mark.parametrize("who", [L2, L3, tenant("L1")])
def test_only_the_grantor_or_the_street_grants(
    let: Letting, services: Services, who: Principal
) -> None:
    with pytest.raises(Forbidden), let.writing() as uow:
        services.delegations.grant(uow, who, powers("L1", "L3"))


def test_nobody_grants_what_they_do_not_hold(let: Letting, services: Services) -> None:
    for wanted in (powers("L2", "L3"), powers("L2", "L3", unit=None)):
        with pytest.raises(Conflict), let.writing() as uow:
            services.delegations.grant(uow, CLERK, wanted)
    with pytest.raises(Forbidden), let.writing() as uow:
        services.delegations.grant(uow, L2, powers("L2", "L3", unit=None))
    with let.writing() as uow:
        services.delegations.grant(uow, L1, powers("L1", "L3"))
    with pytest.raises(Forbidden), let.writing() as uow:
        services.delegations.grant(uow, L3, powers("L3", "L2"))
    with pytest.raises(Forbidden), let.writing() as uow:
        services.delegations.grant(uow, L3, powers("L1", "L2"))


def test_every_fault_of_a_delegation_at_once(let: Letting, services: Services) -> None:
    bad = replace(powers("L1", "nobody", unit="nowhere"), end=TODAY)
    bad = replace(bad, powers=frozenset())
    with pytest.raises(Invalid) as told, let.writing() as uow:
        services.delegations.grant(uow, L1, bad)
    assert fields(told.value) == {
        "end": Fault.CONTRADICTION,
        "powers": Fault.MISSING,
        "delegate": Fault.UNKNOWN,
        "unit": Fault.UNKNOWN,
    }
    with pytest.raises(Invalid) as told, let.writing() as uow:
        services.delegations.grant(uow, NEIGHBOUR, powers("L1", "L3", unit=None))
    assert fields(told.value) == {"unit": Fault.MISSING}


def test_powers_end_at_once_and_once(let: Letting, services: Services) -> None:
    with let.writing() as uow:
        given = services.delegations.grant(uow, L1, powers("L1", "L3", unit=None))
        assert FREE in own_units(uow, L3, TODAY)
    for who in (L3, tenant("L3")):
        with pytest.raises(Forbidden), let.writing() as uow:
            services.delegations.revoke(uow, who, given.id)
    with pytest.raises(NotFound), let.writing() as uow:
        services.delegations.revoke(uow, L2, given.id)
    with let.writing() as uow:
        revoked = services.delegations.revoke(uow, NEIGHBOUR, given.id)
        assert not revoked.allows(Power.FILE, FREE, TODAY)
        assert FREE not in own_units(uow, L3, TODAY)
    with pytest.raises(Conflict), let.writing() as uow:
        services.delegations.revoke(uow, L1, given.id)
    assert actions(let, f"delegation:{given.id}") == [
        "delegation_granted",
        "delegation_revoked",
    ]


def test_what_has_ended_is_revoked_no_more(let: Letting, services: Services) -> None:
    with let.writing() as uow:
        given = services.delegations.grant(uow, CLERK, powers("L1", "L3"))
    let.bench.now += (NEXT_YEAR - TODAY) * 1
    with pytest.raises(Conflict), let.writing() as uow:
        services.delegations.revoke(uow, L1, given.id)


def test_both_sides_and_the_street_around_see_a_delegation(
    let: Letting, services: Services
) -> None:
    with let.writing() as uow:
        one = services.delegations.grant(uow, L1, powers("L1", "L3"))
        every = services.delegations.grant(uow, L1, powers("L1", "L2", unit=None))
        lookup = services.delegations.lookup
        seen = {
            who.name: {d.id for d in lookup.some(uow, who, Slice())}
            for who in (L1, L2, L3, CLERK, NEIGHBOUR, OFFICER, tenant("P1"))
        }
    both = {one.id, every.id}
    assert seen == {
        L1.name: both,
        L2.name: {every.id},
        L3.name: {one.id},
        "clerk": both,
        "neighbour": both,
        "officer": set(),
        "token of P1": set(),
    }


def lease(lessor: str = "L1", tenant_: str = "P1", **more: object) -> NewContract:
    good = NewContract(FREE, lessor, tenant_, TODAY, TODAY, NEXT_YEAR)
    return replace(good, **more)  # type: ignore[arg-type]


def test_a_sublease_beyond_the_head_lease_is_recorded_with_a_warning(
    let: Letting, services: Services
) -> None:
    with let.writing() as uow:
        head = services.contracts.record(uow, L1, lease(tenant_="L2", rent=250_000))
        assert head.warnings == ()
        sub = lease("L2", "P1", parent=head.contract.id, end=NEXT_YEAR + DAY)
        signed = services.contracts.record(uow, CLERK, sub)
    assert signed.warnings == ("beyond_head_lease", "no_right_on_record")
    assert (head.contract.rent, signed.contract.deposit) == (250_000, None)
    assert actions(let, f"contract:{signed.contract.id}") == ["contract_recorded"]
    with let.reading() as uow:
        assert services.contracts.warnings(uow, head.contract) == ()
        seen = {
            who.name: len(services.contracts.lookup.some(uow, who, Slice()))
            for who in (L1, L2, L3, CLERK, OFFICER, tenant("P1"), tenant("P2"))
        }
    assert list(seen.values()) == [1, 2, 0, 2, 0, 1, 0]


def test_every_fault_of_a_contract_at_once(let: Letting, services: Services) -> None:
    tomorrow = TODAY + DAY
    bad = lease("nobody", "no one", signed_on=tomorrow, parent="C-0", deposit=-1)
    with pytest.raises(Invalid) as told, let.writing() as uow:
        services.contracts.record(uow, CLERK, replace(bad, end=date(2026, 5, 1)))
    assert set(fields(told.value)) == {
        "lessor",
        "tenant",
        "signed_on",
        "parent",
        "deposit",
        "end",
    }


def test_a_head_lease_is_of_the_same_unit(let: Letting, services: Services) -> None:
    with let.writing() as uow:
        head = services.contracts.record(uow, CLERK, lease("P9", unit=OTHER))
    with pytest.raises(Invalid) as told, let.writing() as uow:
        services.contracts.record(uow, L1, lease(parent=head.contract.id))
    assert fields(told.value) == {"parent": Fault.UNKNOWN}


def test_only_the_lessor_or_who_files_for_them_records_a_contract(
    let: Letting, services: Services
) -> None:
    with let.writing() as uow:
        services.delegations.grant(uow, L1, powers("L1", "L3", Power.RECEIVE_NOTICE))
    with pytest.raises(Forbidden), let.writing() as uow:
        services.contracts.record(uow, L3, lease())
    with let.writing() as uow:
        services.delegations.grant(uow, L1, powers("L1", "L3", Power.FILE))
        services.contracts.record(uow, L3, lease())
    with pytest.raises(Invalid), let.writing() as uow:
        services.contracts.record(uow, tenant("P2"), lease("P2"))
