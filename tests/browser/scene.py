"""A scene to look at: invented notices of every kind, colour and language, runs of every verdict, a bulletin, a draft."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product as pairs
from typing import Any

from domain import clock
from domain.classification import Classification, Confidence, Evidence
from domain.classify import VERSION, classify
from domain.criteria import Criteria
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Reason, RunStatus
from domain.subscription import Topic
from indexer.sync import sync
from storage import captures, decisions, emails, health, matches, outbox, runs, sources, subscriptions
from storage.emails import Letter, Purpose
from storage.ingest import Reading, ingest
from storage.matches import Found
from subscriptions.tokens import Tokens
from tests.browser.portal import EDITOR, OTHER_EDITOR, SECRET, SUBSCRIBER, Portal
from tests.builders import source, store_found

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
K = NoticeKind

EU = source(
    "eu_safety_gate", title="EU Safety Gate alerts", title_zh="欧盟 Safety Gate 危险产品通报",
    publisher=Publisher("European Commission, DG JUST", "欧盟委员会司法与消费者总司", "https://safety-gate.example", "EU"),
    url="https://safety-gate.example/weekly/list.xml", licence="CC BY 4.0", expectation=Expectation(40, 21),
    summary="Weekly reports of dangerous non-food products notified by EU and EEA countries.",
    summary_zh="欧盟及欧洲经济区国家每周通报的非食品类危险产品。",
    caveats=("Published on Fridays; some countries are a week or two late.", "Products notified to the Commission only."),
    caveats_zh=("每周五发布；个别国家的通报可能延迟一到两周。", "只含已通报至欧盟委员会的产品，不含各国国内召回。"))
CA = source(
    "ca_recalls", title="Canada: recalls and safety alerts", title_zh="加拿大召回与安全警示", market="CA",
    publisher=Publisher("Health Canada", "加拿大卫生部", "https://recalls.example", "CA"), listing=Listing.FULL,
    url="https://recalls.example/data.json", licence="Open Government Licence – Canada",
    expectation=Expectation(30000, 10))
WTO = source(
    "wto_tbt_notifications", title="WTO TBT notifications (ePing)", title_zh="WTO/TBT 通报（ePing）", market="INT",
    publisher=Publisher("World Trade Organization", "世界贸易组织", "https://eping.example", "INT"),
    url="https://eping.example/api", expectation=Expectation(20, 14))
DE = source("de_baua_recalls", title="BAuA product recalls", title_zh="德国 BAuA 产品召回", market="DE",
            publisher=Publisher("BAuA", "德国联邦职业安全与健康研究所", "https://baua.example", "DE"))
JP = source("jp_caa_recalls", title="CAA recall information", title_zh="日本消费者厅召回信息", market="JP",
            publisher=Publisher("Consumer Affairs Agency", "日本消费者厅", "https://caa.example", "JP"))
FR = source("fr_rappelconso", title="RappelConso", title_zh="法国 RappelConso 召回", market="FR",
            publisher=Publisher("DGCCRF", "法国竞争、消费和反欺诈总局", "https://rappel.example", "FR"))


def _eu(number: str, title: str, day: int, **changes: object) -> Notice:
    return Notice(**{
        "source": "eu_safety_gate", "external_id": number, "kind": K.FOREIGN_NOTIFICATION, "market": "EU", "title": title,
        "url": f"https://safety-gate.example/alert/{number}", "published_on": date(2026, 11, day), "origin": "CN",
        "risk_level": "serious", "notifying_country": "DE", "measures": ("withdrawal",), "hazards": ("injuries",),
        "raw": {"caseNumber": number, "riskType": "Injuries", "countryOfOrigin": "People's Republic of China"}, **changes})


RED = _eu(
    "SR/04417/26", "Air compressor – Portable 24 L, oil-free, with quick coupling", 20, product="Air compressor",
    brand="Examplair", model="EX-24/8, EX-50/8", category="Machinery", hs_codes=("841480",),
    measures=("withdrawal", "recall_end_users"), identifiers=("SR/04417/26",),
    summary="The pressure vessel is not sufficiently resistant and the safety valve opens too late. The receiver may burst "
            "and cause injuries.\n\nThe product does not comply with the requirements of the Simple Pressure Vessels "
            "Directive 2014/29/EU nor with the relevant European standard EN 286-1.",
    documents=("https://safety-gate.example/alert/SR-04417-26.pdf", "javascript:alert(1)"),
    relates_to=("INFO/00217/26",))
ROHS = _eu(
    "SR/04402/26", "Solenoid valve – 24 V DC, for compressed air", 18, product="Solenoid valve", brand="Flowtest",
    category="Electrical appliances and equipment", hazards=("environment",), measures=("import_rejected",),
    summary="The solder of the coil has an excessive concentration of lead (measured value up to 42 % by weight). "
            "The product does not comply with the requirements of the RoHS Directive 2011/65/EU.")
INK = _eu(
    "OR/01988/26", "Ink cartridges compatible with several inkjet printers, sold as a pack of ten in five colours (black, "
    "cyan, magenta, yellow, photo black) under more than one brand name on online marketplaces", 12,
    risk_level="other_levels", product="Ink cartridge", category="Chemical products",
    hazards=("chemical",), hs_codes=("844399",),
    summary="The ink contains 2-methyl-2H-isothiazol-3-one above the limit; the label is missing.")
GONE = _eu("SR/04210/26", "Pneumatic nail gun hose coupling", 3, product="Pneumatic coupling", category="Machinery",
           summary="The coupling may come loose under pressure.")
TATTOO = _eu("SR/04300/26", "Tattoo ink – Deep Black 30 ml", 10, product="Tattoo ink", category="Chemical products",
             hazards=("chemical",), summary="The ink contains polycyclic aromatic hydrocarbons.")
NASTY = _eu(
    "SR/04399/26", "Toner cartridge <script>alert('x')</script> \u202eevil\u202c & “quotes”", 9, product="Toner cartridge",
    url="javascript:alert(document.cookie)", category="Chemical products",
    summary="<img src=x onerror=alert(1)> printer toner cartridge")
TBT = (
    Notice(
        source="wto_tbt_notifications", external_id="G/TBT/N/EU/1402", kind=K.TBT_NOTIFICATION, market="EU",
        title="Draft Commission Delegated Directive amending Annex III to Directive 2011/65/EU of the European Parliament "
              "and of the Council as regards an exemption for lead in copper alloys",
        url="https://eping.example/en/Search/Index?documentId=1402", published_on=date(2026, 11, 16), stage="regular",
        comment_deadline=date(2026, 11, 30), objectives=("environment", "human_health_safety"), hs_codes=("85",),
        identifiers=("G/TBT/N/EU/1402",), product="Electrical and electronic equipment",
        summary="The draft amends the exemption of lead as an alloying element in copper for EEE under RoHS."),
    Notice(
        source="wto_tbt_notifications", external_id="G/TBT/N/KOR/1311/Add.1", kind=K.TBT_NOTIFICATION, market="KR",
        title="Enforcement Rule of the Occupational Safety and Health Act – safety valves and air receivers", lang="en",
        url="https://eping.example/en/Search/Index?documentId=1311", published_on=date(2026, 11, 5), stage="addendum",
        comment_deadline=date(2027, 1, 15), effective_on=date(2027, 7, 1), product="Safety valves; air receivers",
        hs_codes=("848140",), relates_to=("G/TBT/N/KOR/1311",),
        summary="Certification of safety valves (KCs) is extended to air receivers of compressors."),
)
OTHERS = (
    (DE, Notice(
        source="de_baua_recalls", external_id="2026-118", kind=K.RECALL, market="DE", lang="de",
        title="Rückruf: Druckluftkompressor „Beispiel 50/10“ – Gefahr des Berstens des Druckbehälters",
        url="https://baua.example/118", published_on=date(2026, 11, 19), origin="CN", hazards=("explosion",),
        product="Druckluftkompressor", brand="Beispiel", summary="Die Schweißnaht des Druckluftbehälters kann reißen.")),
    (DE, Notice(
        source="de_baua_recalls", external_id="2026-104", kind=K.RECALL, market="DE", lang="de",
        title="Rückruf von Tintenpatronen für Tintenstrahldrucker wegen falscher Kennzeichnung", product="Tintenpatronen",
        url="https://baua.example/104", published_on=date(2026, 10, 28), hazards=("chemical",),
        summary="Die Kennzeichnung nach CLP fehlt.")),
    (JP, Notice(
        source="jp_caa_recalls", external_id="26-0931", kind=K.RECALL, market="JP", lang="ja",
        title="互換インクカートリッジの一部製品における発熱のおそれに関するお知らせとお願い", product="インクカートリッジ",
        url="https://caa.example/0931", published_on=date(2026, 11, 17), hazards=("fire", "burns"),
        summary="プリンターに装着した際、ICチップ部分が発熱するおそれがあるため、使用を中止してください。")),
    (FR, Notice(
        source="fr_rappelconso", external_id="2026-11-0042", kind=K.RECALL, market="FR", lang="fr",
        title="Compresseur d'air à piston 100 L – risque d'éclatement de la cuve", product="Compresseur d'air",
        url="https://rappel.example/0042", published_on=date(2026, 11, 14), hazards=("explosion",), measures=("refund",),
        summary="La soudure de la cuve présente un défaut. Ne plus utiliser le compresseur.")),
    (CA, Notice(
        source="ca_recalls", external_id="77120", kind=K.RECALL, market="CA",
        title="Sample Tools recalls air compressors due to laceration hazard", url="https://recalls.example/77120",
        published_on=date(2026, 11, 11), product="Air compressors", hazards=("cuts",), measures=("replace",),
        summary="The fan guard can break. Consumers should immediately stop using the air compressor.")),
)



def _de(external_id: str, title: str, day: int, **more: Any) -> Notice:
    return Notice(source="de_baua_recalls", external_id=external_id, kind=K.RECALL, market="DE", title=title, lang="en",
                  url=f"https://baua.example/{external_id}", published_on=date(2026, 11, day), **more)


UNSURE = (
    (_de("2026-701", "Desk set for schools", 8, product="", category="Stationery",
         summary="The set holds pens, a ruler, a lamp and a refill that is sold as an ink cartridge for fountain pens."),
     Classification({"ink_cartridge": Confidence.REVIEW}, {"eu_rohs": Confidence.LOW}, evidence=(
         Evidence("ink_cartridge", "body_term", "body", "ink cartridge"),
         Evidence("eu_rohs", "name_in_body;no_word_of_ours", "body", "RoHS")))),
    (_de("2026-702", "Valve for workshop use", 7, product="Valve", summary="", category="Machinery"),
     Classification({"solenoid_valve": Confidence.LOW}, evidence=(
         Evidence("solenoid_valve", "weak_term+context", "title", "valve"),))),
    (_de("2026-703", "Cylinder kit", 6, product="Cylinder kit", summary="", category="Motor vehicles"),
     Classification({"pneumatic_cylinder": Confidence.LOW}, evidence=(
         Evidence("pneumatic_cylinder", "weak_term+context", "title", "cylinder"),))),
)
"""Notices with what an unsure classifier found in them."""

FEW = RunStatus.INCOMPLETE, Reason("below_floor", {"got": "3", "floor": "500"})


def build(portal: Portal) -> None:
    """Fill a portal and name ids and tokens in its ``ids``. The clock stands at NOW afterwards."""
    clock.fix(datetime(2026, 11, 20, 8, 0, tzinfo=UTC))
    red = _captured(portal, RED)
    _, rohs, ink, gone, tattoo, nasty = portal.store(RED, ROHS, INK, GONE, TATTOO, NASTY, card=EU)
    tbt = portal.store(*TBT, card=WTO)
    others = [portal.store(notice, card=card)[0] for card, notice in OTHERS]
    portal.store(*_many(), card=EU)
    _past_troubles(portal)
    clock.fix(NOW)
    _revise(portal)
    _troubles(portal)
    run = runs.start(portal.db, EU)
    runs.withdraw(portal.db, run, [gone], runs.MISSED_TWICE)
    runs.finish(portal.db, run, RunStatus.OK, Reason("ok"), runs.Tally(seen=2310, withdrawn=1, unchanged=2309, requests=3))
    sync(portal.db, portal.index)
    ids: dict[str, Any] = {"red": red, "rohs": rohs, "ink": ink, "gone": gone, "tattoo": tattoo,
                           "nasty": nasty, "tbt": tbt[0], "german": others[0]}
    portal.ids |= ids
    portal.ids |= _people(portal, ids)
    portal.ids |= _unsure(portal)


def _many() -> list[Notice]:
    """Enough older alerts to turn pages."""
    products = ("Pneumatic cylinder", "Pressure regulator", "Toner cartridge", "Air compressor", "Solenoid valve",
                "Safety valve")
    return [_eu(f"OR/{number:05}/{25 + number % 2}", f"{product} – model {letter}-{number}", 1, product=product,
                risk_level="other_levels", published_on=date(2025 + number % 2, 1 + number % 9, 1 + number % 27),
                category="Machinery", summary="")
            for number, (letter, product) in enumerate(pairs("ABCDEFGH", products))]


def _captured(portal: Portal, notice: Notice) -> int:
    """Store a notice as read from a capture; gives its id."""
    sources.save_cards(portal.db, [EU])
    run = runs.start(portal.db, EU)
    body = f"<?xml version='1.0'?><notification><caseNumber>{notice.external_id}</caseNumber></notification>".encode()
    headers = {"Content-Type": "text/html; charset=utf-8", "ETag": '"5f-1"', "Set-Cookie": "session=abc"}
    capture = captures.record(portal.db, run.id, "https://safety-gate.example/weekly/2026-47.xml", 200, headers,
                              portal.captures.put(body), len(body))
    found = ingest(portal.db, run, [Reading(notice, classify(notice))], VERSION, capture)
    runs.finish(portal.db, run, RunStatus.OK, Reason("ok"), runs.Tally(
        seen=2311, created=found.created, revised=found.revised, unchanged=2310, requests=48))
    with portal.db.read() as session:
        return runs.by_external_ids(session, notice.source, {notice.external_id})[notice.external_id]


def _revise(portal: Portal) -> None:
    """The red notice says more two days later."""
    changed = replace(RED, measures=("withdrawal", "recall_end_users", "sales_ban"), effective_on=date(2026, 12, 1),
                      raw={**RED.raw, "measures": "Ban on the marketing of the product"})
    _captured(portal, changed)


def _unsure(portal: Portal) -> dict[str, Any]:
    """Notices that wait for an editor, the last one decided."""
    ids = store_found(portal.db, *UNSURE, card=DE)
    with portal.db.read() as session:
        stamp = decisions.dossier(session, ids[-1]).stamp
    decisions.decide(portal.db, ids[-1], portal.people[EDITOR], stamp, [], [], "other_sense: 指发动机气缸")
    sync(portal.db, portal.index)
    return {"unsure": ids[0], "decided": ids[-1]}


def _past_troubles(portal: Portal) -> None:
    """Sources that were in trouble before; Japan's still is."""
    health.note(portal.db)
    for hour, ends in ((18, {CA: (RunStatus.BLOCKED, Reason("http_status", {"url": CA.url, "status": "403"})), JP: FEW}),
                       (23, {CA: (RunStatus.OK, Reason("ok"))})):
        clock.fix(datetime(2026, 11, 20, hour, 0, tzinfo=UTC))
        for card, (status, reason) in ends.items():
            runs.finish(portal.db, runs.start(portal.db, card), status, reason, runs.Tally(seen=3, requests=1))
        health.note(portal.db)


def _troubles(portal: Portal) -> None:
    """Sources in trouble."""
    _blocked(portal)
    for card, status, reason in (
            (WTO, RunStatus.HELD, Reason("breaker", {"count": "412", "limit": "50"})),
            (JP, *FEW)):
        run = runs.start(portal.db, card)
        runs.finish(portal.db, run, status, reason, runs.Tally(seen=3, requests=1))
    sources.pause(portal.db, FR.slug, "对方正在更换网站，12 月 1 日后恢复采集", "operator")
    health.note(portal.db)


def _blocked(portal: Portal) -> None:
    """Canada answers with a page for people, which is kept."""
    run, page = runs.start(portal.db, CA), b"<html><title>Technical difficulties</title></html>"
    reason = Reason("html_instead", {"url": CA.url, "title": "Technical difficulties"})
    capture = captures.record(portal.db, run.id, CA.url, 200, {"Content-Type": "text/html"}, portal.captures.put(page),
                              len(page), "read_dump")
    runs.finish(portal.db, run, RunStatus.FAILED, reason, runs.Tally(requests=1, details={
        "lost": [{"url": CA.url, "why": reason.text()}], "warnings": {"unknown field 'Column 30'": 2}}))
    portal.ids |= {"failed_run": run.id, "failed_capture": capture}


def _people(portal: Portal, ids: dict[str, Any]) -> dict[str, Any]:
    """A subscriber with subscriptions, a published bulletin and a draft."""
    portal.subscriptions.subscribe(SUBSCRIBER, Criteria(
        product_types=frozenset(("ink_cartridge", "toner_cartridge")), markets=frozenset(("EU", "DE"))),
        "出口欧盟的墨盒与硒鼓")
    mine = portal.subscriptions.confirm(portal.token("confirm")).id
    portal.subscriptions.subscribe(SUBSCRIBER, Criteria(), "", Topic.BULLETINS, portal.zones["zhuhai"])
    portal.subscriptions.confirm(portal.token("confirm"))
    service, editor, zhuhai = portal.bulletins, portal.people[EDITOR], portal.zones["zhuhai"]
    first = service.create(editor, zhuhai, "打印耗材质量安全简报（2026 年第 11 期）", COMMENT,
                           [ids["ink"], ids["rohs"], ids["tbt"]])
    service.publish(editor, first)
    draft = service.create(editor, zhuhai, "墨盒化学品标签专题（草稿）", "请各企业自查标签。", [ids["ink"], ids["gone"]])
    portal.subscriptions.subscribe("look@firm.example", LOOK, "气动元件（欧盟）")
    return {"mine": mine, "bulletin": first, "draft": draft, "confirm": portal.token("confirm"),
            "zone": portal.zones["zhuhai"], "sign_in": portal.sign_in_path(OTHER_EDITOR).rpartition("/")[2],
            "address": Tokens(SECRET).address(portal.people[OTHER_EDITOR], "second@fenghua.example"),
            "unsubscribe": Tokens(SECRET).unsubscribe(portal.people[SUBSCRIBER], ()),
            "outages": Tokens(SECRET).outages(portal.people[SUBSCRIBER]), "told": _mail_that_left(portal, ids)}


def _mail_that_left(portal: Portal, ids: dict[str, Any]) -> str:
    """The token of a mail that told the subscriber of some notices."""
    person_id, message_id = portal.people[SUBSCRIBER], "<told@portal.example>"
    with portal.db.write() as session:
        asked = subscriptions.of_person(session, person_id)[0].id
        matches.add(session, [Found(asked, ids[name], f"told:{name}", 1, 1) for name in ("red", "ink", "rohs", "tbt")])
        email_id = emails.add(session, Letter(person_id, SUBSCRIBER, Purpose.ALERT, message_id, "from@portal.example",
                                              "【红色预警】", "", ""))
        assert email_id
        matches.composed(session, {email_id: {each.id: 1 for each in matches.waiting(session, [person_id])[person_id]}})
        outbox.mark_sent(session, [email_id])
    return Tokens(SECRET).mail(message_id)


LOOK = Criteria(product_types=frozenset(("air_compressor", "pneumatic_cylinder")), markets=frozenset(("EU",)),
                words=("EN 286-1",))
COMMENT = """本月欧盟通报一起墨盒化学危害案例，原因是墨水中的防腐剂超标且未按 CLP 法规加贴标签。

建议各企业：
1. 核对墨水配方中异噻唑啉酮类防腐剂的含量；
2. 检查外包装标签是否含欧盟责任人信息；
3. RoHS 豁免修订草案的评议期到 11 月 30 日，有意见请在 25 日前报协会。"""
