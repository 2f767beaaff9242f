"""Generators of documentation: `python -m docs.generate` writes every generated file, `--check` compares
them.

Each module has a function `files` that returns the text of each file it owns by its path in the checkout.
This package computes no published value.
"""
