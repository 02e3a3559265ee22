"""`menhu-demo`: a whole street on this machine, with one command."""

import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.live import Live

from firmware_sim.crew import Crew, CrewFailed
from firmware_sim.figures import Accounts, Watch, account_for, accounts_for, result
from firmware_sim.installation import GATEWAY_DATA
from firmware_sim.layout import DOORS
from firmware_sim.observer import NoAnswer, outbox_depth
from firmware_sim.plan import RESIDENTS, Size
from firmware_sim.screen import BANNER, picture
from firmware_sim.stage import Options, Stage, set_up

_DRAINS_WITHIN = 20.0
_GLANCE_EVERY = 1.0
_STOPPED = 143
_ENVIRONMENT = {"PYTHONUNBUFFERED": "1"}
_NEXT = """\
已停止,没有留下任何进程;数据与日志:{data}。下一步:
  menhu-demo --keep DIR       保留数据与日志
  menhu-registry doctor       检查登记平台的安装
  menhu-gateway check         检查网关的配置"""


def demo(  # noqa: PLR0913  one parameter for each option of the command
    *,
    seconds: Annotated[
        float | None, typer.Option("--for", min=1, help="Stop after so many seconds.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON result; needs --for.")
    ] = False,
    speed: Annotated[
        float, typer.Option(min=0.1, help="Street seconds in a real one.")
    ] = 60,
    keep: Annotated[
        Path | None, typer.Option(help="Keep everything in this new folder.")
    ] = None,
    doors: Annotated[int, typer.Option(help="Doors.")] = DOORS,
    residents: Annotated[int, typer.Option(help="People with cards.")] = RESIDENTS,
    seed: Annotated[int, typer.Option(help="The same seed, the same street.")] = 7,
) -> None:
    """Run broker, registry, gateway and a simulated street; example data only.

    Example: menhu-demo --for 60 --json
    """
    if as_json and seconds is None:
        raise typer.BadParameter("--json needs --for SECONDS")
    if keep and keep.exists():
        raise typer.BadParameter(f"--keep {keep} exists already; name a new folder")
    try:
        options = Options(Size(residents, doors), seed, speed)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    console = Console(stderr=True)
    try:
        with _place(keep) as folder, Crew(folder, _ENVIRONMENT) as crew:
            with console.status("…") as status:
                stage = set_up(crew, folder, options, status.update)
            outcome = Show(crew, stage, folder, console).perform(seconds)
    except (CrewFailed, NoAnswer) as error:
        console.print(str(error), markup=False)
        raise typer.Exit(1) from error
    if outcome is None:
        data = keep.absolute() if keep else "已删除"
        console.print(_NEXT.format(data=data), markup=False, highlight=False)
        return
    text = json.dumps(outcome)
    sys.stdout.write(text + "\n") if as_json else console.print_json(text)
    raise typer.Exit(0 if exact(outcome) else 1)


@dataclass(frozen=True, slots=True)
class Show:
    """The running demo, once everything is set up."""

    crew: Crew
    stage: Stage
    folder: Path
    console: Console

    def perform(self, seconds: float | None) -> dict[str, Any] | None:
        """Let people move until Ctrl-C, or for some seconds and return the result."""
        watch = Watch(self.stage.registry, self.stage.simulator, self.folder)
        began = time.monotonic()
        self.stage.simulator.post("/traffic", {"running": True})
        try:
            self._watch(watch, began + seconds if seconds else inf)
        except KeyboardInterrupt:
            if seconds is None:
                return None
        self.stage.simulator.post("/traffic", {"running": False})
        took = time.monotonic() - began
        accounts = self._settle()
        return result(watch.look(), accounts, took)

    def _watch(self, watch: Watch, until: float) -> None:
        url = f"http://127.0.0.1:{self.stage.registry_port}/"
        self.console.print(f"{BANNER} · {url}", style="bold yellow", highlight=False)
        with Live(console=self.console, auto_refresh=False) as live:
            while (left := until - time.monotonic()) > 0:
                self.crew.check()
                live.update(picture(watch.look(), url), refresh=True)
                time.sleep(min(_GLANCE_EVERY, left))

    def _settle(self) -> Accounts:
        """Wait until everything has arrived, or time is up."""
        until = time.monotonic() + _DRAINS_WITHIN
        while True:
            account = account_for(self.stage.registry, self.folder)
            drained = account.exact and not outbox_depth(self.folder / GATEWAY_DATA)
            if drained or time.monotonic() > until:
                return accounts_for(self.stage.registry, self.folder)
            time.sleep(_GLANCE_EVERY / 2)


def exact(outcome: dict[str, Any]) -> bool:
    """Say whether every door is online and nothing was lost or counted twice."""
    online = outcome["doors_online"] == outcome["doors"]
    return online and not outcome["lost"] and not outcome["duplicates"]


@contextmanager
def _place(keep: Path | None) -> Iterator[Path]:
    """Give a folder; without `keep` it goes in the end, unless its logs are needed."""
    if keep:
        keep.mkdir(parents=True)
        yield keep.absolute()
        return
    folder = Path(tempfile.mkdtemp(prefix="menhu-demo-"))
    try:
        yield folder
    except (CrewFailed, NoAnswer):
        raise
    except BaseException:
        shutil.rmtree(folder)
        raise
    shutil.rmtree(folder)


def _leave(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(_STOPPED)


def main() -> None:
    """Run the command line."""
    typer.run(demo)


if __name__ == "__main__":
    main()
