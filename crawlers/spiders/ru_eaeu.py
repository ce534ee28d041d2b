"""Technical regulations of the Eurasian Economic Union, and its registers of certificates: no format is certain."""

from __future__ import annotations

from typing import ClassVar

from crawlers.bases.card_only import CardOnly, card_only
from domain.source import Publisher, Source


class RuEaeu(CardOnly):
    """Named only."""

    card: ClassVar[Source] = card_only(
        slug="ru_eaeu",
        title="Eurasian Economic Union: technical regulations and registers of conformity documents",
        title_zh="欧亚经济联盟技术法规与合格评定文件登记",
        publisher=Publisher("Eurasian Economic Commission", "欧亚经济委员会", "https://eec.eaeunion.org/", "EAEU"),
        market="EAEU",
        url="https://eec.eaeunion.org/comission/department/deptexreg/tr/",
        numbers=(r"TR (?:CU|EAEU) \d{3}/\d{4}",),
        licence="Not known: no terms of use have been seen",
        summary_zh="欧亚经济联盟（俄罗斯、白俄罗斯、哈萨克斯坦、亚美尼亚、吉尔吉斯斯坦）的技术法规（TR CU / TR EAEU）"
                   "及合格证书、符合性声明登记，俄文。",
        summary="Technical regulations (TR CU / TR EAEU) of the Eurasian Economic Union (Russia, Belarus, Kazakhstan, "
                "Armenia, Kyrgyzstan), and its register of certificates and declarations of conformity; in Russian.",
        caveats=(
            "It is not crawled: only addresses are known, no answer of theirs has been seen, and some hosts are reported to "
            "fail when asked from abroad.",
            "The regulations stand at https://eec.eaeunion.org/comission/department/deptexreg/tr/, the Commission's "
            "decisions at https://docs.eaeunion.org/.",
            "Certificates and declarations are searched at "
            "https://tech.eaeunion.org/tech/registers/35-1/ru/registryList/conformityDocs.",
            "Drafts reach us earlier as TBT notifications that the member states send to the WTO.",
        ),
        caveats_zh=(
            "不采集：只知道网址，没有见过其应答；据报部分主机从境外访问会出错。",
            "技术法规见 https://eec.eaeunion.org/comission/department/deptexreg/tr/ ，"
            "委员会决议见 https://docs.eaeunion.org/ 。",
            "合格证书和符合性声明在 https://tech.eaeunion.org/tech/registers/35-1/ru/registryList/conformityDocs 查询。",
            "法规草案会更早以成员国向 WTO 提交的 TBT 通报出现在本平台。",
        ),
    )
