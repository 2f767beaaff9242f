"""One module or package per wire format, each with plan, fetch and raw_rows (sources/readers_protocol.py);
`common` holds shared parts. sources/registry/readers.py maps a reader's name in source.yaml to its module.

A reader parses the format of an agency's responses and checks that a response is complete. The meaning of the
values (areas, units, dimensions, statuses) is declared in source.yaml and applied in staging.
"""
