"""Where a project is kept: one SQL path for two engines, a memory twin, vectors on disk."""
