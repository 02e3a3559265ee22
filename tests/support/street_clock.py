"""Another time of day for all processes of a street."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from firmware_sim.street import ZONE

_TEXT = """\
import os
import time

import time_machine

moment = time.time() + float(os.environ["MENHU_TEST_SHIFT"])
time_machine.travel(moment, tick=True).start()
time.time()  # the clock begins to tick when it is first looked at
"""


def next_midnight() -> datetime:
    """Return when the street's next day begins."""
    tomorrow = datetime.now(ZoneInfo(ZONE)) + timedelta(days=1)
    return tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)


def shifted(folder: Path, shift: timedelta) -> Mapping[str, str]:
    """Return an environment whose Python processes run ahead by `shift`.

    Python imports `sitecustomize` before anything else (Python library reference,
    "site"); the clocks go on as fast as ever, and so does the monotonic one.
    """
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_TEXT, "utf-8")
    return {
        "PYTHONPATH": str(folder),
        "MENHU_TEST_SHIFT": str(shift.total_seconds()),
    }
