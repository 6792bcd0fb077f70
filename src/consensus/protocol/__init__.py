"""What the steering group fixed in advance: protocol text to a frozen `Protocol`.

A partnership is a folder with `protocol.toml`, `gather.toml` and `interim.toml`. `read_protocol` reads all three and
tells every fault of all three at once, each with its file, its key and the remedy. Times in the files are those of the
partnership's named time zone; in the `Protocol` they are instants in UTC.
"""

from consensus.protocol.model import (
    Category,
    Choice,
    Group,
    Partner,
    Protocol,
    RoundPlan,
    Seats,
    Signpost,
    Survey,
    SurveyItem,
)
from consensus.protocol.reading import FILES, parse_protocol, protocol_hash, read_accepted, read_protocol
from consensus.protocol.survey import MOST
from consensus.protocol.versions import reworded_items, version_faults
from consensus.protocol.words import Words

__all__ = [
    "FILES",
    "MOST",
    "Category",
    "Choice",
    "Group",
    "Partner",
    "Protocol",
    "RoundPlan",
    "Seats",
    "Signpost",
    "Survey",
    "SurveyItem",
    "Words",
    "parse_protocol",
    "protocol_hash",
    "read_accepted",
    "read_protocol",
    "reworded_items",
    "version_faults",
]
