"""A package, so that its tests share one browser a process, which ends before other tests begin."""
