"""Some of the mutants, drawn by a seed.

Each file gets a share of the draws by the lines that can be mutated in it. In a file, a line is drawn first and then
one of its mutants, so that a long expression weighs no more than a short one.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tools.mutation.operators import Mutation

LEAST = 300  # fewer say too little about the suite


def shares(lines: Mapping[str, int], count: int) -> dict[str, int]:
    """So many draws for each file, `count` together: by its lines, the remainders to the largest fractions."""
    total = sum(lines.values())
    exact = {file: count * of / total for file, of in lines.items()}
    answer = {file: int(value) for file, value in exact.items()}
    behind = sorted(exact, key=lambda file: (answer[file] - exact[file], file))
    for file in behind[: count - sum(answer.values())]:
        answer[file] += 1
    return answer


def draw(candidates: Iterable[Mutation], seed: str, count: int) -> list[Mutation]:
    """`count` different mutants in the order in which they run: any beginning of it is a sample as well.

    The same seed draws the same mutants of the same sources.
    """
    by_line = defaultdict[str, defaultdict[int, list[Mutation]]](lambda: defaultdict(list))
    for mutant in candidates:
        by_line[mutant.file][mutant.line].append(mutant)
    drawn = []
    for file, share in shares({file: len(lines) for file, lines in sorted(by_line.items())}, count).items():
        drawn += _of_file(by_line[file], random.Random(f"{seed}\0{file}"), share)
    random.Random(seed).shuffle(drawn)
    return drawn


def _of_file(lines: Mapping[int, Sequence[Mutation]], luck: random.Random, share: int) -> list[Mutation]:
    """Every line once before one has a second turn."""
    left = {line: luck.sample(list(of), len(of)) for line, of in sorted(lines.items())}
    answer: list[Mutation] = []
    while len(answer) < share and left:
        for line in luck.sample(list(left), min(share - len(answer), len(left))):
            answer.append(left[line].pop())
            if not left[line]:
                del left[line]
    return answer
