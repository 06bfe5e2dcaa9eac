"""The transparency log: entries under an append-only tree, signed checkpoints, proofs for anyone to check."""
