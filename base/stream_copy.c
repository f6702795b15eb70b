#include "base/stream_copy.h"

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>

#define LINE 64u
/* The processor's own prefetch ends with the page: this one finds the next in time. */
#define AHEAD 4096u

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

void stream_copy(void *to, const void *from, size_t bytes) {
	unsigned char *t = to;
	const unsigned char *f = from;
	size_t head = (LINE - (uintptr_t)t % LINE) % LINE;
	head = head < bytes ? head : bytes;
	memcpy(t, f, head);
	size_t at = head;
	for (; bytes - at >= LINE; at += LINE) {
		if (bytes - at > AHEAD) {
			_mm_prefetch((const char *)f + at + AHEAD, _MM_HINT_T0);
		}
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
