/*
 * UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. The only decoder of
 * the program. Pure; from any thread.
 *
 * Every function that walks over text moves by at least one byte, so that a loop over foreign text
 * comes to its end whatever stands there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_BYTES_MAX 4
#define UTF8_INVALID   0xfffdu /* U+FFFD, the replacement character */

/* Bytes of the character at the start of the len bytes at text, and its code point. 0: no
 * well-formed character starts there, or there are no bytes; ret_code (may be NULL) is left alone.
 */
size_t utf8_decode(const char *text, size_t len, uint32_t *ret_code);

/* Reads the next character of a terminated text and moves *text behind it; 0 at the end only. Each
 * byte that belongs to no well-formed character is one UTF8_INVALID. */
uint32_t utf8_next(const char **text);

/* Writes a code point into at most UTF8_BYTES_MAX bytes, not terminated. Returns how many; 0 for a
 * surrogate and above U+10FFFF. */
size_t utf8_encode(uint32_t code, char *dst);

/* Bytes of the last character of the text; of what is not well-formed, one. 0 for an empty text. */
size_t utf8_last(const char *text, size_t len);

/* The number of characters; every byte that belongs to none counts as one. */
size_t utf8_count(const char *text, size_t len);

/* Bytes of as many whole characters of a terminated text as fit into `most`: the number for "%.*s",
 * where a name is cut. */
int utf8_fit(const char *text, size_t most);

/* Copies src to dst (dst_size > 0, always terminated), replacing control characters and bytes that
 * are not UTF-8 by '?'. For names that a guest or a server chose. Stops at src_len or a NUL. */
void utf8_printable(char *dst, size_t dst_size, const char *src, size_t src_len);
