/* What every unit test includes: cmocka with the headers that it needs before it, and CHECK(). */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* cmocka 2 has a macro of this name, and so have our tests a function. */
#undef stop

#define CHECK(condition) assert_true(condition)
