"""Reports for readers: everything here reads `releases/latest` and nothing else."""
