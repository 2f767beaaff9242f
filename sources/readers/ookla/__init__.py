"""Speedtest tiles by Ookla, summed by country from quarterly parquet files."""
