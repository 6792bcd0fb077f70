"""The review workbook: what the machine proposes goes out, what a person decided comes back."""

from consensus.importers.review.beside import scope_decisions
from consensus.importers.review.deciding import read_review
from consensus.importers.review.writing import review_workbook

__all__ = ["read_review", "review_workbook", "scope_decisions"]
