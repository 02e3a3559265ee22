"""A process that records as fast as it can and says what is durable, to be killed."""

import asyncio
import sys
import time
from pathlib import Path

from gateway.store.recorder import Recorder
from tests.support.gateway_store import cursor, entry, open_outbox

WRITERS = 4


async def record(folder: Path) -> None:
    """Append numbered entries, print each number once it is durable."""
    outbox = open_outbox(folder, time.time)
    recorder = Recorder(outbox)
    first = sum(outbox.pending(epoch) for epoch in outbox.epochs())
    numbers = iter(range(first, sys.maxsize))

    async def write() -> None:
        while True:
            number = next(numbers)
            await recorder.append([entry(number)], cursor(number + 1))
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()

    async def roll() -> None:
        while True:
            await asyncio.sleep(0.02)
            await recorder.run(outbox.roll_over)

    await asyncio.gather(roll(), *(write() for _ in range(WRITERS)))


if __name__ == "__main__":
    asyncio.run(record(Path(sys.argv[1])))
