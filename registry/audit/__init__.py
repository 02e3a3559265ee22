"""What was done and seen, by whom and why: appended, chained, never changed."""
