"""Import 20,000 rows of which 500 are faulty: find, record, mend, take back.

Every step is checked, and one stops half way and is resumed. Run it with
`python -m tests.benchmarks.bulk_import`.
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sys import stdout
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.support.bulk_sheet import add_units, bulk, go_through
from tests.support.registry_bench import registry

ROWS, FAULTS = 20_000, 500
HEADING = f"{'step':<24} {'seconds':>8} {'rows/s':>8} {'peak':>9}\n"
LINE = "{:<24} {:>8.1f} {:>8,.0f} {:>5.0f} MiB\n"


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Print how long a step took and the most memory the process ever had."""
    started = perf_counter()
    yield
    seconds = perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = FAULTS if name.startswith("corrected") else ROWS
    stdout.write(LINE.format(name, seconds, rows / seconds, peak))


def main() -> None:
    """Go through it and print the table."""
    with TemporaryDirectory() as folder, registry(Path(folder)) as bench:
        add_units(bench, ROWS)
        stdout.write(HEADING)
        go_through(bench, bulk(ROWS, FAULTS), stage)
    stdout.write(f"all {FAULTS} faults named by row, column and remedy\n")


if __name__ == "__main__":
    main()
