"""Words that make two questions different ones although they share nearly all others: who, how many, and not."""

from __future__ import annotations

import re

__all__ = ["ASKING", "NEGATIONS", "PEOPLE", "TREATMENT_ENDINGS", "cue", "numbers"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEGATIONS = _words(
    "no not never none nor neither nobody nothing without cannot cant dont doesnt didnt isnt arent wasnt wont wouldnt "
    "shouldnt couldnt havent hasnt hadnt t avoid prevent preventing stop stopping stopped quit"
)
"""Words that turn a question round; what is left of "don't" without its marks is "don" and "t"."""

PEOPLE: dict[str, frozenset[str]] = {
    name: _words(words)
    for name, words in {
        "baby": "baby babies infant infants newborn newborns neonate neonatal toddler toddlers preterm premature",
        "child": "child children childs childrens kid kids son daughter boy boys girl girls paediatric pediatric "
        "school teenager teenagers teen teens adolescent adolescents youth young",
        "adult": "adult adults grown",
        "older": "elderly older old aged grandmother grandfather grandparents seniors senior dementia",
        "women": "woman women womens female females mother mothers mum mom wife girl girls",
        "pregnant": "pregnant pregnancy pregnancies antenatal prenatal postnatal postpartum maternal breastfeeding "
        "breastfeed birth",
        "men": "man men mens male males father fathers dad husband boy boys",
        "carer": "carer carers caregiver caregivers family families relatives parents partner",
        "staff": "nurse nurses doctor doctors clinician clinicians gp gps staff workers worker teachers",
        "animal": "dog dogs cat cats pet pets animal animals",
    }.items()
}

ASKING: dict[str, frozenset[str]] = {
    name: _words(words)
    for name, words in {
        "why": "why cause causes caused causing reason reasons",
        "how": "how way ways method methods",
        "when": "when long soon date until duration",
        "where": "where place places country countries state",
        "who": "who whom whose",
        "treat": "treat treats treated treating treatment treatments cure cures therapy therapies medicine medication",
        "harm": "harm harmful side risk risks danger dangerous safe safety effects",
        "test": "test tests tested testing diagnose diagnosed diagnosis screening scan",
        "prevent": "prevent prevents prevention preventing avoid protect reduce",
    }.items()
}

TREATMENT_ENDINGS = re.compile(
    r".{3,}(?:mab|nib|pril|sartan|olol|statin|azole|cillin|mycin|floxacin|cycline|vir|pine|pam|lam|zine|oxetine|"
    r"tidine|prazole|gliptin|formin|caine|profen|sone|solone|xaban|parin|triptan|done)$"
)
"""Endings of the international names of medicines."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def numbers(text: str) -> frozenset[str]:
    """Return the numbers written in a text.

    Examples
    --------
    >>> sorted(numbers("2 of 10 took 5.5 mg"))
    ['10', '2', '5.5']
    """
    return frozenset(_NUMBER.findall(text))


def cue(words: frozenset[str], named: dict[str, frozenset[str]]) -> frozenset[str]:
    """Return which of some named sets of words a text uses.

    Examples
    --------
    >>> sorted(cue(frozenset({"is", "it", "safe", "for", "children"}), PEOPLE))
    ['child']
    """
    return frozenset(name for name, these in named.items() if not these.isdisjoint(words))
