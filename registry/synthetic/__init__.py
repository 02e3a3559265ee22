"""A history nobody lived: what an example street is filled with, from one seed."""
