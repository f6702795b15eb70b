pg_test(base base)
pg_test(loop base)
pg_test(utf8 base)
