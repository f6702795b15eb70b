#include "client/render/unpack.h"

#if defined(__x86_64__)
#include <tmmintrin.h>
#define HAVE_SSSE3 1
#endif

bool unpack_knows(enum frame_format format) {
	return format == FRAME_FORMAT_BGR_32 || format == FRAME_FORMAT_RGB_24 ||
	       format == FRAME_FORMAT_RGBA;
}

static void plain(const unsigned char *from, unsigned char *to, size_t count, unsigned step,
		unsigned blue) {
	for (size_t i = 0; i < count; i++) {
		to[4 * i] = from[step * i + blue];
		to[4 * i + 1] = from[step * i + 1];
		to[4 * i + 2] = from[step * i + (2 - blue)];
		to[4 * i + 3] = 255;
	}
}

#ifdef HAVE_SSSE3
/* Four pixels a turn. A load takes 16 bytes, so the last ones of a row are left to plain(). Returns
 * how many were done. */
__attribute__((target("ssse3"))) static size_t shuffled(const unsigned char *from,
		unsigned char *to, size_t count, unsigned step, unsigned blue) {
	const char s = (char)step, b = (char)blue, r = (char)(2 - blue), z = -128;
	const __m128i order = _mm_setr_epi8(b, 1, r, z, (char)(s + b), (char)(s + 1), (char)(s + r),
			z, (char)(2 * s + b), (char)(2 * s + 1), (char)(2 * s + r), z,
			(char)(3 * s + b), (char)(3 * s + 1), (char)(3 * s + r), z);
	const __m128i opaque = _mm_set1_epi32((int)0xff000000u);
	const size_t bytes = count * step;
	size_t done = 0;
	while (done * step + 16 <= bytes && done + 4 <= count) {
		const __m128i v = _mm_loadu_si128(
				(const __m128i *)(const void *)(from + done * step));
		_mm_storeu_si128((__m128i *)(void *)(to + done * 4),
				_mm_or_si128(_mm_shuffle_epi8(v, order), opaque));
		done += 4;
	}
	return done;
}
#endif

void unpack_row(enum frame_format format, const unsigned char *from, unsigned char *to,
		size_t count) {
	const unsigned step = format == FRAME_FORMAT_RGBA ? 4 : 3;
	const unsigned blue = format == FRAME_FORMAT_BGR_32 ? 0 : 2; /* its byte in a pixel */
	size_t done = 0;
#ifdef HAVE_SSSE3
	if (__builtin_cpu_supports("ssse3")) {
		done = shuffled(from, to, count, step, blue);
	}
#endif
	plain(from + done * step, to + done * 4, count - done, step, blue);
}
