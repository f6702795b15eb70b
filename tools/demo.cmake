# A guest without a VM: for --demo, the bench and tests.
pg_program(pierglass-demo-guest SOURCES
	demo-guest.c
	demo_agent.c
	demo_keys.c
	demo_options.c
	demo_producer.c
	demo_tone.c
	USES audio_codec base host-proto input sim spice
	INSTALL bin)

# For looking at a shared memory; not installed.
pg_program(shm-dump SOURCES shm-dump.c USES base host-proto)
