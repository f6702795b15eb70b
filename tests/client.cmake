# Tests of client: pg_test(), pg_fuzz(), pg_integration(); see cmake/pierglass.cmake.
pg_test(instance client)
pg_test(fallback client)
