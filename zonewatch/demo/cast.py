"""Who plays in the demo: three firms of two zones with what they asked for, the editors, and the bulletins they publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.criteria import Criteria, Scope
from domain.notice import NoticeKind

OPERATOR = "operator@zonewatch.example"
SENDER = "出口质量安全信息（演示） <alerts@zonewatch.example>"


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm, the address of its quality engineer, what it makes for whom, and its subscriptions by name."""

    zone: str
    name: str
    email: str
    makes: str
    wishes: Mapping[str, Criteria]


@dataclass(frozen=True, slots=True)
class Issue:
    """A bulletin of a zone's association: its editor, its words, and the notices picked, by source and publisher's id."""

    zone: str
    editor: str
    title: str
    comment: str
    picked: tuple[tuple[str, str], ...]


RULES = frozenset((NoticeKind.TBT_NOTIFICATION.value, NoticeKind.TECHNICAL_REGULATION.value))
FIRMS = (
    Firm("fenghua", "奉化样例气动元件有限公司", "quality@pneumatics.example", "电磁阀、气缸、安全阀，出口欧盟、英国、沙特", {
        "电磁阀、气缸、安全阀（欧盟、英国、沙特）": Criteria(
            product_types=frozenset(("solenoid_valve", "pneumatic_cylinder", "safety_valve")),
            markets=frozenset(("EU", "GB", "SA"))),
        "欧盟、英国的 RoHS 与机械安全法规": Criteria(
            regulations=frozenset(("eu_rohs", "eu_machinery", "eu_machinery_old", "uk_rohs", "uk_machinery")), kinds=RULES),
    }),
    Firm("fenghua", "奉化样例空压机有限公司", "export@compressors.example", "空压机、储气罐，出口美国、加拿大、韩国", {
        "空压机、储气罐（美国、加拿大、韩国）": Criteria(
            product_types=frozenset(("air_compressor", "air_receiver")), markets=frozenset(("US", "CA", "KR"))),
    }),
    Firm("zhuhai", "珠海样例打印耗材有限公司", "quality@cartridges.example", "墨盒、硒鼓，出口各国", {
        "墨盒、硒鼓（全部市场）": Criteria(product_types=frozenset(("ink_cartridge", "toner_cartridge"))),
        "提到 printers 的信息（全部来源）": Criteria(words=("printers",), scope=Scope.ALL),
    }),
)

ISSUES = (
    Issue("fenghua", "editor@fenghua.example", "【样例】气动元件质量安全简报", """\
本期要点
一、欧盟以触电、火灾风险为由拒绝一批 24 V 电磁阀入境：线圈绝缘不足，外壳不阻燃。
二、沙特通报气动元件技术法规草案，气缸、电磁阀都在范围内，正在征求意见。
三、欧盟拟修订 RoHS 对合金含铅的豁免，用黄铜阀体、接头的企业都会受影响。

建议
1. 核对线圈绝缘等级和外壳阻燃等级的检测报告，缺项的尽快补测。
2. 对照沙特草案清点在售型号；有意见请在截止前 10 天报协会汇总。
3. 请黄铜件供应商更新 RoHS 符合性声明。

（本期评述和所列信息均为演示用的虚构内容。）""", (
        ("eu_safety_gate", "SR/90011/26"), ("wto_tbt_notifications", "G/TBT/N/SAU/99011"),
        ("wto_tbt_notifications", "G/TBT/N/EU/99012"))),
    Issue("zhuhai", "editor@zhuhai.example", "【样例】打印耗材质量安全简报", """\
本期要点
一、加拿大召回一款兼容墨盒：缺少化学品危害标识和英法双语说明。
二、荷兰通报一款兼容硒鼓的芯片电路板含铅和十溴二苯醚超标，不符合 RoHS。
三、欧盟成像设备生态设计草案的评议期延长，草案限制固件拒用再制造耗材。

建议
1. 出口加拿大的墨盒，逐款核对标签。
2. 向芯片供应商索要 RoHS 检测报告，重点看溴系阻燃剂。
3. 对生态设计草案有意见的企业，请在截止前 10 天报协会汇总。

（本期评述和所列信息均为演示用的虚构内容。）""", (
        ("ca_recalls", "990011"), ("eu_safety_gate", "OR/90014/26"), ("wto_tbt_notifications", "G/TBT/N/EU/99001"))),
)
