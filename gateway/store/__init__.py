"""What survives a power cut: permits, and the record of passages not yet receipted."""
