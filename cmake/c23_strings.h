/*
 * The C library of 2026 (glibc 2.43) answers strchr() and its like in a string that is const with a
 * pointer to const. Older ones do not, so that a build there takes what a newer system refuses.
 * With -DPG_SANITIZE=thread and -DPG_WERROR=ON this file is read before every other one
 * (cmake/pierglass.cmake).
 */
#pragma once

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

// NOLINTBEGIN(bugprone-macro-parentheses)
#define C23_CONST_AS(in, type, call) \
	_Generic(1 ? (in) : (void *)1, const void * : (const type *)(call), default : (call))

#ifndef memchr
#define memchr(in, what, bytes) C23_CONST_AS(in, void, memchr(in, what, bytes))
#define strchr(in, what)        C23_CONST_AS(in, char, strchr(in, what))
#define strrchr(in, what)       C23_CONST_AS(in, char, strrchr(in, what))
#define strpbrk(in, what)       C23_CONST_AS(in, char, strpbrk(in, what))
#define strstr(in, what)        C23_CONST_AS(in, char, strstr(in, what))
#define wcschr(in, what)        C23_CONST_AS(in, wchar_t, wcschr(in, what))
#define bsearch(key, in, count, bytes, compare) \
	C23_CONST_AS(in, void, bsearch(key, in, count, bytes, compare))
#endif
// NOLINTEND(bugprone-macro-parentheses)
