"""Letters to people: their words, how they are written, and handing them to a mail server."""

from consensus.mail.handing import Answer, MailServerAway, Postbox
from consensus.mail.letters import Letter, Sender, write_letter

__all__ = ["Answer", "Letter", "MailServerAway", "Postbox", "Sender", "write_letter"]
