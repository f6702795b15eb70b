/* Line ends of clipboard text between Linux (LF) and Windows (CRLF). Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Every LF without a CR before it gets one. Heap; NULL when out of memory. */
uint8_t *text_to_crlf(const uint8_t *text, size_t len, size_t *ret_len);
/* In place: CRLF becomes LF, NULs at the end go. Returns the new length. */
size_t text_from_guest(uint8_t *text, size_t len, int crlf);
