"""What the registry does: each service works in a unit of work it is given."""
