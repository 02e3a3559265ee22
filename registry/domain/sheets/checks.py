"""Holding rows against the register and against the rows before them in the file."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from registry.domain.errors import Fault
from registry.domain.parties import fresh_id
from registry.domain.registration import overlapping
from registry.domain.sheets.faults import CellFault, Line
from registry.domain.sheets.kinds import (
    ROOM_REMEDY,
    UNIT_REMEDY,
    CardDraft,
    Draft,
    LandlordDraft,
    OccupantDraft,
    SheetKind,
    Telling,
    TenancyDraft,
    UnitDraft,
    column_of,
)
from registry.domain.sheets.known import Known, code_of, person_column, person_of, touch
from registry.domain.sheets.words import NONES
from registry.domain.tenancy import Tenancy

PARTY_ID = re.compile(r"P-[0-9a-f]{16}")
TENANCY_ID = re.compile(r"T[\w.-]{0,63}")
OUT = "take the row out, or correct it"
FIRST = "end that one first, or choose other dates"
Stay = tuple[str, date | None, date | None]
"""Who, from when, until when."""


@dataclass(slots=True)
class Context:
    """What one row is held against; it remembers the rows that were accepted.

    `codes` says who is meant by a code of the file's own and grows as rows come.
    """

    known: Known
    codes: dict[str, str] = field(default_factory=dict, repr=False)
    names: dict[str, str] = field(default_factory=dict, repr=False)
    seen: dict[tuple[object, ...], int] = field(default_factory=dict, repr=False)
    lets: dict[str, list[Tenancy]] = field(default_factory=lambda: defaultdict(list))
    stays: dict[str, list[Stay]] = field(default_factory=lambda: defaultdict(list))

    def twice(self, line: Line, column: str, *key: object) -> list[CellFault]:
        """Return a fault when an earlier row has the same in this column."""
        first = self.seen.setdefault((column, *key), line.row)
        if first == line.row:
            return []
        message = f"row {first} has the same"
        return [line.fault(column, Fault.TAKEN, message, OUT)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A draft with its references resolved and whom it tells of, or its faults."""

    draft: Draft
    party: str | None = None
    faults: tuple[CellFault, ...] = ()


def check(
    kind: SheetKind, context: Context, line: Line, draft: Draft, party: str | None
) -> Outcome:
    """Hold a draft against the register; `party` is whom it was found to tell of."""
    return CHECKS[kind](context, line, draft, party)


def _unit(
    context: Context, line: Line, draft: UnitDraft, _party: str | None
) -> Outcome:
    code, known, faults = code_of(draft), context.known, []
    if draft.building not in known.buildings:
        remedy = column_of(SheetKind.UNITS, "building").remedy
        faults.append(line.unknown("building", "the building", remedy))
    if code in known.units:
        place = "number" if draft.unit is None else "unit"
        faults.append(_taken(line, place, "a unit of this code is on record"))
    elif (draft.building, draft.number) in known.numbers:
        faults.append(_taken(line, "number", "the building has a unit of this number"))
    faults += context.twice(line, "number", draft.building, draft.number)
    if not faults:
        faults += context.twice(line, "unit", code)
    return Outcome(replace(draft, unit=code), None, tuple(faults))


def _landlord(
    context: Context, line: Line, draft: LandlordDraft, given: str | None
) -> Outcome:
    party, faults = _who(context, line, draft, given)
    if draft.unit not in context.known.units:
        faults.append(line.unknown("unit", "the unit", UNIT_REMEDY))
    rights = context.known.rights.get(draft.unit, ())
    stays = [(right.party, right.start, right.end) for right in rights]
    if not faults:
        faults += _already(context, line, draft, party, stays)
    return Outcome(draft, party, tuple(faults))


def _occupant(
    context: Context, line: Line, draft: OccupantDraft, given: str | None
) -> Outcome:
    party, faults = _who(context, line, draft, given)
    faults += _place(context, line, draft.unit, draft.room)
    if draft.room is not None:
        draft = replace(draft, room=context.known.room(draft.unit, draft.room))
    tenancy, unknown = _tenancy_of(context, line, draft)
    faults += unknown
    draft = replace(draft, tenancy=None if tenancy is None else tenancy.id)
    if tenancy is not None and draft.end is None:
        # Who lives there by a tenancy is not on record beyond it.
        draft = replace(draft, end=tenancy.until)
    living = context.known.occupancies.get(draft.unit, ())
    stays = [(stay.party, stay.start, stay.end) for stay in living]
    if not faults:
        faults += _already(context, line, draft, party, stays)
    return Outcome(draft, party, tuple(faults))


def _tenancy(
    context: Context, line: Line, draft: TenancyDraft, given: str | None
) -> Outcome:
    faults = _place(context, line, draft.unit, draft.room)
    if draft.room is not None:
        draft = replace(draft, room=context.known.room(draft.unit, draft.room))
    if draft.landlord is not None:
        landlord = context.known.party(draft.landlord)
        if landlord is None:
            remedy = column_of(SheetKind.TENANCIES, "landlord").remedy
            faults.append(line.unknown("landlord", "the party", remedy))
        draft = replace(draft, landlord=landlord)
    tenant = None
    if draft.tenant is not None or draft.name is not None:
        tenant, unknown = _who(context, line, draft, given)
        faults += unknown
    faults += _id(context, line, draft) + _contract(line, draft)
    if not faults:
        faults += _overlap(context, line, draft)
    return Outcome(draft, tenant, tuple(faults))


def _card(
    context: Context, line: Line, draft: CardDraft, _party: str | None
) -> Outcome:
    party = context.known.party(draft.person)
    faults = []
    if party is None:
        remedy = column_of(SheetKind.CARDS, "person").remedy
        faults.append(line.unknown("person", "the person", remedy))
    if draft.card in context.known.cards:
        message = "somebody holds this card already"
        remedy = "cancel it for its holder first, or take another card"
        faults.append(line.fault("card", Fault.TAKEN, message, remedy))
    faults += context.twice(line, "card", draft.card)
    return Outcome(draft, party, tuple(faults))


Check = Callable[[Context, Line, Any, str | None], Outcome]
"""Takes the draft of its own kind."""
CHECKS: Mapping[SheetKind, Check] = {
    SheetKind.UNITS: _unit,
    SheetKind.LANDLORDS: _landlord,
    SheetKind.TENANCIES: _tenancy,
    SheetKind.OCCUPANTS: _occupant,
    SheetKind.CARDS: _card,
}


def _who(
    context: Context,
    line: Line,
    draft: Telling,
    given: str | None,
) -> tuple[str, list[CellFault]]:
    """Return whom a row tells of, and what is wrong with how it tells."""
    column, reference = person_column(draft), person_of(draft)
    known = context.known
    party = given or _party(context, reference)
    if party is None:
        remedy = "give a row of an import that was applied, or a party on record"
        return "", [line.unknown(column, "the party", remedy)]
    name = draft.name
    if name is None:
        if party in known.parties - known.nameless:
            return party, []
        return party, [line.missing("name", "give the name: nobody has it yet")]
    on_record = party in known.parties and party not in known.nameless
    if on_record and (party, name) not in known.agreed:
        message = "the register has another name for this party"
        remedy = "leave the name empty, or give another party"
        return party, [line.fault("name", Fault.CONTRADICTION, message, remedy)]
    if context.names.setdefault(party, name) != name:
        message = "an earlier row gives this party another name"
        remedy = "give one name for one code"
        return party, [line.fault("name", Fault.CONTRADICTION, message, remedy)]
    return party, []


def _party(context: Context, reference: str | None) -> str | None:
    """Return the party a reference means: on record, of this file, or a new one."""
    if reference is None:
        return fresh_id("P")
    found = context.known.party(reference) or context.codes.get(reference)
    if found is not None or "#" in reference:
        return found
    if PARTY_ID.fullmatch(reference):
        return reference
    return context.codes.setdefault(reference, fresh_id("P"))


def _place(
    context: Context, line: Line, unit: str, room: str | None
) -> list[CellFault]:
    if unit not in context.known.units:
        return [line.unknown("unit", "the unit", UNIT_REMEDY)]
    if room is not None and context.known.room(unit, room) is None:
        return [line.unknown("room", "the room", ROOM_REMEDY)]
    return []


def _already(
    context: Context,
    line: Line,
    draft: LandlordDraft | OccupantDraft,
    party: str,
    stays: Iterable[Stay],
) -> list[CellFault]:
    """Say that a party is there already in the same time; if not, it is from now on."""
    earlier = context.stays[draft.unit]
    if any(
        who == party and touch(draft.start, draft.end, since, until)
        for who, since, until in (*stays, *earlier)
    ):
        lets = isinstance(draft, LandlordDraft)
        message = "may let the unit" if lets else "is on record as living there"
        return [_taken(line, "start", f"this party {message} already in this time")]
    earlier.append((party, draft.start, draft.end))
    return []


def _tenancy_of(
    context: Context, line: Line, draft: OccupantDraft
) -> tuple[Tenancy | None, list[CellFault]]:
    """Return the tenancy somebody lives by: as told, or the one that fits."""
    running = context.known.tenancies.get(draft.unit, ())
    if draft.tenancy in NONES:
        return None, []
    if draft.tenancy is not None:
        for tenancy in running:
            if tenancy.id == draft.tenancy:
                return tenancy, []
        remedy = column_of(SheetKind.OCCUPANTS, "tenancy").remedy
        return None, [line.unknown("tenancy", "such a tenancy of the unit", remedy)]
    fitting = [
        tenancy
        for tenancy in running
        if draft.start is not None
        and tenancy.holds(draft.start)
        and tenancy.room in (None, draft.room)
    ]
    return (fitting[0] if len(fitting) == 1 else None), []


def _id(context: Context, line: Line, draft: TenancyDraft) -> list[CellFault]:
    if draft.tenancy is None:
        return []
    if not TENANCY_ID.fullmatch(draft.tenancy):
        message = "the id of a tenancy begins with T"
        remedy = column_of(SheetKind.TENANCIES, "tenancy").remedy
        return [line.fault("tenancy", Fault.MALFORMED, message, remedy)]
    if draft.tenancy in context.known.entities - context.known.withdrawn:
        return [_taken(line, "tenancy", "this tenancy is on record")]
    return context.twice(line, "tenancy", draft.tenancy)


def _contract(line: Line, draft: TenancyDraft) -> list[CellFault]:
    """Say what is missing where some of a contract is told."""
    told = {
        "signed_on": draft.signed_on,
        "tenant": draft.tenant or draft.name,
        "landlord": draft.landlord,
    }
    if told["signed_on"] is None and told["tenant"] is None:
        return []
    return [
        line.fault(
            column,
            Fault.MISSING,
            "a contract has two parties and a day of signing, and this is not given",
            "give it, or leave both the tenant and the day of signing empty",
        )
        for column, value in told.items()
        if value is None
    ]


def _overlap(context: Context, line: Line, draft: TenancyDraft) -> list[CellFault]:
    earlier = context.lets[draft.unit]
    others = [*context.known.tenancies.get(draft.unit, ()), *earlier]
    other = overlapping(others, draft.room, draft.start, draft.end or date.max)
    if other is not None:
        message = f"it is let already {other.term}"
        return [line.fault("start", Fault.CONTRADICTION, message, FIRST)]
    earlier.append(
        Tenancy("", draft.unit, draft.room, None, draft.start, draft.end),
    )
    return []


def _taken(line: Line, column: str, message: str) -> CellFault:
    return line.fault(column, Fault.TAKEN, message, OUT)
