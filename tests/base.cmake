pg_test(base/base base)
pg_test(base/loop base)
pg_test(base/utf8 base)
pg_test(base/line_writer base)
