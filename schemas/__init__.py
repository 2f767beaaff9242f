"""What a valid table is: columns, tables, code lists, definitions and the contracts made from them.

Nothing here fetches, computes or publishes, and nothing here imports another package of ours.
"""
