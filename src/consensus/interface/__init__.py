"""The words of the survey pages themselves, in every language that they speak; a file of TOML for each.

What a partnership asks is in its own folder. These are the words around it: buttons, faults, receipts.
"""

from consensus.interface.catalogue import LANGUAGES, catalogue, direction, instant_in, missing_words, say, zone_told

__all__ = ["LANGUAGES", "catalogue", "direction", "instant_in", "missing_words", "say", "zone_told"]
