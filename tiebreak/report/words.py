"""What the page says whatever the project: what a promise is and is not, the method, its sources.

Markdown's backquotes mark code. The design page of the promise says the same at length.
"""

from __future__ import annotations

IS = (
    "**A disagreement is counted, not a truth.** The promise says how many machine labels differ "
    "from what a person would say who does not see the machine's answer. Where that person is "
    "wrong and agrees with the machine, nobody notices: that part is measured by a second person, "
    "stands beside the first, and is never mixed into it.",
    "**It is about the procedure, before anyone looked.** With the confidence asked for, over all "
    "policies and all looks together, the procedure does not hand out a file that is worse than "
    "promised. It is no probability that this one file is good, now that its audits are known.",
    "**A certificate is a state.** It is computed anew at every look from the answers that there "
    "are. One more wrong audit can end it, and then its labels come back.",
    "**There are two promises, label and dataset.** `label` is about the labels that no person "
    "checked. `dataset` is about all labels of the exported file, with people's counted as right: "
    "easier to earn, and the machine's labels alone may be worse than its figure.",
)
IS_NOT = (
    "**Nothing is said of records that came in after a policy was frozen.** They are in no "
    "certificate until a further policy covers them; only a project that was set up as a stream "
    "has a bound for them, and that is about labels issued so far, never about those to come.",
    "**Nothing is said of a single record,** nor of a label, a kind of text or a group of people "
    "within a tier. Ask for a tier of its own where an error costs more.",
    "**Unproved and simulated labels have no promise.** A simulated certificate shows what would "
    "have happened if the file's own labels had been people's answers. It proves nothing of data "
    "without labels.",
    "**Accuracies, forecasts, drift sensors and intervals promise nothing.** They describe, and "
    "an interval that is looked at again and again errs more often than it says.",
)
BREAKS = (
    "Somebody who looks at the machine's answer while answering an audit.",
    "An answer that depends on whether a record is an audit: blind cards must all look alike.",
    "The secret of a policy getting out: who knows it can tell which records will be audited.",
    "People who make the machine's errors: they agree with it where both are wrong.",
    "Records that are put in or taken out because of what the machine says of them.",
    "Rows of the log that somebody changed. `tiebreak verify DIR` names them.",
)
METHOD = (
    "Agent and model label each record. Where they say the same, and no person looked yet, the "
    "record is a *candidate*; its score is their fused probability, good for ranking alone.",
    "The policy is frozen: encoder, model, agent, prompt, guideline, examples, fusion, labels, "
    "tiers. Each candidate's label and score are written down before its coin is read.",
    "Version v has the share `δ′ = δ·6/(π²v²)`, divided by the count of tiers; all shares that "
    "will ever be spent add up to δ (here π is the number).",
    "*Rungs* are nested sets of candidates, those with at least some score. Thresholds, sizes and "
    "caps are numbers from unlabelled records, fixed before the first audit.",
    "A record's coin is `u = HMAC-SHA-256(secret, record id, policy version) / 2²⁵⁶`. Audits go "
    "up in u, blind, so that a rung's evidence is the first n of a random order of its N records.",
    "An audit that waits, or that is skipped, counts as wrong until it is answered.",
    "If K of the N are wrong, a sequence with S wrong in n has the probability "
    "`H(K) = C(N−n, K−S) / C(N, K)`, and 0 unless S ≤ K ≤ N−n+S.",
    "K₀ is the least count of errors that would be too many, w is BetaBinomial(N, ½, 10), and "
    "`E = [ Σ w(K)·H(K) / Σ w(K) ] / H(K₀)`, both sums over K < K₀.",
    "If too many were wrong, E ≥ 1/δ′ would ever happen with probability at most δ′ (Ville), so "
    "the rung is certified while E ≥ 1/δ′: look after every audit, stop whenever you like.",
    "Rungs are tested from the innermost outward, and the first that is not certified ends the "
    "sequence: no correction for their number. If people look at more of a rung than its cap "
    "allows, its claim lapses.",
)
STREAM = (
    "The frozen policy decides on each arrival whether its label is to be released. That is "
    "written down before its coin is read; it is audited if its coin falls under a fixed "
    "probability p.",
    "Of K errors that were decided for release, S were caught by their coins: K is never seen, S "
    "is. `M(S, K) = B(S+½, K−S+1)·I(S+½, K−S+1) / ( B(½, 1)·I(½, 1)·pˢ·(1−p)ᴷ⁻ˢ )`, I the "
    "regularised incomplete beta function at p, starts at 1 and cannot be expected to grow.",
    "U(S) is the greatest K with M(S, K) < 1/δ. Then K > U(S) ever happens with probability at "
    "most δ, in any order, under any drift: only the coins are random.",
    "Autonomy is in force while U(S) − S is at most the tolerated share of the labels that were "
    "released and not audited.",
)
SOURCES = (
    "Waudby-Smith and Ramdas, Confidence sequences for sampling without replacement, NeurIPS 2020 "
    "(arXiv 2006.04347).",
    "Ville, Étude critique de la notion de collectif, 1939.",
    "Maurer, Hothorn and Lehmacher 1995, for tests in a fixed sequence.",
    "Clopper and Pearson, Biometrika 26, 1934, for the intervals of shares.",
)
