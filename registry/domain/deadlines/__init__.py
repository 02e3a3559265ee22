"""Until when something must be done, by which rule, and how it stands."""
