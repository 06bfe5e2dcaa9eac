"""The transparency log: entries under an append-only tree, signed checkpoints, proofs that anyone can check."""
