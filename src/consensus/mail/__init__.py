"""Letters to people: their words, how they are written, and handing them to a mail server."""

from consensus.mail.events import Event
from consensus.mail.handing import Answer, MailServerAway, Postbox
from consensus.mail.letters import Letter, Sender, event_title, write_letter, write_notice
from consensus.mail.words import spoken

__all__ = [
    "Answer",
    "Event",
    "Letter",
    "MailServerAway",
    "Postbox",
    "Sender",
    "event_title",
    "spoken",
    "write_letter",
    "write_notice",
]
