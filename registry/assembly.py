"""The services of a registry, put together on an installation."""

from collections.abc import Callable
from datetime import UTC, datetime

from registry.domain.policy import Policy
from registry.services.access import AccessService
from registry.services.addresses import AddressService
from registry.services.alarms import AlarmService
from registry.services.card_pins import CardPins
from registry.services.changes import Changes
from registry.services.commissioning import Commissioning
from registry.services.deadlines import Deadlines
from registry.services.door_rules import DoorRuleService
from registry.services.exchange import ExchangeService
from registry.services.gateways import Gateways
from registry.services.house_truth import HouseTruths
from registry.services.housing import Housing
from registry.services.identity import Identity
from registry.services.ingest import Ingest
from registry.services.installation import Installation
from registry.services.orders import OrderService
from registry.services.passage_months import PassageMonths
from registry.services.permits import PermitService
from registry.services.policies import Policies
from registry.services.registration import Registration
from registry.services.registry_services import Services
from registry.services.retirement import Retirement
from registry.services.seeding import Seeding
from registry.services.special_days import SpecialDays
from registry.services.timeline import Timelines
from registry.settings import Settings

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def build_services(settings: Settings, clock: Clock = now) -> Services:
    """Put the services together on an installation."""
    installation = Installation(settings)
    policy = Policy(clock=clock)
    store = installation.store()
    identity = Identity(
        installation.vault_key(), installation.index_key(), policy, clock
    )
    permits = PermitService(policy, clock)
    access = AccessService(clock)
    alarms = AlarmService(policy, clock)
    truths = HouseTruths(policy, clock)
    orders = OrderService(policy, clock)
    days = SpecialDays(policy, clock)
    gateways = Gateways(clock)
    policies = Policies(policy, permits, clock)
    with store.reading() as uow:
        policies.refresh(uow)
    return Services(
        store=store,
        policy=policy,
        clock=clock,
        signer=installation.signer(),
        access=access,
        addresses=AddressService(policy, clock),
        alarms=alarms,
        card_pins=CardPins(clock),
        changes=Changes(store, settings.poll_seconds),
        commissioning=Commissioning(gateways, clock),
        deadlines=Deadlines(policy, clock),
        door_rules=DoorRuleService(days, policy, clock),
        exchange=ExchangeService(
            identity,
            policy,
            installation.exchange_key(),
            clock,
            enabled=settings.exchange,
        ),
        gateways=gateways,
        house_truths=truths,
        housing=Housing(permits, policy, clock),
        identity=identity,
        ingest=Ingest(policy, alarms, clock),
        orders=orders,
        permits=permits,
        policies=policies,
        retirement=Retirement(
            store,
            (
                policies.refresh,
                PassageMonths(clock).make,
                permits.retire,
                days.refresh,
                alarms.forget,
                orders.forget,
                access.forget,
                truths.count,
            ),
        ),
        registration=Registration(identity, permits, clock),
        seeding=Seeding(identity, permits, clock),
        special_days=days,
        timelines=Timelines(policy, clock),
    )
