"""Other engines than DuckDB for the same SQL models: the subset that all of them understand (portable.py),
its translation (translate.py, rewrites.py, lists.py), and Apache Spark (spark.py)."""
