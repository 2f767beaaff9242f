"""What people look at: everything here reads `releases/latest` and nothing else."""
