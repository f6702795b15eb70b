# Test senders of sound.
pg_program(scream-send SOURCES scream-send.c USES audio_codec base)
