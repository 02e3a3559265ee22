"""The papers of a synthetic street: rights, contracts, receipts of other offices."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from registry.domain.external_filing import ExternalFiling, ExternalKind, ExternalState
from registry.domain.rights import Contract, RightBasis, RightToLet
from registry.domain.tenancy import Tenancy
from registry.synthetic.planted import Making

UNFILED, PENDING = 0.04, 0.02
"""Shares of tenancies without a receipt, and with one that waits for its answer."""
OUTLASTING = 0.01
"""Share of subleases, each beyond its head lease."""
PROMPT = timedelta(days=21)
DECADE = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Papers:
    """What is added beside tenancies."""

    rights: tuple[RightToLet, ...]
    contracts: tuple[Contract, ...]
    receipts: tuple[ExternalFiling, ...]


def write(lettings: Iterable[tuple[Tenancy, str]], making: Making) -> Papers:
    """Write the papers of tenancies, each given with its first occupant."""
    rights: dict[tuple[str, str], RightToLet] = {}
    contracts, receipts = [], []
    for tenancy, tenant in lettings:
        landlord = tenancy.landlord
        if landlord is None:
            continue
        right = _right(tenancy, landlord)
        rights.setdefault((tenancy.unit, landlord), right)
        contracts += _contracts(tenancy, landlord, tenant, making)
        receipts += _receipts(tenancy, making)
    return Papers(tuple(rights.values()), tuple(contracts), tuple(receipts))


def _right(tenancy: Tenancy, landlord: str) -> RightToLet:
    return RightToLet(
        f"{tenancy.unit}.{landlord}.right",
        landlord,
        tenancy.unit,
        RightBasis.TITLE,
        tenancy.start - DECADE,
    )


def _contracts(
    tenancy: Tenancy, landlord: str, tenant: str, making: Making
) -> list[Contract]:
    luck = making.luck
    signed = tenancy.start - timedelta(days=luck.randint(1, 20))
    contract = Contract(
        f"{tenancy.id}.contract",
        tenancy.unit,
        landlord,
        tenant,
        tenancy.start,
        tenancy.end,
        signed,
    )
    if luck.random() >= OUTLASTING or tenancy.end is None:
        return [contract]
    making.planted.real["H12"].add(tenancy.unit)
    head = Contract(
        f"{tenancy.id}.head",
        tenancy.unit,
        landlord,
        landlord,
        tenancy.start - DECADE,
        tenancy.end - timedelta(days=60),
        signed - DECADE,
    )
    return [
        head,
        Contract(
            contract.id,
            contract.unit,
            landlord,
            tenant,
            contract.start,
            contract.end,
            signed,
            head.id,
        ),
    ]


def _receipts(tenancy: Tenancy, making: Making) -> list[ExternalFiling]:
    today, planted = making.today, making.planted
    chance = making.luck.random()
    late = tenancy.start < today - timedelta(days=30)
    if chance < UNFILED:
        if late and tenancy.holds(today):
            planted.real["H2"].add(tenancy.unit)
        return []
    waits = chance < UNFILED + PENDING
    if waits and late:
        planted.innocent["H2"].add(tenancy.unit)
    return [
        ExternalFiling(
            f"{tenancy.id}.filing",
            ExternalKind.CONTRACT_FILING,
            tenancy.unit,
            ExternalState.SUBMITTED if waits else ExternalState.GRANTED,
            tenancy=tenancy.id,
            office="示例窗口",
            receipt=f"SYN-{tenancy.id}",
            on=min(today, tenancy.start + PROMPT),
        )
    ]
