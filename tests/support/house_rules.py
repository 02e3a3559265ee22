"""A let unit in order, and the policy of a day, for rules to be asked about."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from registry.domain.filing import FilingState, LettingMode, RentalFiling
from registry.domain.house_rules import RULES
from registry.domain.house_rules.inputs import DoorCondition, HeldCard, HouseInputs
from registry.domain.house_rules.rule import Limits, RuleId, Signal, ask
from registry.domain.occupancy import Basis, Occupancy
from registry.domain.places import Unit, UnitUse
from registry.domain.policy.keys import Key
from registry.domain.policy.seeded import seeded
from registry.domain.rights import Contract, RightBasis, RightToLet
from registry.domain.tenancy import Tenancy

TODAY = date(2026, 6, 1)
DAY = timedelta(days=1)
LONG_AGO = date(2026, 1, 1)
RIGHT = RightToLet("R", "L", "U", RightBasis.TITLE, date(2020, 1, 1))
FILING = RentalFiling("F", "U", "L", LettingMode.WHOLE, FilingState.ACCEPTED)
CONTRACT = Contract("C", "U", "L", "P", LONG_AGO, date(2027, 1, 1), LONG_AGO)
TENANCY = Tenancy("T", "U", None, "L", LONG_AGO, date(2027, 1, 1), contract="C")
STAY = Occupancy("O", "P", "U", "B", Basis.TENANT, LONG_AGO, tenancy="T")
CARD = HeldCard(1, "P", LONG_AGO)
SOUND = {"front": DoorCondition(grid="G1")}
WHOLE = HouseInputs(
    Unit("U", "B", "0101", 1, UnitUse.RENTAL, 40.0),
    TODAY,
    rights=(RIGHT,),
    filings=(FILING,),
    contracts=(CONTRACT,),
    tenancies=(TENANCY,),
    occupancies=(STAY,),
    cards=(CARD,),
    doors=SOUND,
)


def limits() -> Limits:
    """Return the policy of the day, with the limits on heads in force."""
    known = {key: seeded().known(key, TODAY) for key in Key}
    there = {key: value for key, value in known.items() if value is not None}
    for key in (Key.MIN_AREA_PER_PERSON, Key.MAX_PER_ROOM):
        there[key] = replace(there[key], enforced=True)
    return Limits(there)


def signal(rule: RuleId, **changes: Any) -> Signal | None:  # noqa: ANN401 - fields of several types
    """Ask a rule about the unit in order, with changes."""
    return ask(RULES[rule], replace(WHOLE, **changes), limits())
