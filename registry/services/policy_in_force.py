"""The policy as a transaction sees it, whichever process recorded what is in it."""

from registry.domain.policy import Policy
from registry.domain.policy.seeded import seeded
from registry.persistence.unit_of_work import UnitOfWork


def on_record(uow: UnitOfWork, policy: Policy) -> Policy:
    """Return the policy on record, and let the one that services share follow it.

    The shared one may be an edition behind until somebody asks here: whoever decides
    something lasting asks. Call it once the transaction has begun to work: where it is
    the first statement, it takes the lock of a writer.
    """
    book, edition = policy.book, uow.policy_values.edition()
    if book.edition != edition:
        recorded = [each.value for each in uow.policy_values.every()]
        book = seeded().added(recorded, edition)
        policy.take(book)
    return policy.by(book)
