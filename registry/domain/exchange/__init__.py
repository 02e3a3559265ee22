"""What may leave for the police of Guangdong, field by field, and what never does."""
