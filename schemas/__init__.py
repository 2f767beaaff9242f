"""Definitions of valid tables: columns, tables, code lists, definition files, and the contracts generated
from them.

This package fetches, computes and publishes nothing, and imports no other package of the project.
"""
