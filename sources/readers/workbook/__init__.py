"""Agencies' Excel workbooks: sheets, blocks of years, records."""
