"""The ten promises of the design, each with the tests that fail when it is broken."""
