"""The web interface behind a guard: who may speak to Dagster's web server, and from where.

`guard` knows HTTP alone; `server` puts it in front of Dagster's web server; `ui` starts web server, code
server and daemon together for one machine. What the web interface shows is in pipelines/defs.
"""
