"""What a contract makes one look at twice; none of it makes a contract void here."""

from datetime import date
from enum import StrEnum

from registry.domain.rights import Contract


class ContractWarning(StrEnum):
    """A reason to ask the parties, not to turn them away."""

    BEYOND_HEAD_LEASE = "beyond_head_lease"
    """A sublease binds the owner for no longer than the head lease (Civil Code 717)."""
    OTHER_HEAD_TENANT = "other_head_tenant"
    """Whoever sublets is not the tenant of the head lease."""
    NO_RIGHT_ON_RECORD = "no_right_on_record"
    """The lessor has no right to let on record for the first day."""


def warnings(
    contract: Contract, head: Contract | None, *, right: bool
) -> tuple[ContractWarning, ...]:
    """Return what to look at; `right` says whether the lessor has one to let."""
    last, head_last = (
        date.max if lease is None or lease.end is None else lease.end
        for lease in (contract, head)
    )
    found = {
        ContractWarning.BEYOND_HEAD_LEASE: head is not None and last > head_last,
        ContractWarning.OTHER_HEAD_TENANT: head is not None
        and head.tenant != contract.lessor,
        ContractWarning.NO_RIGHT_ON_RECORD: not right,
    }
    return tuple(warning for warning, holds in found.items() if holds)
