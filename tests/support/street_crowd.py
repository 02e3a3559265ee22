"""People at the doors day and night: a steady load, the same for the same seed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from firmware_sim.observer import NoAnswer
from firmware_sim.plan import dice
from firmware_sim.population import FOREIGN_CARDS
from tests.support.street import LiveStreet

_STRANGERS = 0.1


@contextmanager
def crowd(street: LiveStreet, per_second: float, seed: int) -> Iterator[None]:
    """Keep people tapping, one in ten with a card from somewhere else."""
    chance, stop = dice(seed, "crowd"), Event()
    people = street.neighbours()

    def come() -> None:
        while not stop.wait(chance.expovariate(per_second)):
            person = chance.choice(people)
            strange = chance.random() < _STRANGERS
            card = chance.choice(FOREIGN_CARDS) if strange else person.card
            tap = {"door": chance.choice(person.doors), "card": card}
            with suppress(NoAnswer):  # too many people stand at that door
                street.simulator.post("/taps", tap)

    thread = Thread(target=come)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
