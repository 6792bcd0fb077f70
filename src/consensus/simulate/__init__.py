"""Seeded partnerships whose truth is known."""
