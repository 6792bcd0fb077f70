"""The review queue: people decide screen by screen, and every decision is a row of an append-only log."""

from consensus.duplicates.deciding.queue import ReviewQueue
from consensus.duplicates.deciding.screens import Screen
from consensus.duplicates.deciding.settled import standing_groups

__all__ = ["ReviewQueue", "Screen", "standing_groups"]
