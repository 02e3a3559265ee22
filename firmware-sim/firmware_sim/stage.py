"""Sets the demo up: broker, registry, gateway and street, by their command lines."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from firmware_sim.broker import broker_command, find_mosquitto, free_port, listens
from firmware_sim.crew import Crew, wait_for
from firmware_sim.installation import GATEWAY_DATA, REGISTRY_KEY
from firmware_sim.layout import GATEWAY
from firmware_sim.observer import Api, NoAnswer, doors_ready

_STARTS_WITHIN = 40.0
_ONLINE_WITHIN = 60.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What street to show; `speed` is street seconds per real second."""

    doors: int
    residents: int
    seed: int
    speed: float


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything listens."""

    broker: int
    registry: Api
    registry_port: int
    simulator: Api
    simulator_port: int


def choose_ports() -> Stage:
    """Return free places to listen at."""
    broker, registry, simulator = free_port(), free_port(), free_port()
    return Stage(broker, Api(registry), registry, Api(simulator), simulator)


def set_up(crew: Crew, folder: Path, options: Options, say: Say) -> Stage:
    """Start everything and return when all doors are online with their permits."""
    stage = choose_ports()
    say("规划街道 …")
    crew.run("plan", _plan(folder, options, stage))
    broker = broker_command(folder, stage.broker, find_mosquitto())
    say(f"启动消息代理 {Path(broker[0]).name} …")
    crew.start("broker", broker)
    say("建立登记库并导入街道 …")
    _found_registry(crew, folder)
    say("启动登记平台、网关和模拟街道 …")
    _start(crew, folder, options, stage)
    wait_for(
        crew, lambda: stage.registry.answers("/readyz"), _STARTS_WITHIN, "registry"
    )
    wait_for(
        crew, lambda: stage.simulator.answers("/status"), _STARTS_WITHIN, "simulator"
    )
    _wait_for_doors(crew, stage.registry, say)
    return stage


def program(name: str) -> str:
    """Return one of our commands, found beside the interpreter that runs us."""
    return str(Path(sys.executable).with_name(name))


def _plan(folder: Path, options: Options, stage: Stage) -> list[str]:
    return [
        program("menhu-sim"),
        "plan",
        f"--out={folder}",
        f"--seed={options.seed}",
        f"--doors={options.doors}",
        f"--residents={options.residents}",
        f"--registry=http://127.0.0.1:{stage.registry_port}",
        f"--mqtt=127.0.0.1:{stage.broker}",
    ]


def _found_registry(crew: Crew, folder: Path) -> None:
    registry, gateway = program("menhu-registry"), program("menhu-gateway")
    data = folder / "registry-data"
    crew.run("migrate", [registry, f"--data={data}", "migrate"])
    crew.run("seed", [registry, f"--data={data}", "seed", str(folder / "street.json")])
    shutil.copyfile(data / REGISTRY_KEY, folder / REGISTRY_KEY)
    crew.run("init", [gateway, "init", f"--config={folder / 'gateway.toml'}"])
    device = folder / GATEWAY_DATA / "device.pub"
    enroll = [registry, f"--data={data}", "enroll", GATEWAY.id]
    crew.run("enroll", [*enroll, f"--public-key={device}"])


def _start(crew: Crew, folder: Path, options: Options, stage: Stage) -> None:
    wait_for(crew, lambda: listens(stage.broker), _STARTS_WITHIN, "broker")
    registry = [program("menhu-registry"), f"--data={folder / 'registry-data'}"]
    crew.start("registry", [*registry, "serve", f"--port={stage.registry_port}"])
    simulator = [program("menhu-sim"), "run", str(folder), "--no-traffic"]
    control = f"--control=127.0.0.1:{stage.simulator_port}"
    crew.start("simulator", [*simulator, control, f"--speed={options.speed}"])
    lines = folder / "lines"
    wait_for(
        crew, lambda: stage.simulator.answers("/status"), _STARTS_WITHIN, str(lines)
    )
    gateway = [program("menhu-gateway"), "run"]
    crew.start("gateway", [*gateway, f"--config={folder / 'gateway.toml'}"])


def _wait_for_doors(crew: Crew, registry: Api, say: Say) -> None:
    def ready() -> bool:
        try:
            doors, online, held = doors_ready(registry)
        except NoAnswer:
            return False
        say(f"等待门禁上线 {online}/{doors},授权到位 {held}/{doors} …")
        return online == held == doors

    wait_for(crew, ready, _ONLINE_WITHIN, "doors online with their permits")
