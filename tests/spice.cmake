# Tests of spice: pg_test(), pg_fuzz(), pg_integration(); see cmake/pierglass.cmake.
