"""The seven columns and their gaps in plain words."""

from dataclasses import dataclass

from registry.domain.history import Channel
from registry.domain.house_truth import Cell, Column, Gap
from registry.web.words import Badge


@dataclass(frozen=True, slots=True)
class ColumnWords:
    """A column's name, its short name, and what it counts."""

    name: str
    short: str
    what: str
    unit: str


@dataclass(frozen=True, slots=True)
class GapWords:
    """A gap's name, the rule it rests on, and what to do first."""

    name: str
    rule: str
    remedy: str
    grave: bool = False


COLUMNS: dict[Column, ColumnWords] = {
    Column.RIGHT: ColumnWords("有权出租", "权", "产权或委托凭证、出租屋备案", "项"),
    Column.CONTRACTED: ColumnWords("租约", "约", "正在履行的租约", "份"),
    Column.DECLARED: ColumnWords("入住申报", "报", "任一方申报的入住人员", "人"),
    Column.CONFIRMED: ColumnWords("双方确认", "认", "对方或街道确认过的入住人员", "人"),
    Column.FILED: ColumnWords("外部登记", "登", "其他部门的回执，按回执记录", "份"),
    Column.GRANTED: ColumnWords("门禁授权", "卡", "能开本楼门的卡", "张"),
    Column.USED: ColumnWords("门禁使用", "用", "近 28 天里用卡开过门的天数", "天"),
}

GAPS: dict[Gap, GapWords] = {
    Gap.UNFILED: GapWords(
        "出租未备案",
        "有租约或非业主居住，但本套没有有效的备案；已提交待审的视为已备案。",
        "通知房东办理备案，或由房东申报“未出租”。门禁不受影响。",
        grave=True,
    ),
    Gap.NO_RIGHT: GapWords(
        "缺出租凭证",
        "本套在出租，但没有登记产权、委托或转租凭证。",
        "请房东补交凭证。",
        grave=True,
    ),
    Gap.NO_CONTRACT: GapWords(
        "缺租约",
        "登记了租客，但没有正在履行的租约。口头约定也可以登记。",
        "请任一方补登租约，或更正居住关系。",
    ),
    Gap.NOBODY_DECLARED: GapWords(
        "缺入住申报",
        "租约已开始，但没有人申报入住。",
        "提醒房东和租客申报；还没入住的，请更正起租日。",
    ),
    Gap.UNCONFIRMED: GapWords(
        "待对方确认",
        "一方申报后，另一方超过期限没有确认。沉默不等于承认，也不等于否认。",
        "提醒没有确认的一方；再无回应，安排上门走访。",
    ),
    Gap.NOT_FILED_ELSEWHERE: GapWords(
        "租赁合同未见备案回执",
        "租约开始超过期限，没有合同备案的回执。本系统不推断其他部门的结果。",
        "提醒双方办理，或登记回执；口头租约不满六个月的不需要书面合同。",
    ),
    Gap.KEY_UNCONFIRMED: GapWords(
        "持卡人待确认",
        "有卡的入住人员超过期限没有得到对方确认。",
        "提醒没有确认的一方。卡照常有效。",
    ),
    Gap.USED_AFTER_END: GapWords(
        "到期后仍在用卡",
        "登记的居住都已结束且过了宽限，卡之后还在开门。多半是续租没有登记。",
        "向双方核实：已续租、正在搬离，还是有争议。不锁门。",
    ),
    Gap.USED_WHILE_EMPTY: GapWords(
        "空置但有人用卡",
        "没有在册的居住，但有本套的卡在开门。",
        "向房东核实是否空置。",
    ),
}

CHANNELS: dict[Channel, str] = {
    Channel.COUNTER: "窗口登记",
    Channel.API: "接口登记",
    Channel.IMPORT: "批量导入",
    Channel.CLOCK: "到期自动",
}


def badge(cell: Cell) -> Badge:
    """Return how a cell is shown: a gap before what waits, before what is there."""
    if cell.gap is not None:
        words = GAPS[cell.gap]
        return Badge(words.name, "alert", "unf" if words.grave else "miss")
    if cell.pending:
        return Badge("待审或待确认", "clock", "due")
    if cell.count:
        return Badge("有记录", "check", "ok")
    return Badge("没有记录", "empty", "vac")
