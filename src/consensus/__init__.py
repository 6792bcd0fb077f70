"""Consensus: priority setting partnerships, from the words people wrote to the Top 10."""

__version__ = "0.1.0"
