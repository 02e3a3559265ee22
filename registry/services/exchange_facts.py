"""Gathers the records of a table; the vault is opened only for fields that go out."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from registry.domain.addresses import CodeScheme
from registry.domain.deadlines.arithmetic import start_of
from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.exchange.mapping import Facts
from registry.domain.exchange.plan import Plan
from registry.domain.exchange.stand_ins import StandIns
from registry.domain.exchange.tables import ExportType
from registry.domain.external_filing import ExternalKind, ExternalState
from registry.domain.filing import LIVE, LettingMode, RentalFiling
from registry.domain.hardware import Door
from registry.domain.identifiers.kinds import Verification
from registry.domain.occupancy import Basis, Occupancy, OccupancyState
from registry.domain.places import Building, Unit
from registry.persistence.lettings import ExternalFilingRow, FilingRow
from registry.persistence.tenancies import OccupancyRow
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.identity import Identity

Values = Mapping[str, str | None]
MOST_EVENTS = 50_000
"""How many events one file holds at most; more days are more files."""
SURE = frozenset(
    {OccupancyState.CONFIRMED, OccupancyState.LEAVE_DECLARED, OccupancyState.ENDED}
)
"""What both sides or the street stand for: a claim of one side is nobody's business."""
PERSON = ("XM", "ZJLX", "ZJHM", "LXDH", "LXDH1", "LXDH2")
NOBODY: Values = {}


@dataclass(frozen=True, slots=True)
class Asking:
    """For whom records are gathered, of which days, and where names are asked."""

    uow: UnitOfWork
    plan: Plan
    identity: Identity
    stand_ins: StandIns
    zone: ZoneInfo
    today: date
    first: date
    until: date
    actor: str
    reason: str

    def persons(self, parties: Iterable[str]) -> Mapping[str, Values]:
        """Return what goes out of persons; each look leaves an entry."""
        wanted = sorted(set(parties)) if self.plan.takes(*PERSON) else []
        names: Mapping[str, str] = {}
        if self.plan.takes("XM"):
            names = self.identity.reveal(self.uow, wanted, self.actor, self.reason)
        papers = self.plan.takes(*PERSON[1:])
        return {
            party: {"XM": names.get(party)}
            | (dict(self._papers(party)) if papers else {})
            for party in wanted
        }

    def _papers(self, party: str) -> Iterator[tuple[str, str]]:
        found = self.identity.papers(self.uow, party, self.actor, self.reason)
        levels = list(Verification)
        shown = [each for each in found.documents if each.number is not None]
        shown.sort(key=lambda each: levels.index(each.verification))
        if shown:
            yield "ZJLX", shown[-1].kind
            yield "ZJHM", shown[-1].number or ""
        for name, telephone in zip(("LXDH1", "LXDH2"), found.telephones, strict=False):
            yield name, telephone.number
        if found.telephones:
            yield "LXDH", found.telephones[0].number


class Places:
    """Buildings, units and their codes in other registers on a day."""

    def __init__(self, uow: UnitOfWork, day: date) -> None:
        """Read them all: a street has some thousand."""
        self.buildings = {b.code: b for b in uow.houses.buildings()}
        self.units = {u.code: u for u in uow.houses.units(self.buildings)}
        self._codes = {
            scheme: {
                code.place: code.value
                for code in uow.addresses.codes_of_scheme(scheme)
                if code.valid.holds(day)
            }
            for scheme in (
                CodeScheme.HOUSE,
                CodeScheme.TITLE,
                CodeScheme.STANDARD_ADDRESS,
            )
        }

    def building(self, building: str) -> Values:
        """Return what tables say of a building."""
        found: Building = self.buildings[building]
        return {
            "FWDZ": found.address,
            "CZWMC": found.name,
            "FWBH": self._codes[CodeScheme.HOUSE].get(building),
        }

    def unit(self, unit: str) -> Values:
        """Return what tables say of a unit."""
        found: Unit = self.units[unit]
        of_building = self.building(found.building)
        own = self._codes[CodeScheme.HOUSE].get(unit)
        return {
            "FWDZ": f"{of_building['FWDZ']} {found.number}",
            "CZWMC": of_building["CZWMC"],
            "FJBH": found.number,
            "FWBH": own or of_building["FWBH"],
            "FWCQZH": self._codes[CodeScheme.TITLE].get(unit),
            "BZBH": self._codes[CodeScheme.STANDARD_ADDRESS].get(unit),
        }


def gather(asking: Asking) -> list[Facts]:
    """Return the records of the table that is asked for, in a steady order."""
    return list(GATHERERS[asking.plan.type](asking, Places(asking.uow, asking.today)))


def _occupants(asking: Asking, places: Places) -> Iterator[Facts]:
    row = OccupancyRow
    stays = [
        stay
        for stay in asking.uow.occupancies.find(row.state.in_(SURE))
        if stay.basis is not Basis.GUEST and _within(stay, asking)
    ]
    persons = asking.persons(stay.party for stay in stays)
    filings = {f.unit: f for f in asking.uow.filings.find(FilingRow.state.in_(LIVE))}
    registered = _registered(asking.uow)
    for stay in stays:
        left = not stay.holds(asking.today)
        filing = filings.get(stay.unit)
        values = {
            **places.unit(stay.unit),
            **persons.get(stay.party, NOBODY),
            "JZFS": _way_of_living(stay, filing),
            "RZSJ": _day(stay.start),
            "RZZT": "left" if left else "in",
            "GXRQ": _day(asking.today),
            "SFJZDJ": registered.get(stay.id),
            "BH": stay.id,
        }
        stand_in = asking.stand_ins.of("occupancy", stay.id, asking.today)
        yield Facts(stay.id, values, stand_in)


def _houses(asking: Asking, places: Places) -> Iterator[Facts]:
    for filing in asking.uow.filings.find(FilingRow.state.in_(LIVE)):
        filed = filing.accepted_on or filing.submitted_on
        values = {**places.unit(filing.unit), "CJSJ": _day(filed)}
        yield Facts(filing.unit, values, "")


def _authorisations(asking: Asking, places: Places) -> Iterator[Facts]:
    permits = sorted(
        (each.permit for each in asking.uow.permits.every()), key=lambda p: p.id
    )
    cards = {permit.card.value for permit in permits}
    held = {
        credential.card: credential
        for credential in asking.uow.credentials.of_cards(cards)
        if credential.ended_at is None
    }
    persons = asking.persons(credential.party for credential in held.values())
    doors = _doors(asking.uow)
    for permit in permits:
        door, credential = doors.get(permit.door), held.get(permit.card.value)
        if door is None or credential is None:
            continue
        values = {
            **places.building(door.building),
            **persons.get(credential.party, NOBODY),
            "XXZJBH": door.id,
            "XPXLH": str(credential.card),
            "SQRQ": _day(credential.issued_at.astimezone(asking.zone).date()),
            "SQ_QX": _day(permit.validity.end.astimezone(asking.zone).date()),
        }
        binding = _binding(asking, credential.id, asking.today)
        yield Facts(f"credential:{credential.id}", values, binding)


def _events(asking: Asking, places: Places) -> Iterator[Facts]:
    since, until = (start_of(d, asking.zone) for d in (asking.first, asking.until))
    passages = asking.uow.passages.held_between(since, until, MOST_EVENTS + 1)
    if len(passages) > MOST_EVENTS:
        message = f"these days have more than {MOST_EVENTS} events"
        remedy = "ask for fewer days"
        raise Invalid([FieldError("until", Fault.CONTRADICTION, message, remedy)])
    persons = asking.persons(p.party for p in passages if p.party is not None)
    doors = _doors(asking.uow)
    for passage in passages:
        door = doors.get(passage.door)
        if door is None:
            continue
        at = passage.at.astimezone(asking.zone)
        values = {
            **places.building(door.building),
            **persons.get(passage.party or "", NOBODY),
            "XXZJBH": door.id,
            "XPXLH": None if passage.card is None else str(passage.card),
            "SJLXDM": passage.direction,
            "MDMC": door.name,
            "SKSJ": f"{at:%Y%m%d%H%M%S}",
        }
        binding = _binding(asking, passage.credential, at.date())
        yield Facts(f"passage:{passage.number}", values, binding)


GATHERERS: Mapping[ExportType, Callable[[Asking, Places], Iterator[Facts]]] = {
    ExportType.OCCUPANTS: _occupants,
    ExportType.HOUSES: _houses,
    ExportType.AUTHORISATIONS: _authorisations,
    ExportType.EVENTS: _events,
}


def last_day(until: date) -> date:
    """Return the last day before an end that is exclusive."""
    return until - timedelta(days=1)


def _within(stay: Occupancy, asking: Asking) -> bool:
    """Say whether somebody lives there today or left in the days asked for."""
    if stay.holds(asking.today):
        return True
    return stay.end is not None and asking.first <= stay.end < asking.until


def _way_of_living(stay: Occupancy, filing: RentalFiling | None) -> str | None:
    if filing is not None and filing.mode is LettingMode.COLLECTIVE:
        return "collective"
    return "family" if stay.basis is Basis.FAMILY else None


def _registered(uow: UnitOfWork) -> Mapping[str, str]:
    """Return the stays whose registration an office granted or refused, by receipt."""
    words = {ExternalState.GRANTED: "yes", ExternalState.REFUSED: "no"}
    row = ExternalFilingRow
    decided = uow.external_filings.find(
        row.kind == ExternalKind.RESIDENCE_REGISTRATION, row.state.in_(list(words))
    )
    return {each.occupancy: words[each.state] for each in decided if each.occupancy}


def _doors(uow: UnitOfWork) -> Mapping[str, Door]:
    return {door.id: door for door in uow.hardware.doors()}


def _binding(asking: Asking, credential: int | None, day: date) -> str:
    return asking.stand_ins.of("credential", str(credential), day)


def _day(day: date | datetime | None) -> str | None:
    return None if day is None else f"{day:%Y%m%d}"
