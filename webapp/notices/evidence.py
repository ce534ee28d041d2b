"""Why a notice was filed under a product type or regulation, in words a reader can check against the original."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.classification import Classification, Confidence, Evidence
from domain.decision import DECIDED, decided
from domain.regulation import REGULATIONS, types_bound_by
from webapp import labels
from webapp.i18n import N_, gettext

WHERE = {"title": N_("标题"), "product": N_("产品名称"), "body": N_("正文"), "category": N_("发布机构的类别"),
         "codes": N_("HS/ICS 编码"), "kind": N_("信息种类")}
RULES = {
    DECIDED: N_("编辑判定"),
    "exact_code": N_("编码专指此类产品"),
    "shared_code": N_("编码包含此类产品"),
    "title_term": N_("标题或产品名称写明此类产品"),
    "category": N_("发布机构的类别包含此类产品"),
    "telling_code": N_("编码说明了多义词的含义"),
    "kind_with_product": N_("此类信息依该法规发布，且涉及本行业产品"),
    "weak_term": N_("出现多义词"),
    "context": N_("上下文支持此含义"),
    "contexts": N_("多处上下文支持此含义"),
    "modifier": N_("多义词旁有行业用语"),
    "body_term": N_("正文写明此类产品"),
    "body_context": N_("正文支持此含义"),
    "rule_for_type": N_("引用了专门约束此类产品的法规"),
    "general_title": N_("标题写明所属行业"),
    "codes_disagree": N_("但编码与标题不一致"),
    "doubt_in_body": N_("但正文中有存疑的词"),
    "title_names_no_product": N_("此类文件的标题从不写明产品"),
    "cited_with_product": N_("涉及受该法规约束的本行业产品，并引用该法规"),
    "number_in_title": N_("标题引用法规编号"),
    "number_in_body": N_("正文引用法规编号"),
    "name_in_title": N_("标题提到法规名称"),
    "name_in_body": N_("正文提到法规名称"),
    "acts_on_it": N_("内容是修订或实施该法规"),
    "other_market": N_("但发布方不属于该法规的市场"),
    "no_word_of_ours": N_("但未出现本行业用语"),
    "doubt": N_("但文中有易混淆的词"),
}
"""Parts of the rules that domain.classify names (a rule is several of them joined), and what editors leave."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What fired: the rule in words, and where which words or codes of the publisher stand."""

    rule: str
    finds: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A product type or regulation a notice is about. ``binds`` names our product types under a regulation."""

    id: str
    name: str
    confidence: Confidence
    reasons: Sequence[Reason]
    binds: Sequence[str] = ()
    condition: str = ""


def decision_text(found: Classification) -> str:
    """What an editor decided and why, as a sentence; empty when the classifier's finding counts."""
    made = list(decided(found))
    if not made:
        return ""
    return gettext("编辑判定：%(what)s，理由：%(reason)s。", what=labels.decided(found.product_types, found.horizontal),
                   reason=labels.reason(made[0].what))


def product_findings(found: Classification, least: Confidence = Confidence.LOW) -> list[Finding]:
    """Product types, the surest first; candidates that no person has checked are left out unless ``least`` wants them."""
    return [Finding(name, labels.product_type(name), level, _reasons(found.evidence, name))
            for name, level in _shown(found.product_types.items(), least)]


def regulation_findings(found: Classification, least: Confidence = Confidence.LOW) -> list[Finding]:
    """Regulations, the surest first, with those of our product types that they bind."""
    return [Finding(name, labels.regulation(name), level, _reasons(found.evidence, name),
                    [labels.product_type(each) for each in types_bound_by(name)] if name in REGULATIONS else [],
                    REGULATIONS[name].condition if name in REGULATIONS else "")
            for name, level in _shown(found.horizontal.items(), least)]


def _shown(levels: Iterable[tuple[str, Confidence]], least: Confidence) -> list[tuple[str, Confidence]]:
    shown = [(name, level) for name, level in levels if level.at_least(least)]
    return sorted(shown, key=lambda each: -each[1].rank)


def _reasons(evidence: Sequence[Evidence], subject: str) -> list[Reason]:
    by_rule: dict[str, list[tuple[str, str]]] = {}
    for line in evidence:
        if line.subject == subject and not line.rule.startswith("vetoed_by:"):
            finds = by_rule.setdefault(line.rule, [])
            if line.rule != DECIDED:  # its reason stands above all findings
                finds.append((gettext(WHERE.get(line.where, line.where)), line.what))
    return [Reason(rule_text(rule), finds) for rule, finds in by_rule.items()]


def rule_text(rule: str) -> str:
    """A rule in words; a part we have no words for is shown as it is."""
    parts = [part.split(":")[0] for part in rule.replace(";", "+").split("+")]
    return gettext("，").join(gettext(RULES[part]) if part in RULES else part for part in parts)
