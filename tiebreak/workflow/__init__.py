"""The steps, one a module, and `Project` that composes them."""
