"""Frames per second of the OSDP codec, beside a bare struct loop on the same bytes.

Run: python -m tests.benchmarks.osdp_codec
"""

from collections.abc import Callable
from struct import Struct
from time import perf_counter

from controller.protocols.osdp.commands import OutputSetting, SetOutputs
from controller.protocols.osdp.frames import Frame, FrameDecoder, encode_frame
from controller.protocols.osdp.secure import SecureChannel, SessionKeys

ROUNDS = 20_000
BARE = Struct("<BBHBBBBHH")
MESSAGE = SetOutputs((OutputSetting(0, 5, 30),))
FRAME = Frame(5, reply=False, sequence=1, code=MESSAGE.code, data=MESSAGE.encode())
ENCODED = encode_frame(FRAME)


def rate(work: Callable[[], object]) -> float:
    """Return how often per second something can be done."""
    start = perf_counter()
    for _ in range(ROUNDS):
        work()
    return ROUNDS / (perf_counter() - start)


def main() -> None:
    """Measure and print the table."""
    fields = BARE.unpack(ENCODED)
    decoder = FrameDecoder()
    channel = SecureChannel(SessionKeys(bytes(16), bytes(8)), bytes(16))
    bare_pack = rate(lambda: BARE.pack(*fields))
    bare_unpack = rate(lambda: BARE.unpack(ENCODED))
    rows = (
        ("OSDP encode", rate(lambda: encode_frame(FRAME)), bare_pack),
        ("OSDP decode", rate(lambda: decoder.receive(ENCODED)), bare_unpack),
        (
            "OSDP seal and encode",
            rate(lambda: encode_frame(channel.seal(FRAME))),
            bare_pack,
        ),
    )
    print(f"{'codec':22} {'frames/s':>10} {'bare struct':>12} {'ratio':>7}")  # noqa: T201 # the table is the point
    for name, frames, bare in rows:
        print(f"{name:22} {frames:10,.0f} {bare:12,.0f} {bare / frames:7.1f}")  # noqa: T201 # the same


if __name__ == "__main__":
    main()
