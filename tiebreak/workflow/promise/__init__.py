"""Labels with a proof: what is asked, which records, the frozen policy, audits, certificates."""
