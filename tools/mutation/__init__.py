"""Mutants that no author chose: every operator of a public list, over all lines of the contracts but the mocks.

`operators` finds them in solc's syntax trees, `sample` draws some by a seed, `builds` compiles each as the build does,
`tests` runs what may notice it, and `records` keeps what came out and counts it. `python -m tools.mutation` is
`make mutants SEED=…`.
"""
