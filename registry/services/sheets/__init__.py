"""Sheets in and out: files, imports in batches, exports."""
