"""ITU DataHub by its JSON API or its CSV files."""
