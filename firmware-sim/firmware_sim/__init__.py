"""A simulated street: readers, smart doors, and the people who use them."""
