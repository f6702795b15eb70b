# A SPICE server without a VM, for trying a client and for tests; not installed.
pg_program(spice-stub SOURCES spice-stub.c stub_files.c USES base sim spice)
