"""SDMX-CSV 2 from an SDMX REST service."""
