"""Everything the registry can do, put together once and handed to the edges."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from controller.cose import Signer
from registry.domain.policy import Policy
from registry.persistence.unit_of_work import Store
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
from registry.services.key_watch import KeyWatch
from registry.services.orders import OrderService
from registry.services.passage_months import PassageMonths
from registry.services.permits import PermitService
from registry.services.policies import Policies
from registry.services.registration import Registration
from registry.services.retirement import Retirement
from registry.services.rights import RightService
from registry.services.seeding import Seeding
from registry.services.sheets.exports import SheetExports
from registry.services.sheets.imports import SheetImports
from registry.services.special_days import SpecialDays
from registry.services.stays import StayService
from registry.services.tenancies import TenancyService
from registry.services.timeline import Timelines
from registry.services.visits import VisitService


@dataclass(frozen=True, slots=True)
class Services:
    """The services of one process; open `store.reading()` or `.writing()` for them."""

    store: Store
    policy: Policy
    clock: Callable[[], datetime]
    signer: Signer
    access: AccessService
    addresses: AddressService
    alarms: AlarmService
    card_pins: CardPins
    cards: CardService
    changes: Changes
    commissioning: Commissioning
    contracts: ContractService
    delegations: DelegationService
    deadlines: Deadlines
    door_rules: DoorRuleService
    exchange: ExchangeService
    elsewhere: ElsewhereService
    filings: FilingService
    gateways: Gateways
    grants: GrantService
    house_cases: CaseService
    house_truths: HouseTruths
    housing: Housing
    identity: Identity
    ingest: Ingest
    keys: KeyWatch
    orders: OrderService
    permits: PermitService
    policies: Policies
    registration: Registration
    rights: RightService
    seeding: Seeding
    sheet_exports: SheetExports
    sheet_imports: SheetImports
    special_days: SpecialDays
    stays: StayService
    tenancies: TenancyService
    timelines: Timelines
    visits: VisitService

    @property
    def retirement(self) -> Retirement:
        """What is done by the hour, in this order."""
        return Retirement(
            self.store,
            (
                self.policies.refresh,
                PassageMonths(self.clock).make,
                self.stays.pass_days,
                self.filings.pass_days,
                self.elsewhere.pass_days,
                self.visits.send,
                self.filings.pass_days,
                self.elsewhere.pass_days,
                self.permits.retire,
                self.cards.follow_stays,
                self.special_days.refresh,
                self.alarms.forget,
                self.orders.forget,
                self.access.forget,
                self.sheet_imports.forget,
                self.house_truths.count,
            ),
            (self.house_cases.sweep,),
        )
