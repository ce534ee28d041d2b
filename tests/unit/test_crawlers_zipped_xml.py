"""Large XML in ZIP files: read record by record, and refused when it is anything else."""

from __future__ import annotations

import io
import zipfile
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.http import Response

from crawlers.bases import zipped_xml
from crawlers.bases.zipped_xml import ZippedXmlSpider
from crawlers.errors import Blocked, NoAnswer, NotParsable, ShapeChanged, SourceError
from crawlers.job import Account
from crawlers.spiders.tw_moj_law import TwMojLaw

URL = "https://source.example/all.zip"


def read(body: bytes, **headers: str) -> list[str]:
    spider: Any = ZippedXmlSpider(name="zipped", job=SimpleNamespace(account=Account()))
    response = Response(URL, body=body, headers=headers)
    return [str(each.findtext("b")) for each in spider.elements(response, "r", "a")]


def zipped(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.xml"), text)
    return packed.getvalue()


def test_records_come_one_by_one_with_their_controls_blanked() -> None:
    assert read(zipped(all="\ufeff<r><a><b>one\x0btwo</b></a><a><b>三</b><c><a><b>inner</b></a></c></a></r>")) == [
        "one two", "三"]


@pytest.mark.parametrize(("body", "error"), [
    (b"no archive", NotParsable), (zipped(all="<r><a>")[:-30], NotParsable), (zipped(all="<r><a></r>"), NotParsable),
    (zipped(all='<!DOCTYPE r [<!ENTITY e "x">]><r><a><b>&e;</b></a></r>'), NotParsable),
    (zipped(all="<s><a/></s>"), ShapeChanged), (zipped(all="<r><z/></r>"), ShapeChanged), (zipped(), ShapeChanged),
    (zipped(one="<r/>", two="<r/>"), ShapeChanged), (b"<!DOCTYPE html><title>Sorry</title>", Blocked),
], ids=("no archive", "cut", "broken", "entity", "other root", "other record", "empty", "two", "page"))
def test_anything_else_is_refused(body: bytes, error: type[SourceError]) -> None:
    with pytest.raises(error):
        read(body)


def test_a_file_that_is_huge_once_unpacked_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped_xml, "LARGEST", 10)
    with pytest.raises(NoAnswer, match="unpacked"):
        read(zipped(all="<r><a><b>one</b></a></r>"))


@pytest.mark.parametrize("field", ["法規性質", "法規名稱", "法規網址", "法規類別", "最新異動日期", "法規內容"])
def test_a_rule_of_taiwan_without_a_field_that_all_have_is_a_changed_shape(field: str) -> None:
    names = ["法規性質", "法規名稱", "法規網址", "法規類別", "最新異動日期", "法規內容"]
    names[names.index(field)] = "renamed"
    spider: Any = TwMojLaw(job=SimpleNamespace(account=Account()))
    with pytest.raises(ShapeChanged, match=field):
        spider.notice(dict.fromkeys(names, ""), URL)
