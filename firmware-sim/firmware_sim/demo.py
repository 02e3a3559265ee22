"""`menhu-demo`: a whole street on this machine, with one command."""

import json
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.live import Live

from firmware_sim.crew import Crew, CrewFailed
from firmware_sim.figures import Watch, account_for, result
from firmware_sim.installation import GATEWAY_DATA
from firmware_sim.layout import DOORS
from firmware_sim.observer import NoAnswer, outbox_depth
from firmware_sim.plan import RESIDENTS
from firmware_sim.screen import BANNER, picture
from firmware_sim.stage import Options, Stage, set_up

_DRAINS_WITHIN = 20.0
_GLANCE_EVERY = 1.0
_STOPPED = 143


def demo(
    *,
    seconds: Annotated[
        float | None, typer.Option("--for", help="Stop after so many seconds.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON result; needs --for.")
    ] = False,
    speed: Annotated[float, typer.Option(help="Street seconds in a real one.")] = 60,
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
    signal.signal(signal.SIGTERM, _leave)
    folder = keep.absolute() if keep else Path(tempfile.mkdtemp(prefix="menhu-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    try:
        with Crew(folder, {"PYTHONUNBUFFERED": "1"}) as crew:
            options = Options(doors, residents, seed, speed)
            with console.status("…") as status:
                stage = set_up(crew, folder, options, status.update)
            exact = _perform(crew, stage, folder, console, seconds, as_json=as_json)
    except (CrewFailed, NoAnswer) as error:
        console.print(f"{error}\n日志保留在 {folder}", markup=False)
        raise typer.Exit(1) from error
    if not keep:
        shutil.rmtree(folder)
    raise typer.Exit(0 if exact else 1)


def _perform(
    crew: Crew,
    stage: Stage,
    folder: Path,
    console: Console,
    seconds: float | None,
    *,
    as_json: bool,
) -> bool:
    watch = Watch(stage.registry, stage.simulator, folder)
    url = f"http://127.0.0.1:{stage.registry_port}/"
    console.print(f"{BANNER} · {url}", style="bold yellow", highlight=False)
    began = time.monotonic()
    stage.simulator.post("/traffic", {"running": True})
    with suppress(KeyboardInterrupt):
        _show(crew, watch, url, console, seconds)
    if seconds is None:
        console.print("已停止。下一步:menhu-demo --keep 文件夹 保留数据;")
        console.print("menhu-registry doctor、menhu-gateway check 检查正式安装。")
        return True
    stage.simulator.post("/traffic", {"running": False})
    took = time.monotonic() - began
    outcome = _settle(stage, watch, folder, took)
    if as_json:
        sys.stdout.write(json.dumps(outcome) + "\n")
    else:
        console.print_json(data=outcome)
    return _exact(outcome)


def _show(
    crew: Crew, watch: Watch, url: str, console: Console, seconds: float | None
) -> None:
    until = time.monotonic() + seconds if seconds else float("inf")
    with Live(console=console, auto_refresh=False) as live:
        while (left := until - time.monotonic()) > 0:
            crew.check()
            live.update(picture(watch.look(), url), refresh=True)
            time.sleep(min(_GLANCE_EVERY, max(0.0, left)))


def _settle(stage: Stage, watch: Watch, folder: Path, took: float) -> dict[str, Any]:
    """Wait until everything has arrived, or time is up, and return the result."""
    until = time.monotonic() + _DRAINS_WITHIN
    while True:
        account = account_for(stage.registry, folder)
        drained = account.exact and outbox_depth(folder / GATEWAY_DATA) == 0
        if drained or time.monotonic() > until:
            return result(watch.look(), account, took)
        time.sleep(_GLANCE_EVERY / 2)


def _exact(outcome: dict[str, Any]) -> bool:
    online = outcome["doors_online"] == outcome["doors"]
    return online and not outcome["lost"] and not outcome["duplicates"]


def _leave(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(_STOPPED)


def main() -> None:
    """Run the command line."""
    typer.run(demo)


if __name__ == "__main__":
    main()
