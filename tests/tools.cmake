# Tests of tools: pg_test(), pg_fuzz(), pg_integration(); see cmake/pierglass.cmake.
pg_test(discovery client)
pg_fuzz(discovery client)
