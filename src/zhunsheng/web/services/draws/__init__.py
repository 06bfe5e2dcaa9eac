"""Double random at work: registers, the plan, the commitment, two people's entries, the draw, its results."""
