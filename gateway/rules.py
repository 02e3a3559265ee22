"""The rules of doors: asked of the registry, held on disk, followed at once."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable

from controller.cbor import Row, Value, pack, unpack
from controller.door_rules import NO_RULES, RuleBook
from controller.doorkeeping.keeper import Doorkeeper
from controller.errors import MessageRefused
from controller.uplink.messages import DoorRuleBook, RulesRequest
from controller.uplink.rule_rows import RULES_LIMIT, read_rule_book, rule_book_row
from gateway.errors import UplinkFailed
from gateway.polling import WAIT, keep_asking
from gateway.site import Site
from gateway.store.state import State
from gateway.uplink import Uplink

RULES, FIRST_CARDS = "door rules", "first cards"
LOG = logging.getLogger(__name__)


class Rules:
    """Keeps the doorkeeper at the registry's rules.

    What is on disk and cannot be read counts as no rules: then every door we decide
    for opens by permit only, until the registry has told the rules again.
    """

    def __init__(
        self,
        site: Site,
        state: State,
        keeper: Doorkeeper,
        uplink: Uplink,
        relieve: Callable[[], object],
    ) -> None:
        """Follow what is held; `relieve` makes room on a disk that took no rules."""
        self._site = site
        self._state = state
        self._keeper = keeper
        self._uplink = uplink
        self._relieve = relieve
        self._after = NO_RULES
        self._restore(RULES, lambda value: self._follow(_read(value)))
        self._restore(FIRST_CARDS, keeper.first_cards.restore)

    async def run(self) -> None:
        """Ask until cancelled."""
        await keep_asking("rules", lambda: self.once(WAIT), self._relieve)

    async def once(self, wait: int) -> None:
        """Ask once and follow the answer, which is on disk before it counts."""
        request = RulesRequest(self._site.gateway, self._after, wait)
        answer = await self._uplink.ask(request, DoorRuleBook, wait=wait)
        if answer.gateway != self._site.gateway:
            raise UplinkFailed(f"the rules are for {answer.gateway}, not for us")
        book = answer.book
        if book.revision != self._after:
            body = await asyncio.to_thread(lambda: pack(rule_book_row(book)))
            await asyncio.to_thread(self._state.keep, RULES, body)
            self._follow(book)

    def first_card_came(self) -> None:
        """Remember the first cards that came, so that a restart locks nobody out."""
        try:
            self._state.keep(FIRST_CARDS, pack(self._keeper.first_cards.row()))
        except sqlite3.Error as error:
            LOG.warning("a first card is not remembered: %s", error)

    def _follow(self, book: RuleBook) -> None:
        self._keeper.follow(book)
        self._after = book.revision
        ours = {d.id: d.capabilities.decides for d in self._site.doors}
        for rules in book.doors:
            if ours.get(rules.door, True):
                LOG.warning(
                    "door %s: its rules are not followed, %s",
                    rules.door,
                    "its controller decides"
                    if rules.door in ours
                    else "it is not here",
                )
        LOG.info("rules of revision %d for %d doors", book.revision, len(book.doors))

    def _restore(self, name: str, take: Callable[[Value], None]) -> None:
        body = self._state.kept(name)
        if body is None:
            return
        try:
            take(unpack(body, RULES_LIMIT))
        except MessageRefused as error:
            LOG.error("%s cannot be read, there are none: %s", name, error)  # noqa: TRY400 - the reason says it all


def _read(value: Value) -> RuleBook:
    return read_rule_book(Row([value], RULES, 1))
