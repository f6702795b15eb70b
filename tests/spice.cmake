# Tests of spice: pg_test(), pg_fuzz(), pg_integration(); see cmake/pierglass.cmake.
pg_test(spice_golden spice)
pg_test(spice_peer spice)
