# For looking at a shared memory; not installed.
pg_program(shm-dump SOURCES shm-dump.c USES base host-proto)
