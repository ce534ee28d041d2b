"""When a notice is about a horizontal regulation, and when it only mentions one."""

from __future__ import annotations

from typing import Any

import pytest

from domain.classification import Confidence
from domain.classify import classify
from domain.notice import Notice, NoticeKind

HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW


def notice(title: str, **facts: Any) -> Notice:
    return Notice(**{"source": "a_source", "external_id": "1", "kind": NoticeKind.TBT_NOTIFICATION, "market": "EU",
                     "title": title, "url": "https://example.org/1"} | facts)


def rules(title: str, **facts: Any) -> dict[str, Confidence]:
    return dict(classify(notice(title, **facts)).horizontal)


def test_a_rule_cited_by_number_in_the_title_is_found_without_a_product() -> None:
    title = "Draft Delegated Directive amending Annex III to Directive 2011/65/EU"
    outcome = classify(notice(title, kind=NoticeKind.TBT_NOTIFICATION))
    assert outcome.horizontal == {"eu_rohs": HIGH}
    assert not outcome.product_types
    assert outcome.is_relevant


@pytest.mark.parametrize(("market", "title", "expected"), [
    ("FR", "Règlement (UE) n° 1907/2006 modifié", "eu_reach"),
    ("EU", "欧盟修订第1907/2006号法规附件十七", "eu_reach"),
    ("DE", "Verordnung (EU) 2023/1230", "eu_machinery"),
    ("GB", "The S.I. 2012/3032 (Amendment) Regulations", "uk_rohs"),
    ("EU", "RoHS指令豁免", "eu_rohs"),
    ("AE", "阿联酋RoHS法规修订", "ae_rohs"),
    ("RU", "Изменения в ТР ТС 010/2011", "eaeu_010"),
    ("IN", "Machinery (Omnibus Technical Regulation) Order", "in_otr"),
])
def test_rules_are_recognised_as_each_language_writes_them(market: str, title: str, expected: str) -> None:
    outcome = classify(notice(title, market=market, kind=NoticeKind.TECHNICAL_REGULATION, lang=""))
    assert outcome.sure_horizontal() == {expected}


def test_an_acronym_means_the_rule_of_the_notices_market() -> None:
    assert rules("RoHS conformity", market="SA") == {"sa_rohs": MEDIUM}
    assert rules("RoHS conformity", market="NO") == {"eu_rohs": MEDIUM}
    assert rules("RoHS conformity", market="BR") == {}
    assert rules("Guide to RoHS in Europe", market="INT", kind=NoticeKind.GUIDANCE) == {"eu_rohs": MEDIUM}


def test_a_foreign_number_is_only_a_low_finding() -> None:
    assert rules("Regulation on machinery, based on (EU) 2023/1230", market="TR") == {"eu_machinery": LOW}


def test_a_rule_named_only_in_the_body_is_a_low_finding_unless_the_draft_acts_on_it() -> None:
    assert rules("Draft delegated act", summary="See Directive 2011/65/EU.") == {"eu_rohs": LOW}
    assert rules("Draft delegated act", summary="Amends Directive 2011/65/EU.") == {"eu_rohs": MEDIUM}


def test_a_recall_is_about_a_rule_only_through_a_product_of_ours() -> None:
    cites = {"kind": NoticeKind.RECALL, "summary": "It does not comply with the RoHS Directive 2011/65/EU."}
    assert not classify(notice("USB charger", **cites)).horizontal
    assert classify(notice("Electric air compressor", **cites)).horizontal == {"eu_rohs": MEDIUM}
    assert not classify(notice("Pneumatic fittings", **cites)).horizontal


def test_section_337_binds_through_the_product_alone() -> None:
    facts = {"kind": NoticeKind.IP_EXCLUSION, "market": "US"}
    assert rules("Certain Electronic Nicotine Delivery Systems [337-TA-1139]", **facts) == {}
    assert rules("Certain Toner Cartridges; Notice of Institution", **facts) == {"us_s337": MEDIUM}


def test_false_leads_and_traps_make_no_rule() -> None:
    assert rules("Regulation (EC) No 1223/2009 on cosmetic products") == {}
    assert rules("Annex XVII to Regulation (EC) No 1907/2006: tattoo inks") == {"eu_reach": LOW}
    assert rules("KEEP OUT OF REACH OF CHILDREN") == {}
    assert rules("Within reach of everyone") == {}


def test_a_chemical_rule_counts_when_it_speaks_of_our_uses() -> None:
    title = "Significant New Use Rules on Certain Chemical Substances (23-1)"
    facts = {"market": "US", "kind": NoticeKind.TECHNICAL_REGULATION}
    assert rules(title, **facts) == {"us_tsca_snur": LOW}
    assert rules(title, summary="Use as a wetting agent in ink.", **facts) == {"us_tsca_snur": MEDIUM}
