"""From a record to a prompt, and from a reply to a suggestion."""
