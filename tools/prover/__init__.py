"""What `make prove` stands on beside the solvers: questions of the prover, and what they are as whole numbers."""
