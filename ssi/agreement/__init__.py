"""Whether an indexer and the chain agree: what the indexer says of every state that contracts have, compared with what
they answer at the indexer's block, and every difference by name. Lists of events and samples are not compared.
"""

from ssi.agreement.check import Agreement, Difference, agree

__all__ = ["Agreement", "Difference", "agree"]
