"""Sets the demo up: broker, registry, gateway and street, by their command lines."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from firmware_sim.broker import broker_command, find_mosquitto, free_ports
from firmware_sim.crew import Crew, wait_for
from firmware_sim.hardware import Site, wire_up
from firmware_sim.installation import GATEWAY_DATA, REGISTRY_KEY, write_installation
from firmware_sim.layout import GATEWAY
from firmware_sim.observer import Api, NoAnswer, doors_ready
from firmware_sim.plan import Size, plan_street
from firmware_sim.street import ZONE

_REGISTRY_DATA = "registry-data"
_READY = {"registry": "/readyz", "simulator": "/status"}
_STARTS_WITHIN = 40.0
_ONLINE_WITHIN = 60.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What street to show; `speed` is street seconds per real second."""

    size: Size
    seed: int
    speed: float


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything listens."""

    broker: int
    boards: int
    events: int
    registry: Api
    registry_port: int
    simulator: Api
    simulator_port: int


def choose_ports() -> Stage:
    """Return free places to listen at."""
    broker, boards, events, registry, simulator = free_ports(5)
    return Stage(
        broker, boards, events, Api(registry), registry, Api(simulator), simulator
    )


def set_up(crew: Crew, folder: Path, options: Options, say: Say) -> Stage:
    """Start everything and return when all doors are online with their permits."""
    stage = choose_ports()
    say("规划街道 …")
    _plan(folder, options, stage)
    say("建立登记库 …")
    broker = broker_command(folder, stage.broker, find_mosquitto())
    crew.start("broker", broker)
    _found(crew, folder)
    say("导入街道,启动登记平台和模拟街道 …")
    _open_registry(crew, folder, options, stage)
    say("启动网关 …")
    crew.start("gateway", _gateway("run", folder))
    _wait_for_doors(crew, stage.registry, say)
    return stage


def _plan(folder: Path, options: Options, stage: Stage) -> None:
    today = datetime.now(ZoneInfo(ZONE)).date()
    street = plan_street(options.seed, options.size, today)
    write_installation(
        folder,
        street,
        wire_up(street, Site(f"127.0.0.1:{stage.broker}", stage.boards, stage.events)),
        f"http://127.0.0.1:{stage.registry_port}",
    )


def _found(crew: Crew, folder: Path) -> None:
    """Make the databases and the keys of both sides."""
    crew.start("migrate", _registry(folder, "migrate"))
    crew.start("init", _gateway("init", folder))
    crew.finish("migrate", "init")
    shutil.copyfile(folder / _REGISTRY_DATA / REGISTRY_KEY, folder / REGISTRY_KEY)


def _open_registry(crew: Crew, folder: Path, options: Options, stage: Stage) -> None:
    crew.start("seed", _registry(folder, "seed", str(folder / "street.json")))
    serve = _registry(folder, "serve", f"--port={stage.registry_port}")
    crew.start("registry", serve)
    crew.start("simulator", _simulator(folder, options, stage))
    crew.finish("seed")
    key = folder / GATEWAY_DATA / "device.pub"
    crew.start("enroll", _registry(folder, "enroll", GATEWAY.id, f"--public-key={key}"))
    crew.finish("enroll")
    for name, api in (("registry", stage.registry), ("simulator", stage.simulator)):
        path = _READY[name]
        wait_for(crew, partial(api.answers, path), _STARTS_WITHIN, f"{name} ready")


def _program(name: str) -> str:
    """Return one of our commands, found beside the interpreter that runs us."""
    return str(Path(sys.executable).with_name(name))


def _registry(folder: Path, *arguments: str) -> list[str]:
    return [_program("menhu-registry"), f"--data={folder / _REGISTRY_DATA}", *arguments]


def _gateway(command: str, folder: Path) -> list[str]:
    config = folder / "gateway.toml"
    return [_program("menhu-gateway"), command, f"--config={config}"]


def _simulator(folder: Path, options: Options, stage: Stage) -> list[str]:
    return [
        _program("menhu-sim"),
        "run",
        str(folder),
        "--no-traffic",
        f"--control=127.0.0.1:{stage.simulator_port}",
        f"--speed={options.speed}",
    ]


def _wait_for_doors(crew: Crew, registry: Api, say: Say) -> None:
    def ready() -> bool:
        try:
            doors, online, held = doors_ready(registry)
        except NoAnswer:
            return False
        say(f"等待门禁上线 {online}/{doors},授权到位 {held}/{doors} …")
        return online == held == doors

    wait_for(crew, ready, _ONLINE_WITHIN, "doors online with their permits")
