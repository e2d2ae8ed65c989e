"""The servers that are compared, each run as a process: `python -m bench.servers.NAME PORT FOLDER`."""
