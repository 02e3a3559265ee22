"""What a sheet of the register says, cell by cell, and what is wrong with it."""
