# Tests of host-proto: pg_test(), pg_fuzz(), pg_integration(); see cmake/pierglass.cmake.
pg_test(shm host-proto)
pg_test(lgmp host-proto)
