"""A made-up bureau to try everything on: its target document, its ledgers, its reported self-evaluation."""
