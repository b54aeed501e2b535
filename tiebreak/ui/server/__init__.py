"""The desk's server: guarded routes, the wire format, the served project, its learner."""
