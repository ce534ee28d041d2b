"""Attack cases 1 to 6: what is asked, what is connected to, and what goes along. Real crawls, on a wire of the test's own or
behind a gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from crawlers.fetch.addresses import is_public, rule_against_url
from domain.source import REASONS
from tests.attack.certificates import Authority
from tests.attack.wire import (
    BLANK,
    CA_HOST,
    GOOD,
    OTHER,
    PUBLIC,
    PUBLIC_V6,
    Serving,
    Site,
    Wire,
    crawl,
    notices,
    on,
    probe,
)
from tests.publishers import CA_DUMP, ca_dump
from tests.replay import Answer, Gateway

# -- 1, 2: what may be connected to -----------------------------------------------------------------------------------

PRIVATE = {
    "127.0.0.1": "loopback", "10.1.2.3": "private network", "172.16.0.1": "private network",
    "172.31.255.255": "private network", "192.168.1.1": "private network", "169.254.169.254": "link-local",
    "::1": "loopback", "fc00::1": "private network", "fd12:3456::1": "private network", "fe80::1": "link-local",
    "0.0.0.0": "unspecified", "::": "unspecified", "100.64.0.1": "carrier-grade NAT", "100.127.255.255": "carrier-grade NAT",
    "224.0.0.1": "multicast", "239.255.255.250": "multicast", "ff02::1": "multicast", "ff0e::1": "multicast",
}
RESERVED = {
    "3fff::1": "documentation", "2001:db8::1": "documentation", "192.0.2.1": "documentation", "203.0.113.9": "documentation",
    "198.18.0.1": "reserved", "255.255.255.255": "reserved", "240.0.0.1": "reserved", "192.0.0.8": "reserved",
    "fec0::1": "private network", "100::1": "reserved", "5f00::1": "reserved", "4000::1": "reserved",
}
HIDDEN = dict.fromkeys((
    "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::10.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b::a00:1",
    "64:ff9b:1::a00:1", "2002:a00:1::", "2001:0:4136:e378:8000:63bf:f5ff:fffe"), "IPv4 within IPv6")


def all_refused(folder: Path, addresses: dict[str, str]) -> None:
    """Whatever a name leads to: no connection, the rule said by its name in both languages."""
    hosts = {f"h{number}.example": address for number, address in enumerate(addresses)}
    urls = {f"http://{host}/list": address for host, address in hosts.items()}
    report = probe(folder, Wire({host: [address] for host, address in hosts.items()}), list(urls), hosts)
    assert (report["status"], report["reason"], report["connected"]) == ("failed", "refused_address", [])
    assert report["lost"].keys() == urls.keys()
    for url, why in report["lost"].items():
        assert f"{urls[url]} is refused ({addresses[urls[url]]})" in why
    assert "不予连接" in report["why_zh"]


@pytest.mark.parametrize("addresses", [PRIVATE, RESERVED], ids=["private", "reserved"])
def test_case_01_names_that_lead_to_forbidden_addresses_are_refused(tmp_path: Path, addresses: dict[str, str]) -> None:
    all_refused(tmp_path, addresses)


LITERALS = ["http://127.0.0.1/", "http://10.0.0.1:8080/x", "https://169.254.169.254/latest/meta-data/", "http://[::1]/",
            "http://[fd00::1]:80/", "http://0.0.0.0/", "http://100.64.1.1/", "http://[ff02::1]/", "http://[3fff::1]/"]


def hosts_of(urls: list[str]) -> list[str]:
    return [urlsplit(url).hostname or "" for url in urls]


@pytest.mark.parametrize("behind", [False, True], ids=["direct", "gateway"])
def test_case_01_private_addresses_on_a_card_are_refused_with_a_gateway_too(serve: Serving, tmp_path: Path,
                                                                            behind: bool) -> None:
    gateway = serve(Gateway, {})
    wire, route = (None, {"gateway": gateway.url}) if behind else (Wire(), {})
    report = probe(tmp_path, wire, LITERALS, hosts_of(LITERALS), **route)
    assert (report["reason"], report["lost"].keys()) == ("refused_address", set(LITERALS)), report["log"]
    assert (report["connected"], gateway.asked) == ([], [])


def test_case_01_a_source_that_turns_private_is_kept_with_all_it_has(serve: Serving, tmp_path: Path) -> None:
    site = serve(Site, {CA_DUMP: ca_dump(1, 2)}, Authority(tmp_path).context(CA_HOST))
    trusted = {"trust": tmp_path / "authority.pem", "floor": 1}
    report = crawl(tmp_path, on(site, CA_HOST, port=443), **trusted)
    assert (report["status"], report["created"]) == ("ok", 2), report["log"]
    assert set(report["connected"]) == {(PUBLIC, 443)}
    before = notices(tmp_path)
    for _ in range(2):
        report = crawl(tmp_path, Wire({CA_HOST: ["169.254.169.254"]}), **trusted)
        assert (report["status"], report["reason"], report["withdrawn"]) == ("failed", "refused_address", 0)
    assert notices(tmp_path) == before == {"1": "active", "2": "active"}
    assert crawl(tmp_path, on(site, CA_HOST, port=443), **trusted)["status"] == "ok"


def test_case_01_public_addresses_of_both_kinds_are_connected_to(serve: Serving, tmp_path: Path) -> None:
    site = serve(Site, {f"https://{GOOD}/": BLANK})
    wire = Wire({GOOD: [PUBLIC_V6]}, {(PUBLIC_V6, 80): site.port})
    report = probe(tmp_path, wire, [f"http://{GOOD}/"], [GOOD])
    assert (report["status"], set(report["connected"])) == ("ok", {(PUBLIC_V6, 80)})
    assert all(map(is_public, ("8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1111", "2400:3200::1")))


def test_case_02_ipv4_hidden_in_ipv6_is_refused(tmp_path: Path) -> None:
    all_refused(tmp_path, HIDDEN)


ODD = ["http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/", "http://127.1/",
       "http://10.0.0x1/", "http://0/", "http://good.example./", "http://127.0.0.1./", "http://[::ffff:10.0.0.1]/",
       "http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://1.2.3.4.5/", "http://08.08.08.08/"]


@pytest.mark.parametrize("behind", [False, True], ids=["direct", "gateway"])
def test_case_02_odd_numbers_and_trailing_dots_are_refused(serve: Serving, tmp_path: Path, behind: bool) -> None:
    gateway = serve(Gateway, {})
    wire, route = (None, {"gateway": gateway.url}) if behind else (Wire({"good.example.": [PUBLIC]}), {})
    report = probe(tmp_path, wire, ODD, hosts_of(ODD), **route)
    assert (report["reason"], report["lost"].keys()) == ("refused_address", set(ODD)), report["log"]
    assert (report["connected"], gateway.asked) == ([], [])


def test_case_02_full_width_digits_are_the_number_they_mean(tmp_path: Path) -> None:
    urls = ["http://１２７.０.０.１/", "http://127。0。0。1/", "http://①②⑦.0.0.1/"]
    report = probe(tmp_path, Wire(), urls, [*hosts_of(urls), "127.0.0.1"])
    assert (report["status"], report["reason"], report["connected"]) == ("failed", "refused_address", [])
    assert len(report["lost"]) >= 1


# -- 3: names that change their mind ----------------------------------------------------------------------------------

def test_case_03_the_connection_goes_to_the_address_that_was_checked(serve: Serving, tmp_path: Path) -> None:
    """The name leads to our own network from the second look-up on: there is one look-up a request, and the second request
    is refused though a connection to the first address is still open."""
    urls = [f"https://{GOOD}/robots.txt", f"https://{GOOD}/a", f"https://{GOOD}/b"]
    site = serve(Site, dict.fromkeys(urls[1:], BLANK))
    wire = Wire({GOOD: [[PUBLIC], [PUBLIC], ["127.0.0.1"]]}, {(PUBLIC, 80): site.port, ("127.0.0.1", 80): site.port})
    report = probe(tmp_path, wire, [f"http://{GOOD}/a", f"http://{GOOD}/b"], [GOOD])
    assert report["looked_up"] == [GOOD] * 3
    assert {address for address, _ in report["connected"]} == {PUBLIC}
    assert [url for url, _, _ in site.asked] == urls[:2]
    assert report["lost"] == {f"http://{GOOD}/b": f"http://{GOOD}/b was not asked: 127.0.0.1 is refused (loopback)"}


def test_case_03_of_mixed_addresses_only_the_public_one_is_used(serve: Serving, tmp_path: Path) -> None:
    site = serve(Site, {f"https://{GOOD}/": BLANK})
    wire = Wire({GOOD: ["127.0.0.1", "fd00::1", PUBLIC, "::ffff:127.0.0.1"]}, {(PUBLIC, 80): site.port})
    report = probe(tmp_path, wire, [f"http://{GOOD}/"], [GOOD])
    assert (report["status"], set(report["connected"])) == ("ok", {(PUBLIC, 80)})
    assert "also leads to 127.0.0.1, which is left out: loopback" in report["log"]


def test_case_03_a_name_that_leads_nowhere_or_answers_never_is_out_of_reach(tmp_path: Path) -> None:
    report = probe(tmp_path, Wire({GOOD: [[]]}), [f"http://{GOOD}/"], [GOOD])
    assert (report["status"], report["reason"], report["connected"]) == ("failed", "unreachable", [])
    report = probe(tmp_path, Wire(), ["http://unknown.example/"], ["unknown.example"])
    assert (report["status"], report["reason"], report["connected"]) == ("failed", "unreachable", [])


# -- 4, 5: where redirects lead ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("target", [
    "http://10.0.0.1/", "http://[::1]/", "https://127.0.0.1/", "http://2130706433/", "file:///etc/passwd",
    "ftp://other.example/x", f"ftp://{GOOD}/x", "gopher://127.0.0.1:70/_x", "data:application/json,{}", "javascript:x()",
    "//10.0.0.1/", "///10.0.0.1/", "http://[::1", f"http://{GOOD}:99999/", "http://",
    "https:"])
def test_case_04_redirects_to_private_places_or_other_schemes_stop(serve: Serving, tmp_path: Path, target: str) -> None:
    gateway = serve(Gateway, {f"https://{GOOD}/list": Answer(b"moved", status=302, headers={"Location": target})})
    report = probe(tmp_path, None, [f"http://{GOOD}/list"], [GOOD], gateway=gateway.url)
    assert report["status"] == "failed", report["why"]
    assert report["reason"] in ("off_site", "refused_address"), report["why"]
    assert gateway.addresses() == [f"https://{GOOD}/list"]


def test_case_04_every_hop_is_checked_when_it_is_connected_to(serve: Serving, tmp_path: Path) -> None:
    site = serve(Site, {f"https://{GOOD}/": Answer(status=302, headers={"Location": f"http://{OTHER}/inside"})})
    wire = Wire({GOOD: [PUBLIC], OTHER: ["10.0.0.1"]}, {(PUBLIC, 80): site.port, ("10.0.0.1", 80): site.port})
    report = probe(tmp_path, wire, [f"http://{GOOD}/"], [GOOD, OTHER])
    assert (report["status"], report["reason"]) == ("failed", "refused_address")
    assert "10.0.0.1 is refused (private network)" in report["why"]
    assert {address for address, _ in report["connected"]} == {PUBLIC}
    assert site.addresses() == [f"https://{GOOD}/"]


def test_case_04_an_encrypted_source_is_not_led_out_of_its_encryption(serve: Serving, tmp_path: Path) -> None:
    plain = f"http://{GOOD}/plain"
    gateway = serve(Gateway, {f"https://{GOOD}/list": Answer(status=301, headers={"Location": plain})})
    report = probe(tmp_path, None, [f"https://{GOOD}/list"], [GOOD], gateway=gateway.url)
    assert (report["status"], report["reason"]) == ("failed", "insecure_redirect")
    assert report["why"] == f"https://{GOOD}/list led to {plain}, which is not encrypted"
    assert gateway.addresses() == [f"https://{GOOD}/list"]


TRICKS = [rf"http://{GOOD}\@10.0.0.1/", rf"http://10.0.0.1\@{GOOD}/", f"http://10.0.0.1@{GOOD}/", f"http://{GOOD}#@10.0.0.1/",
          f"http://{GOOD}?@10.0.0.1/", f"http://a:b@{GOOD}/", f"http://10.0.0.1%5C@{GOOD}/", rf"http://{GOOD}\.10.0.0.1/",
          f"http://10.0.0.1#@{GOOD}/", f"http://{GOOD}@10.0.0.1/", f"http://{GOOD}%2f@10.0.0.1/", rf"http:\\10.0.0.1\{GOOD}",
          r"/\10.0.0.1/", r"\\10.0.0.1/", f"http:/{GOOD}/x", f"http:{GOOD}/x", f"http:///{GOOD}/x", f"http://{GOOD}:0/"]


@pytest.mark.parametrize("trick", TRICKS)
def test_case_05_a_redirect_that_two_parsers_read_differently_is_refused(serve: Serving, tmp_path: Path, trick: str) -> None:
    gateway = serve(Gateway, {f"https://{GOOD}/list": Answer(status=302, headers={"Location": trick})})
    report = probe(tmp_path, None, [f"http://{GOOD}/list"], [GOOD], gateway=gateway.url)
    assert report["status"] == "failed", report["why"]
    assert report["reason"] in ("off_site", "refused_address"), report["why"]
    assert gateway.addresses() == [f"https://{GOOD}/list"]


def test_case_05_such_an_address_is_refused_as_a_link_too(serve: Serving, tmp_path: Path) -> None:
    """But for the one with a question mark, which the framework writes plainly before anybody reads it."""
    links = [url for url in TRICKS if url.startswith("http://") and rule_against_url(url) and "?" not in url
             and GOOD in hosts_of([url])]
    assert len(links) == 6
    site = serve(Site, dict.fromkeys((f"https://{GOOD}/", f"https://{GOOD}/x"), BLANK))
    report = probe(tmp_path, on(site, GOOD), links, [GOOD])
    assert (report["status"], len(report["lost"])) == ("failed", len(links))
    assert site.addresses() == []
    assert {address for address, _ in report["connected"]} <= {PUBLIC}


@pytest.mark.parametrize("url", [f"https://{GOOD}/a?b=@c", f"https://{GOOD}/@user/list", f"https://{GOOD}:8443/x#@y",
                                 f"http://{GOOD}", "https://xn--fiqs8s.example/", "http://8.8.8.8/", "http://[2606:4700::1]/"])
def test_case_05_plain_addresses_are_left_alone(url: str) -> None:
    assert rule_against_url(url) is None


# -- 6: what goes along -----------------------------------------------------------------------------------------------

SECRETS = {"Authorization": "Bearer word", "Cookie": "who=me", "Proxy-Authorization": "Basic word", "X-Api-Key": "word"}


@pytest.mark.parametrize(("target", "along"), [
    (f"http://{GOOD}/there", True), (f"http://{OTHER}/there", False), (f"http://{GOOD}:8080/there", False)],
    ids=["same", "host", "port"])
def test_case_06_secrets_stay_with_the_server_they_are_for(serve: Serving, tmp_path: Path, target: str, along: bool) -> None:
    there = target.replace("http:", "https:")
    site = serve(Site, {f"https://{GOOD}/": Answer(status=307, headers={"Location": target}), there: BLANK})
    wire = Wire({GOOD: [PUBLIC], OTHER: [PUBLIC]}, {(PUBLIC, 80): site.port, (PUBLIC, 8080): site.port})
    report = probe(tmp_path, wire, [f"http://{GOOD}/"], [GOOD, OTHER], headers=SECRETS)
    assert report["status"] == "ok", report["log"]
    asked = {url: headers.keys() & SECRETS.keys() for url, _, headers in site.asked}
    assert asked[f"https://{GOOD}/"] == SECRETS.keys()
    assert asked[there] == (SECRETS.keys() if along else set())


def test_case_06_secrets_do_not_change_the_scheme(serve: Serving, tmp_path: Path) -> None:
    safe = serve(Site, {f"https://{GOOD}/there": BLANK}, Authority(tmp_path).context(GOOD))
    site = serve(Site, {f"https://{GOOD}/": Answer(status=301, headers={"Location": f"https://{GOOD}/there"})})
    wire = Wire({GOOD: [PUBLIC]}, {(PUBLIC, 80): site.port, (PUBLIC, 443): safe.port})
    report = probe(tmp_path, wire, [f"http://{GOOD}/"], [GOOD], headers=SECRETS, trust=tmp_path / "authority.pem")
    assert report["status"] == "ok", report["log"]
    assert safe.asked[-1][0] == f"https://{GOOD}/there"
    assert not safe.asked[-1][2].keys() & SECRETS.keys()


@pytest.mark.parametrize(("hops", "status"), [(5, "ok"), (6, "failed")])
def test_case_06_five_hops_are_followed_and_no_more(serve: Serving, tmp_path: Path, hops: int, status: str) -> None:
    steps: dict[str, Any] = {f"https://{GOOD}/{number}": Answer(status=302, headers={"Location": f"/{number + 1}"})
                             for number in range(hops)}
    gateway = serve(Gateway, steps | {f"https://{GOOD}/{hops}": BLANK})
    report = probe(tmp_path, None, [f"http://{GOOD}/0"], [GOOD], gateway=gateway.url)
    assert report["status"] == status
    assert len(gateway.addresses()) == 6
    assert report["reason"] == ("ok" if status == "ok" else "redirect_loop")


def test_case_06_a_loop_of_two_ends(serve: Serving, tmp_path: Path) -> None:
    gateway = serve(Gateway, {f"https://{GOOD}/a": Answer(status=302, headers={"Location": "/b"}),
                              f"https://{GOOD}/b": Answer(status=302, headers={"Location": "/a"})})
    report = probe(tmp_path, None, [f"http://{GOOD}/a"], [GOOD], gateway=gateway.url)
    assert (report["status"], report["reason"], len(gateway.addresses())) == ("failed", "redirect_loop", 6)


def test_every_new_reason_is_told_in_both_languages() -> None:
    for code in ("refused_address", "insecure_redirect", "unverified_tls", "too_large", "unpacking"):
        english, chinese = REASONS[code]
        assert english != chinese
        assert "{url}" in english
        assert "{url}" in chinese
