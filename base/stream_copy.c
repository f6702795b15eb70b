#include "base/stream_copy.h"

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>

#define LINE 64u
/* So many pages are copied beside each other, a line of each in turn: each page is a row of reads
 * and writes of its own for the processor, which waits for one page's while it does another's. */
#define PAGE  4096u
#define PAGES 4u
/* The processor's own prefetch ends with the page, and begins late. */
#define AHEAD 512u

static void copy_line(unsigned char *to, const unsigned char *from) {
	const __m128i a = _mm_loadu_si128((const __m128i *)(const void *)from);
	const __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(from + 16));
	const __m128i c = _mm_loadu_si128((const __m128i *)(const void *)(from + 32));
	const __m128i d = _mm_loadu_si128((const __m128i *)(const void *)(from + 48));
	_mm_stream_si128((__m128i *)(void *)to, a);
	_mm_stream_si128((__m128i *)(void *)(to + 16), b);
	_mm_stream_si128((__m128i *)(void *)(to + 32), c);
	_mm_stream_si128((__m128i *)(void *)(to + 48), d);
}

static void copy_pages(unsigned char *to, const unsigned char *from) {
	for (size_t line = 0; line < PAGE; line += LINE) {
		for (size_t page = 0; page < PAGES * PAGE; page += PAGE) {
			_mm_prefetch((const char *)from + page + line + AHEAD, _MM_HINT_T0);
			copy_line(to + page + line, from + page + line);
		}
	}
}

void stream_copy(void *to, const void *from, size_t bytes) {
	unsigned char *t = to;
	const unsigned char *f = from;
	size_t head = (LINE - (uintptr_t)t % LINE) % LINE;
	head = head < bytes ? head : bytes;
	memcpy(t, f, head);
	size_t at = head;
	for (; bytes - at >= PAGES * PAGE; at += PAGES * PAGE) {
		copy_pages(t + at, f + at);
	}
	for (; bytes - at >= LINE; at += LINE) {
		copy_line(t + at, f + at);
	}
	memcpy(t + at, f + at, bytes - at);
	_mm_sfence();
}

#else

void stream_copy(void *to, const void *from, size_t bytes) {
	memcpy(to, from, bytes);
}

#endif
