# Tests of client: pg_test(), pg_fuzz(), pg_integration(); see cmake/pierglass.cmake.
pg_test(instance client)
pg_test(fallback client)
pg_test(ini client)
pg_test(options client)
pg_test(config client)
pg_fuzz(config client)
pg_test(view client)
