# Tests of input: pg_test(), pg_fuzz(), pg_integration(); see cmake/pierglass.cmake.
pg_test(key_names input)
pg_test(keymap input)
pg_test(chord input)
pg_test(router input)
