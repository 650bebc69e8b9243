"""Whether an indexer and the chain agree: everything that the indexer knows, compared with what the contracts answer at
the indexer's block, and every difference by name.
"""

from ssi.agreement.check import Agreement, Difference, agree

__all__ = ["Agreement", "Difference", "agree"]
