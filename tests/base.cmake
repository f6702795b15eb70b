pg_test(base base)
pg_test(loop base)
