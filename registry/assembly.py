"""The services of a registry, put together on an installation."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from registry.domain.policy import Policy
from registry.services.access import AccessService
from registry.services.addresses import AddressService
from registry.services.alarms import AlarmService
from registry.services.card_pins import CardPins
from registry.services.cards import CardService
from registry.services.cases import CaseService
from registry.services.changes import Changes
from registry.services.commissioning import Commissioning
from registry.services.contracts import ContractService
from registry.services.deadlines import Deadlines
from registry.services.delegations import DelegationService
from registry.services.door_rules import DoorRuleService
from registry.services.elsewhere import ElsewhereService
from registry.services.exchange import ExchangeService
from registry.services.filings import FilingService
from registry.services.gateways import Gateways
from registry.services.grants import GrantService
from registry.services.house_truth import HouseTruths
from registry.services.housing import Housing
from registry.services.identity import Identity
from registry.services.ingest import Ingest
from registry.services.installation import Installation
from registry.services.key_watch import KeyWatch
from registry.services.orders import OrderService
from registry.services.permits import PermitService
from registry.services.policies import Policies
from registry.services.registration import Registration
from registry.services.registry_services import Services
from registry.services.rights import RightService
from registry.services.seeding import Seeding
from registry.services.sheets.exports import SheetExports
from registry.services.sheets.imports import SheetImports
from registry.services.special_days import SpecialDays
from registry.services.stays import StayService
from registry.services.tenancies import TenancyService
from registry.services.timeline import Timelines
from registry.services.visits import VisitService
from registry.settings import Settings

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Living:
    """What has to do with who lives where and opens what."""

    cards: CardService
    deadlines: Deadlines
    stays: StayService
    tenancies: TenancyService
    visits: VisitService

    @classmethod
    def build(
        cls, identity: Identity, permits: PermitService, policy: Policy, clock: Clock
    ) -> "_Living":
        """Put these services together."""
        stays = StayService(identity, permits, policy, clock)
        deadlines = Deadlines(policy, clock)
        return cls(
            CardService(permits, policy, clock),
            deadlines,
            stays,
            TenancyService(stays, permits, policy, clock),
            VisitService(stays, deadlines, policy, clock),
        )


def build_services(settings: Settings, clock: Clock = now) -> Services:
    """Put the services together on an installation."""
    installation = Installation(settings)
    policy, key = Policy(clock=clock), installation.exchange_key()
    store = installation.store()
    identity = Identity(
        installation.vault_key(), installation.index_key(), policy, clock
    )
    permits = PermitService(policy, clock)
    alarms = AlarmService(policy, clock)
    days = SpecialDays(policy, clock)
    gateways = Gateways(clock)
    living = _Living.build(identity, permits, policy, clock)
    keys = KeyWatch(policy, clock)
    policies = Policies(policy, permits, clock)
    with store.reading() as uow:
        policies.refresh(uow)
    return Services(
        store=store,
        policy=policy,
        clock=clock,
        signer=installation.signer(),
        access=AccessService(clock),
        addresses=AddressService(policy, clock),
        alarms=alarms,
        card_pins=CardPins(clock),
        cards=living.cards,
        changes=Changes(store, settings.poll_seconds),
        commissioning=Commissioning(gateways, clock),
        contracts=ContractService(policy, clock),
        delegations=DelegationService(policy, clock),
        deadlines=living.deadlines,
        door_rules=DoorRuleService(days, policy, clock),
        exchange=ExchangeService(
            identity, policy, key, clock, enabled=settings.exchange
        ),
        elsewhere=ElsewhereService(policy, clock),
        filings=FilingService(policy, living.deadlines, clock),
        gateways=gateways,
        grants=GrantService(permits, policy, clock),
        house_cases=CaseService(policy, clock),
        house_truths=HouseTruths(policy, clock),
        housing=Housing(permits, policy, clock),
        identity=identity,
        ingest=Ingest(policy, alarms, keys, clock),
        keys=keys,
        orders=OrderService(policy, clock),
        permits=permits,
        policies=policies,
        rights=RightService(policy, clock),
        registration=Registration(
            identity, permits, living.cards, living.tenancies, clock
        ),
        seeding=Seeding(identity, permits, clock),
        sheet_exports=SheetExports(identity, clock),
        sheet_imports=SheetImports(store, identity, permits, clock),
        special_days=days,
        stays=living.stays,
        tenancies=living.tenancies,
        timelines=Timelines(policy, clock),
        visits=living.visits,
    )
