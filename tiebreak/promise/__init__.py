"""Labels with a proof: terms, candidates, the frozen policy, audits, certificates."""
