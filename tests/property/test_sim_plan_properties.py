from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.hardware import BOARD_SIZES, Network, Site, wire_up
from firmware_sim.plan import Size, plan_street
from firmware_sim.street import Protocol, UnitUse

TODAY = date(2026, 3, 1)
SITE = Site("127.0.0.1:1883", 60000, 60001)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(1, 300),
    st.integers(1, 200).flatmap(
        lambda doors: st.tuples(st.just(doors), st.integers(0, doors))
    ),
)
def test_streets_of_any_size_are_whole(
    seed: int, residents: int, fittings: tuple[int, int]
) -> None:
    doors, readers = fittings
    street = plan_street(seed, Size(residents, doors, readers), TODAY)
    parties = {party.code for party in street.parties}
    units = {unit.code: unit for unit in street.units}
    living = [residence.party for residence in street.residences]
    living += [person for t in street.tenancies for person in t.occupants]
    assert len(living) == len(set(living)) == residents
    assert sorted(c.party for c in street.credentials) == sorted(living)
    assert set(living) | {t.landlord for t in street.tenancies} == parties
    occupied = {r.unit for r in street.residences} | {t.unit for t in street.tenancies}
    assert occupied <= units.keys()
    vacant = {code for code, unit in units.items() if unit.use is UnitUse.VACANT}
    assert not vacant & occupied
    assert len(street.doors) == doors
    assert len({door.controller for door in street.doors}) == doors
    assert sum(c.protocol is Protocol.OSDP for c in street.controllers) == readers

    hardware = wire_up(street, SITE)
    hung = [reader for bus in hardware.buses for reader in bus.readers]
    relays = [door for board in hardware.boards for door in board.doors]
    everything = (*hung, *hardware.locks, *relays, *hardware.esps)
    assert sorted(fitting.id for fitting in everything) == sorted(
        controller.id for controller in street.controllers
    )
    assert len(hung) == readers
    assert len({board.serial for board in hardware.boards}) == len(hardware.boards)
    by_tcp = [b for b in hardware.boards if b.network is Network.TCP]
    assert len(by_tcp) == (len(hardware.boards) > 1), "a line over TCP has one board"
    for board in hardware.boards:
        numbers = [door.address for door in board.doors]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) <= board.size
        assert board.size in BOARD_SIZES
        assert str(board.serial)[0] == str(board.size)
    for bus in hardware.buses:
        assert [r.address for r in bus.readers] == list(range(len(bus.readers)))
        assert 1 <= len(bus.readers) <= 4
