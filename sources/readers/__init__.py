"""One module or package per wire format, each with plan, fetch and raw_rows (sources/readers_protocol.py);
`common` holds shared parts. Which name in a source.yaml means which module is in sources/registry/readers.py.

A reader knows how an agency writes its responses and how to tell that one is complete. What the values mean
for us (areas, units, dimensions, statuses) is data in source.yaml, and is applied in staging.
"""
