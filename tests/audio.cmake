# Tests of audio: pg_test(), pg_fuzz(), pg_integration(); see cmake/pierglass.cmake.
pg_test(scream audio)
pg_test(player audio)
pg_fuzz(scream audio)
set_tests_properties(player PROPERTIES TIMEOUT 60) # hours of simulated sound
