"""Card to relay on an OSDP bus, in virtual time, beside what the wire itself needs.

Run: python -m tests.benchmarks.osdp_bus [taps]
"""

import sys

from tests.support.osdp_timing import BusPlan, Latencies, measure

PLANS = (
    BusPlan(4, 9600, secure=False),
    BusPlan(2, 9600),
    BusPlan(4, 9600),
    BusPlan(4, 9600, dead=1),
    BusPlan(4, 19200),
    BusPlan(4, 19200, dead=1),
    BusPlan(8, 115200),
    BusPlan(8, 115200, dead=1),
)
HEAD = "readers  dead   baud  channel      p50    p95    p99  least p99  ratio"


def row(plan: BusPlan, latencies: Latencies) -> str:
    """Format one line of the table; times in milliseconds."""
    p50, p95, p99 = (1000 * latencies.percentile(at) for at in (0.5, 0.95, 0.99))
    least = 1000 * plan.least(0.99)
    channel = "secure" if plan.secure else "clear"
    return (
        f"{plan.readers:7}  {plan.dead:4} {plan.baud:6}  {channel:7} {p50:8.1f} "
        f"{p95:6.1f} {p99:6.1f} {least:10.1f} {p99 / least:6.2f}"
    )


def main(taps: int) -> None:
    """Measure every plan and print the table."""
    print(HEAD)  # noqa: T201 # the table is the point
    for plan in PLANS:
        print(row(plan, measure(plan, taps)), flush=True)  # noqa: T201 # the same


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1500)
