# Tests of input: pg_test(), pg_fuzz(), pg_integration(); see cmake/pierglass.cmake.
pg_test(key_names input)
pg_test(keymap input)
pg_test(chord input)
pg_test(router input)
pg_test(devices input)
pg_test(finder input)
pg_test(seat input)
pg_test(watchdog input)
