#include "client/gl/pixel_ring.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "client/gl/gl_target.h"

static bool fits(const struct pixel_buffer *buffer, int width, int height) {
	return buffer->memory && buffer->width == width && buffer->height == height;
}

static bool make_under(struct pixel_ring *ring) {
	const size_t bytes = (size_t)ring->width * (size_t)ring->height * 4;
	void *under = ring->under ? ring->under
				  : mmap(NULL, bytes, PROT_READ | PROT_WRITE,
						    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (under == MAP_FAILED) {
		return false;
	}
	ring->under = under;
	ring->under_bytes = bytes;
	return true;
}

static void free_under(struct pixel_ring *ring) {
	if (ring->under) {
		munmap(ring->under, ring->under_bytes);
		ring->under = NULL;
	}
}

void pixel_ring_finish(struct pixel_ring *ring) {
	free_under(ring);
}

void pixel_ring_forget(struct pixel_ring *ring, struct pixel_buffer *buffer) {
	if (ring->shown == buffer) {
		ring->shown = NULL;
	}
	if (ring->next == buffer) {
		ring->next = NULL;
	}
	*buffer = (struct pixel_buffer){ .memory = NULL };
}

/* What is written in place takes its pixels from the shown one. */
static bool is_free(const struct pixel_ring *ring, const struct pixel_buffer *buffer) {
	return !buffer->busy && !(ring->open && buffer == ring->shown);
}

bool pixel_ring_has_buffer(const struct pixel_ring *ring) {
	for (unsigned i = 0; i < PIXEL_RING_BUFFERS; i++) {
		if (is_free(ring, &ring->buffers[i])) {
			return true;
		}
	}
	return false;
}

/* One that is there already before a new one. */
static struct pixel_buffer *take(struct pixel_ring *ring, int width, int height) {
	struct pixel_buffer *found = NULL;
	for (unsigned i = 0; i < PIXEL_RING_BUFFERS; i++) {
		struct pixel_buffer *buffer = &ring->buffers[i];
		if (!is_free(ring, buffer)) {
			continue;
		}
		if (fits(buffer, width, height)) {
			return buffer;
		}
		found = found ? found : buffer;
	}
	if (!found) {
		return NULL;
	}
	pixel_ring_forget(ring, found);
	if (ring->make(found, width, height, ring->data) < 0) {
		return NULL;
	}
	region_add_all(&found->stale);
	return found;
}

/* ---- copies ---- */

static size_t offset(int width, const struct rect *rect) {
	return ((size_t)rect->y * (size_t)width + (size_t)rect->x) * 4;
}

static void copy(unsigned char *to, size_t to_stride, const unsigned char *from, size_t from_stride,
		const struct rect *rect) {
	for (int row = 0; row < rect->height; row++) {
		memcpy(to, from, (size_t)rect->width * 4);
		to += to_stride;
		from += from_stride;
	}
}

/* Between two memories of the window's size. */
static void copy_same(
		unsigned char *to, const unsigned char *from, int width, const struct rect *rect) {
	const size_t at = offset(width, rect), stride = (size_t)width * 4;
	copy(to + at, stride, from + at, stride, rect);
}

static void copy_pixels(struct pixel_buffer *buffer, const struct egl_pixels *pixels,
		const struct rect *rect) {
	const unsigned char *from = pixels->memory +
				    (size_t)(rect->y - pixels->at.y) * pixels->stride +
				    (size_t)(rect->x - pixels->at.x) * 4;
	copy(buffer->memory + offset(buffer->width, rect), (size_t)buffer->width * 4, from,
			pixels->stride, rect);
}

static void read_target(
		struct pixel_buffer *buffer, struct gl_target *target, const struct rect *rect) {
	if (rect->width > 0 && rect->height > 0) {
		gl_target_read_bgra(target, rect->x, rect->y, rect->width, rect->height,
				buffer->memory + offset(buffer->width, rect), buffer->width);
	}
}

static bool meet(const struct rect *a, const struct rect *b, struct rect *ret_both) {
	const int left = a->x > b->x ? a->x : b->x, top = a->y > b->y ? a->y : b->y;
	const int right = a->x + a->width < b->x + b->width ? a->x + a->width : b->x + b->width;
	const int bottom =
			a->y + a->height < b->y + b->height ? a->y + a->height : b->y + b->height;
	*ret_both = (struct rect){ left, top, right - left, bottom - top };
	return right > left && bottom > top;
}

/* All that it lacks, as the shown one has it, without its covers. */
static void bring_up(struct pixel_ring *ring, struct pixel_buffer *buffer) {
	const struct pixel_buffer *shown = ring->shown;
	struct rect both;
	if (shown && shown != buffer && fits(shown, buffer->width, buffer->height)) {
		region_finish(&buffer->stale, buffer->width, buffer->height);
		for (unsigned i = 0; i < buffer->stale.count; i++) {
			const struct rect *rect = &buffer->stale.rects[i];
			copy_same(buffer->memory, shown->memory, buffer->width, rect);
			for (unsigned k = 0; k < ring->covers.count; k++) {
				if (meet(rect, &ring->covers.rects[k], &both)) {
					copy_same(buffer->memory, ring->under, buffer->width,
							&both);
				}
			}
		}
	}
	region_clear(&buffer->stale);
}

static void others_lack(struct pixel_ring *ring, const struct pixel_buffer *buffer,
		const struct rect *rect) {
	for (unsigned i = 0; i < PIXEL_RING_BUFFERS; i++) {
		if (&ring->buffers[i] != buffer) {
			region_add(&ring->buffers[i].stale, rect);
		}
	}
}

/* ---- a picture in place ---- */

void pixel_ring_open(struct pixel_ring *ring, const struct rect *at, int width, int height) {
	pixel_ring_close(ring);
	ring->open = true;
	ring->at = *at;
	ring->width = width;
	ring->height = height;
}

void pixel_ring_close(struct pixel_ring *ring) {
	if (!ring->open) {
		return;
	}
	ring->next = NULL;
	for (unsigned i = 0; i < PIXEL_RING_BUFFERS; i++) {
		region_add_all(&ring->buffers[i].stale);
	}
	if (ring->shown) {
		region_clear(&ring->shown->stale);
	}
	region_clear(&ring->covers);
	free_under(ring);
	ring->open = ring->based = false;
}

static struct pixel_buffer *next(struct pixel_ring *ring) {
	if (!ring->next) {
		ring->next = take(ring, ring->width, ring->height);
	}
	return ring->next;
}

static unsigned char *picture_in(const struct pixel_ring *ring, const struct pixel_buffer *buffer) {
	return buffer->memory + offset(buffer->width, &ring->at);
}

unsigned char *pixel_ring_write(struct pixel_ring *ring, const struct rect *rect) {
	struct pixel_buffer *buffer = next(ring);
	if (!buffer) {
		return NULL;
	}
	const struct rect in_window = { ring->at.x + rect->x, ring->at.y + rect->y, rect->width,
		rect->height };
	region_finish(&buffer->stale, buffer->width, buffer->height);
	struct region rest = buffer->stale, unused = { .count = 0 };
	if (region_cut(&rest, &in_window, &unused)) {
		buffer->stale = rest;
	} else {
		bring_up(ring, buffer);
	}
	others_lack(ring, buffer, &in_window);
	return picture_in(ring, buffer);
}

static void copy_aside(const struct rect *part, void *data) {
	const struct pixel_ring *ring = data;
	copy_same(ring->under, ring->shown->memory, ring->width, part);
}

/* While the reader has all buffers: to what is under the covers, the rest of the shown one. */
static const unsigned char *read_aside(struct pixel_ring *ring) {
	if (!ring->based || !ring->shown || !make_under(ring)) {
		return NULL;
	}
	region_outside(&ring->at, ring->covers.rects, ring->covers.count, copy_aside, ring);
	return ring->under + offset(ring->width, &ring->at);
}

const unsigned char *pixel_ring_read(struct pixel_ring *ring) {
	struct pixel_buffer *buffer = next(ring);
	if (!buffer) {
		return read_aside(ring);
	}
	bring_up(ring, buffer);
	return picture_in(ring, buffer);
}

void pixel_ring_drop(struct pixel_ring *ring) {
	if (ring->next && ring->based) {
		region_add_all(&ring->next->stale);
		ring->next = NULL;
	}
}

/* ---- showing ---- */

static struct pixel_buffer *show_copies(struct pixel_ring *ring, int width, int height,
		const struct egl_pixels *pixels, const struct region *put, struct gl_target *target,
		const struct rect *rects, unsigned count) {
	struct pixel_buffer *buffer = take(ring, width, height);
	if (!buffer) {
		return NULL;
	}
	/* But for what comes now anyway. */
	struct region unused = { .count = 0 };
	region_finish(&buffer->stale, width, height);
	for (unsigned i = 0; i < put->count; i++) {
		(void)region_cut(&buffer->stale, &put->rects[i], &unused);
	}
	for (unsigned i = 0; i < count; i++) {
		(void)region_cut(&buffer->stale, &rects[i], &unused);
	}
	bring_up(ring, buffer);
	for (unsigned i = 0; i < put->count; i++) {
		copy_pixels(buffer, pixels, &put->rects[i]);
		others_lack(ring, buffer, &put->rects[i]);
	}
	for (unsigned i = 0; i < count; i++) {
		read_target(buffer, target, &rects[i]);
		others_lack(ring, buffer, &rects[i]);
	}
	return buffer;
}

/* What is shown over the picture and stays as it is. */
struct staying {
	struct pixel_ring *ring;
	struct pixel_buffer *buffer;
	struct region *covers;
};

static void note_staying(const struct rect *part, void *data) {
	const struct staying *staying = data;
	region_add(staying->covers, part);
}

static void copy_staying(const struct rect *part, void *data) {
	const struct staying *staying = data;
	copy_same(staying->buffer->memory, staying->ring->shown->memory, staying->buffer->width,
			part);
}

static void note_beside(const struct rect *part, void *data) {
	const struct staying *staying = data;
	others_lack(staying->ring, staying->buffer, part);
}

/* The picture's pixels under the covers, out of a buffer that has none yet. */
static bool keep_under(struct pixel_ring *ring, const struct pixel_buffer *buffer,
		const struct region *covers) {
	if (covers->count > 0 && !make_under(ring)) {
		return false;
	}
	for (unsigned i = 0; i < covers->count; i++) {
		copy_same(ring->under, buffer->memory, buffer->width, &covers->rects[i]);
	}
	return true;
}

static struct pixel_buffer *show_in_place(struct pixel_ring *ring, const struct region *put,
		struct gl_target *target, const struct rect *rects, unsigned count) {
	struct pixel_buffer *buffer = next(ring);
	if (!buffer) {
		return NULL;
	}
	bring_up(ring, buffer);
	struct region covers = { .count = 0 };
	struct staying staying = { ring, buffer, &covers };
	struct rect changed[2 * REGION_RECTS_MAX];
	unsigned changed_count = 0;
	for (unsigned i = 0; i < put->count; i++) {
		changed[changed_count++] = put->rects[i];
	}
	for (unsigned i = 0; i < count; i++) {
		struct rect over;
		changed[changed_count++] = rects[i];
		if (meet(&rects[i], &ring->at, &over)) {
			region_add(&covers, &over);
		}
		region_outside(&rects[i], &ring->at, 1, note_beside, &staying);
	}
	for (unsigned i = 0; i < ring->covers.count; i++) {
		region_outside(&ring->covers.rects[i], changed, changed_count, note_staying,
				&staying);
	}
	if (!keep_under(ring, buffer, &covers)) {
		return NULL;
	}
	for (unsigned i = 0; i < ring->covers.count; i++) {
		region_outside(&ring->covers.rects[i], changed, changed_count, copy_staying,
				&staying);
	}
	for (unsigned i = 0; i < count; i++) {
		read_target(buffer, target, &rects[i]);
	}
	if (ring->shown) {
		region_add_region(&ring->shown->stale, &ring->covers);
	}
	ring->covers = covers;
	ring->next = NULL;
	ring->based = true;
	return buffer;
}

struct pixel_buffer *pixel_ring_show(struct pixel_ring *ring, int width, int height,
		const struct egl_pixels *pixels, const struct region *put, struct gl_target *target,
		const struct rect *rects, unsigned count) {
	struct pixel_buffer *buffer = ring->open ? show_in_place(ring, put, target, rects, count)
						 : show_copies(ring, width, height, pixels, put,
								   target, rects, count);
	if (buffer) {
		buffer->busy = true;
		ring->shown = buffer;
	}
	return buffer;
}
