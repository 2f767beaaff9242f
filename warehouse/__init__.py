"""How it is computed: evaluation of indicators, SQL models, checks, and the release with its proof.

Nothing here asks an agency for anything, judges a definition file or knows when it is run.
"""
