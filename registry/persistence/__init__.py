"""The register on disk: rows, repositories and one unit of work."""
