"""The command line: one module per group of commands. Every command has `--json`; exit codes are those of `output.Exit`."""
