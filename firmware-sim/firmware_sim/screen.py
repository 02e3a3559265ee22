"""What the demo shows in a terminal."""

from rich.console import Group
from rich.panel import Panel
from rich.table import Table

from firmware_sim.figures import Glance, Kind
from firmware_sim.habits import DAY, HOUR
from firmware_sim.street import Protocol

BANNER = "示例数据 / demo, not for production"
_MINUTE = 60
_KINDS = {
    Protocol.OSDP: "OSDP 读卡器",
    Protocol.SMART_DOOR: "智能门锁",
    Protocol.UHPPOTE: "微耕控制器",
    Protocol.ESP_RFID: "esp-rfid",
}


def picture(glance: Glance, url: str) -> Group:
    """Return the live view of a moment."""
    table = Table(show_header=False, box=None, padding=(0, 2))
    for name, value in _rows(glance):
        table.add_row(name, value)
    links = f"[bold]{url}[/bold]\n按 Ctrl-C 停止"
    return Group(Panel(table, title="门户 Menhu", subtitle=BANNER), links)


def _rows(glance: Glance) -> list[tuple[str, str]]:
    hours, rest = divmod(glance.street_time % DAY, HOUR)
    return [
        ("街道时间", f"{int(hours):02}:{int(rest // _MINUTE):02}"),
        ("在线门禁", f"{glance.doors_online} / {glance.doors}"),
        ("刷卡与按钮", str(glance.taps)),
        ("入库通行", f"{glance.passages}({glance.passages_per_second:.1f} 次/秒)"),
        ("读卡器刷卡到开锁", _times(glance.unlock)),
        ("网关待传", "?" if glance.outbox is None else str(glance.outbox)),
        *(
            (name, _kind(glance.kinds[protocol]))
            for protocol, name in _KINDS.items()
            if protocol in glance.kinds
        ),
    ]


def _kind(kind: Kind) -> str:
    """Return a protocol's doors, and how long its passages take to the registry."""
    return f"{kind.doors_online} / {kind.doors},入库 {_times(kind.registry)}"


def _times(pair: tuple[float | None, float | None]) -> str:
    p50, p99 = pair
    if p50 is None or p99 is None:
        return "—"
    return f"p50 {p50:.0f} ms,p99 {p99:.0f} ms"
