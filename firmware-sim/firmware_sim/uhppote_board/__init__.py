"""A UHPPOTE board as a pure state machine, with its quirks, and a wire to it."""
