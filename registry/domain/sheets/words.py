"""What stands in the cells of a sheet for the codes of the register."""

from registry.domain.occupancy import Basis
from registry.domain.places import UnitUse
from registry.domain.rights import RightBasis

USES: dict[UnitUse, str] = {
    UnitUse.RENTAL: "出租",
    UnitUse.OWNER: "自住",
    UnitUse.SHOP: "商铺",
    UnitUse.VACANT: "空置",
}
RIGHTS: dict[RightBasis, str] = {
    RightBasis.TITLE: "产权",
    RightBasis.ENTRUSTED: "受托",
    RightBasis.MASTER_LEASE: "整租转租",
}
BASES: dict[Basis, str] = {
    Basis.TENANT: "租客",
    Basis.OWNER: "产权人",
    Basis.FAMILY: "家属",
    Basis.CO_OCCUPANT: "合住人",
    Basis.LIVE_IN_WORKER: "住家工",
    Basis.EMPLOYER_PROVIDED: "单位宿舍",
    Basis.GUEST: "访客",
}
NONE = "无"
"""Stands where somebody says that there is none, instead of saying nothing."""
NONES = frozenset({NONE, "none"})
