"""Letters to people: their words, how they are written, and handing them to a mail server."""

from consensus.mail.handing import Answer, MailServerAway, Postbox
from consensus.mail.letters import Letter, Sender, write_letter, write_notice
from consensus.mail.words import spoken

__all__ = ["Answer", "Letter", "MailServerAway", "Postbox", "Sender", "spoken", "write_letter", "write_notice"]
