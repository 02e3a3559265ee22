"""The rules of doors: replaced whole, never lost, and told to gateways as one book."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from controller.door_rules import DoorRules, RuleBook
from controller.uplink.messages import DoorRuleBook, RulesRequest
from controller.vocabulary import DoorId, Revision
from registry.audit.trail import Action, Deed, record
from registry.domain.door_behaviour import Behaviour, Rule, behaviour, unkept
from registry.domain.errors import Conflict, Fault, FieldError, Invalid, NotFound
from registry.domain.hardware import Delivery, DoorStatus
from registry.domain.policy import Policy
from registry.domain.registration import unknown
from registry.domain.responsibility import Responsible
from registry.domain.rules_document import Document, read_rules, written
from registry.persistence.door_rules import StoredRules
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.special_days import SpecialDays

MOST_VERSIONS = 10
"""How many versions of a door's rules are told of."""


@dataclass(frozen=True, slots=True)
class DoorView:
    """A door, the rules it should keep, and how far they have come.

    `versions` holds who made them and those before them, the newest first. `unkept`
    names the rules in use that its hardware does not keep, and `without_pin` counts
    the cards that have a permit and lack the PIN the door asks for.
    """

    status: DoorStatus
    rules: DoorRules
    revision: int
    delivery: Delivery
    behaviour: Behaviour
    unkept: tuple[Rule, ...]
    without_pin: int
    versions: tuple[StoredRules, ...]


class DoorRuleService:
    """Keeps what every door is asked for beyond permits."""

    def __init__(
        self, days: SpecialDays, policy: Policy, clock: Callable[[], datetime]
    ) -> None:
        """Read hours in the policy's time zone."""
        self._days = days
        self._zone = policy.zone.key
        self._clock = clock

    def of_door(self, uow: UnitOfWork, door: str) -> DoorView:
        """Return a door with its rules."""
        status = _status(uow, door)
        versions = tuple(uow.rule_books.newest(door, MOST_VERSIONS))
        rules = self.read(versions[0]) if versions else DoorRules(DoorId(door))
        revision = versions[0].revision if versions else 0
        return DoorView(
            status=status,
            rules=rules,
            revision=revision,
            delivery=uow.rule_books.delivery(status.gateway).delivery(revision),
            behaviour=behaviour(rules, self._clock(), self._days.in_books(uow)),
            unkept=unkept(status.protocol, rules),
            without_pin=_without_pin(uow, rules),
            versions=versions,
        )

    def read(self, stored: StoredRules) -> DoorRules:
        """Return stored rules as the language has them."""
        return read_rules(DoorId(stored.door), stored.document, self._zone)

    def replace(
        self,
        uow: UnitOfWork,
        door: str,
        document: Document,
        responsible: Responsible,
        replaces: int | None = None,
    ) -> DoorView:
        """Put other rules in force at a door; the same ones change nothing.

        Raises Invalid with every fault, and Conflict where `replaces` is given and
        is not the revision of the rules in force: somebody else was faster.
        """
        status = _status(uow, door)
        rules = read_rules(DoorId(door), document, self._zone)
        errors = _register_errors(uow, status, rules)
        if errors:
            raise Invalid(errors)
        newest = uow.rule_books.newest(door, 1)
        if replaces not in {None, newest[0].revision if newest else 0}:
            raise Conflict(f"the rules of {door!r} have been changed meanwhile")
        before = newest[0].document if newest else written(DoorRules(DoorId(door)))
        if before != written(rules):
            self._put(uow, status, rules, responsible)
        return self.of_door(uow, door)

    def _put(
        self,
        uow: UnitOfWork,
        status: DoorStatus,
        rules: DoorRules,
        responsible: Responsible,
    ) -> None:
        now = self._clock()
        self._days.refresh(uow)
        uow.rule_books.rise([status.gateway])
        stored = StoredRules(
            number=0,
            door=status.door.id,
            revision=uow.rule_books.delivery(status.gateway).wanted,
            document=written(rules),
            changed_at=now,
            changed_by=responsible.by,
            reason=responsible.reason,
        )
        uow.rule_books.add(stored)
        deed = Deed(
            responsible.signature,
            Action.DOOR_RULES_CHANGED,
            f"door:{status.door.id}",
            responsible.reason,
        )
        record(uow, [deed], now)

    def book(self, uow: UnitOfWork, gateway: str) -> RuleBook:
        """Return everything a gateway is to know of its doors' rules.

        PINs are told where a door asks for one, and of cards that may open it.
        """
        doors = [door.id for door in uow.hardware.doors_of_gateway(gateway)]
        rules = tuple(self.read(each) for each in uow.rule_books.in_force(doors))
        asking = [each.door for each in rules if each.pin is not None]
        return RuleBook(
            Revision(uow.rule_books.delivery(gateway).wanted),
            rules,
            self._days.in_books(uow),
            tuple(uow.rule_books.pins_at(asking)),
        )

    def answer(self, uow: UnitOfWork, asked: RulesRequest) -> DoorRuleBook:
        """Return a gateway's book, or an empty one of the revision it has already."""
        wanted = uow.rule_books.delivery(asked.gateway).wanted
        same = wanted == asked.after
        book = RuleBook(asked.after) if same else self.book(uow, asked.gateway)
        return DoorRuleBook(asked.gateway, book)

    def is_news(self, uow: UnitOfWork, asked: RulesRequest) -> bool:
        """Say whether a gateway has said for the first time what it works by."""
        known = uow.rule_books.delivery(asked.gateway)
        return known.held != asked.after <= known.wanted

    def held(self, uow: UnitOfWork, asked: RulesRequest) -> None:
        """Keep what a gateway says it works by."""
        uow.rule_books.held(asked.gateway, asked.after, self._clock())

    def pushed(self, uow: UnitOfWork, told: DoorRuleBook) -> None:
        """Note that a gateway was handed a book."""
        uow.rule_books.pushed(told.gateway, told.book.revision, self._clock())


def _status(uow: UnitOfWork, door: str) -> DoorStatus:
    status = uow.hardware.status(door)
    if status is None:
        raise NotFound(f"there is no door {door!r}")
    return status


def _without_pin(uow: UnitOfWork, rules: DoorRules) -> int:
    return 0 if rules.pin is None else uow.rule_books.cards_without_pin(rules.door)


def _register_errors(
    uow: UnitOfWork, status: DoorStatus, rules: DoorRules
) -> list[FieldError]:
    """Say what contradicts the register."""
    errors = list(_interlock_errors(uow, status, rules))
    if rules.first_card is not None:
        for card in sorted(rules.first_card.holders):
            if uow.credentials.live(card.value) is None:
                errors.append(
                    unknown("first_card.holders", f"card {card}", "name cards in use")
                )
                break
    return errors


def _interlock_errors(
    uow: UnitOfWork, status: DoorStatus, rules: DoorRules
) -> Iterable[FieldError]:
    gateways = uow.hardware.gateways_of_doors() if rules.interlock else {}
    for door in rules.interlock:
        if door not in gateways:
            yield unknown("interlock", f"door {door!r}", "name doors on record")
        elif gateways[door] != status.gateway:
            yield FieldError(
                "interlock",
                Fault.CONTRADICTION,
                f"door {door!r} is not at the same gateway",
                "name doors of the same gateway: no other knows how they stand",
            )
