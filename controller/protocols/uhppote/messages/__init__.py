"""The messages of the UHPPOTE short protocol, one module a family."""
