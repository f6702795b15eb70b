/*
 * The buffers of a window: whatever is written, put, drawn and dropped, in whatever order the
 * reader gives buffers back, what is shown is pixel for pixel what a plain model of the window
 * says, and no buffer changes while the reader has it.
 */
#include <stdlib.h>
#include <string.h>

#include "client/gl/gl_target.h"
#include "client/gl/pixel_ring.h"

#include "tests/support/check.h"

#define SIDE_MAX   64
#define PIXELS_MAX (SIDE_MAX * SIDE_MAX)
#define COVERS_MAX 3

struct world {
	uint32_t seed;
	uint32_t color; /* the next one */

	struct pixel_ring ring;
	uint32_t memory[PIXEL_RING_BUFFERS][PIXELS_MAX];
	uint32_t held[PIXEL_RING_BUFFERS][PIXELS_MAX]; /* what the reader got */
	struct gl_target *target;
	bool fails; /* to make buffers */

	int width, height;
	struct rect at;              /* of the picture */
	uint32_t shown[PIXELS_MAX];  /* what the window has to show */
	uint32_t base[PIXELS_MAX];   /* the picture's pixels, in the window's place */
	uint32_t before[PIXELS_MAX]; /* as it was shown last */
	bool all;                    /* everything is to be shown again */
	struct region dirty;
	struct rect covers[COVERS_MAX];

	unsigned shows, places, drops, aside;
};

static unsigned below(struct world *world, unsigned limit) {
	world->seed = world->seed * 1664525u + 1013904223u;
	return (unsigned)((uint64_t)(world->seed >> 8) * limit >> 24);
}

static struct rect some_rect(struct world *world, const struct rect *in) {
	const int x = (int)below(world, (unsigned)in->width);
	const int y = (int)below(world, (unsigned)in->height);
	return (struct rect){ in->x + x, in->y + y,
		1 + (int)below(world, (unsigned)(in->width - x)),
		1 + (int)below(world, (unsigned)(in->height - y)) };
}

static int make(struct pixel_buffer *buffer, int width, int height, void *data) {
	struct world *world = data;
	const size_t at = (size_t)(buffer - world->ring.buffers);
	CHECK(!buffer->busy);
	if (world->fails) {
		return -1;
	}
	for (int i = 0; i < width * height; i++) {
		world->memory[at][i] = 0xdeadu + (uint32_t)i;
	}
	buffer->memory = (unsigned char *)world->memory[at];
	buffer->width = width;
	buffer->height = height;
	return 0;
}

static void fill(uint32_t *pixels, int width, const struct rect *rect, uint32_t color) {
	for (int y = rect->y; y < rect->y + rect->height; y++) {
		for (int x = rect->x; x < rect->x + rect->width; x++) {
			/* No two pixels alike. */
			pixels[y * width + x] = color + (uint32_t)(y * SIDE_MAX + x);
		}
	}
}

static void copy(uint32_t *to, const uint32_t *from, int width, const struct rect *rect) {
	for (int y = rect->y; y < rect->y + rect->height; y++) {
		memcpy(to + y * width + rect->x, from + y * width + rect->x,
				(size_t)rect->width * 4);
	}
}

static uint32_t next_color(struct world *world) {
	return world->color += SIDE_MAX * SIDE_MAX;
}

/* ---- the reader ---- */

static void look_at(struct world *world, const struct pixel_buffer *buffer) {
	const size_t at = (size_t)(buffer - world->ring.buffers);
	CHECK_EQ(memcmp(world->held[at], world->memory[at],
				 (size_t)(buffer->width * buffer->height) * 4),
			0);
}

static void give_back_some(struct world *world) {
	for (unsigned i = 0; i < PIXEL_RING_BUFFERS; i++) {
		struct pixel_buffer *buffer = &world->ring.buffers[i];
		if (buffer->busy) {
			look_at(world, buffer);
			buffer->busy = below(world, 2) == 0;
		}
	}
	/* One that is not shown it never keeps for ever. */
	while (!pixel_ring_has_buffer(&world->ring)) {
		world->ring.buffers[below(world, PIXEL_RING_BUFFERS)].busy = false;
	}
}

/* ---- what pg-video does ---- */

static void write_part(struct world *world, const struct rect *rect) {
	const struct rect part = { rect->x - world->at.x, rect->y - world->at.y, rect->width,
		rect->height };
	uint32_t *to = (uint32_t *)(void *)pixel_ring_write(&world->ring, &part);
	CHECK(to);
	fill(world->base, world->width, rect, next_color(world));
	for (int y = 0; y < part.height; y++) {
		memcpy(to + (part.y + y) * world->width + part.x,
				world->base + (rect->y + y) * world->width + rect->x,
				(size_t)part.width * 4);
	}
}

/* From the top, in stripes, as frames come. */
static void write_rect(struct world *world, const struct rect *rect) {
	const int step = 1 + (int)below(world, (unsigned)rect->height);
	for (int y = 0; y < rect->height; y += step) {
		const int rows = rect->height - y < step ? rect->height - y : step;
		const struct rect stripe = { rect->x, rect->y + y, rect->width, rows };
		write_part(world, &stripe);
	}
}

static void open_ring(struct world *world) {
	const struct rect window = { 0, 0, world->width, world->height };
	world->at = below(world, 2) == 0 ? window : some_rect(world, &window);
	pixel_ring_open(&world->ring, &world->at, world->width, world->height);
	give_back_some(world); /* the shown one alone is none to write into */
	write_part(world, &world->at);
	world->all = true;
	world->places++;
}

static void check_read(struct world *world) {
	const uint32_t *from = (const uint32_t *)(const void *)pixel_ring_read(&world->ring);
	CHECK(from);
	for (int y = 0; y < world->at.height; y++) {
		CHECK_EQ(memcmp(from + y * world->width,
					 world->base + (world->at.y + y) * world->width +
							 world->at.x,
					 (size_t)world->at.width * 4),
				0);
	}
}

static void update(struct world *world) {
	for (unsigned i = below(world, 6); i > 0; i--) {
		const struct rect rect = some_rect(world, &world->at);
		write_rect(world, &rect);
		region_add(&world->dirty, &rect);
	}
	if (below(world, 12) == 0) {
		write_rect(world, &world->at);
		region_add(&world->dirty, &world->at);
	}
}

static void move_cover(struct world *world) {
	const struct rect window = { 0, 0, world->width, world->height };
	struct rect *cover = &world->covers[below(world, COVERS_MAX)];
	region_add(&world->dirty, cover);
	*cover = below(world, 4) == 0 ? (struct rect){ 0 } : some_rect(world, &window);
	region_add(&world->dirty, cover);
}

/* What is put from the picture, and what is drawn: as video_draw.c divides them. */
static void divide(struct world *world, struct region *put, struct region *drawn) {
	if (world->all) {
		region_add_all(&world->dirty);
	}
	region_finish(&world->dirty, world->width, world->height);
	struct region outside = world->dirty, inside = { .count = 0 };
	bool can = below(world, 16) != 0 && region_cut(&outside, &world->at, &inside);
	*put = inside;
	*drawn = outside;
	for (unsigned i = 0; can && i < COVERS_MAX; i++) {
		can = world->covers[i].width == 0 || region_cut(put, &world->covers[i], drawn);
	}
	if (!can) { /* everything is drawn */
		put->count = 0;
		*drawn = world->dirty;
	}
	region_finish(drawn, world->width, world->height);
}

static void note_shown(struct world *world, struct pixel_buffer *buffer) {
	const size_t at = (size_t)(buffer - world->ring.buffers);
	CHECK(buffer->busy);
	CHECK(world->ring.shown == buffer);
	CHECK_EQ(memcmp(buffer->memory, world->shown, (size_t)(world->width * world->height) * 4),
			0);
	memcpy(world->held[at], world->memory[at], sizeof world->held[at]);
	memcpy(world->before, world->base, sizeof world->before);
	region_clear(&world->dirty);
	world->all = false;
	world->shows++;
}

static void show(struct world *world) {
	struct region put, drawn;
	struct egl_pixels pixels = { .memory = NULL, .at = world->at };
	divide(world, &put, &drawn);
	if (!world->ring.open) {
		/* Pixels of other memory. */
		pixels.memory = (const unsigned char *)(world->base + world->at.y * world->width +
							world->at.x);
		pixels.stride = (size_t)world->width * 4;
	}
	for (unsigned i = 0; i < drawn.count; i++) {
		fill(gl_target_memory(world->target), world->width, &drawn.rects[i],
				next_color(world));
		copy(world->shown, gl_target_memory(world->target), world->width, &drawn.rects[i]);
	}
	for (unsigned i = 0; i < put.count; i++) {
		copy(world->shown, world->base, world->width, &put.rects[i]);
	}
	struct pixel_buffer *buffer = pixel_ring_show(&world->ring, world->width, world->height,
			&pixels, &put, world->target, drawn.rects, drawn.count);
	CHECK(buffer);
	note_shown(world, buffer);
}

static void drop(struct world *world) {
	if (!world->all) {
		pixel_ring_drop(&world->ring);
		memcpy(world->base, world->before, sizeof world->base);
		world->drops++;
	}
}

static void resize(struct world *world) {
	pixel_ring_close(&world->ring);
	world->width = 8 + (int)below(world, SIDE_MAX - 8);
	world->height = 8 + (int)below(world, SIDE_MAX - 8);
	world->at = (struct rect){ 0, 0, world->width, world->height };
	fill(world->base, world->width, &world->at, next_color(world));
	memset(world->covers, 0, sizeof world->covers);
	CHECK_EQ(gl_target_resize(world->target, world->width, world->height), 0);
	world->all = true;
}

static void step(struct world *world) {
	give_back_some(world);
	if (world->ring.open) {
		update(world);
		if (below(world, 8) == 0) {
			drop(world);
		}
		if (below(world, 4) == 0) {
			check_read(world);
		}
	} else if (below(world, 2) == 0) {
		const struct rect rect = some_rect(world, &world->at);
		fill(world->base, world->width, &rect, next_color(world));
		region_add(&world->dirty, &rect);
	}
	for (unsigned i = below(world, 3); i > 0; i--) {
		move_cover(world);
	}
	show(world);
	const bool none_free = !pixel_ring_has_buffer(&world->ring);
	if (world->ring.open && (none_free || below(world, 3) == 0)) {
		world->aside += none_free;
		check_read(world);
	}
	if (below(world, 40) == 0) {
		resize(world);
	}
	if (below(world, 20) == 0 && !world->ring.open) {
		open_ring(world);
	} else if (below(world, 60) == 0 && world->ring.open) {
		pixel_ring_close(&world->ring); /* what is shown stays */
	}
}

static void what_is_shown_is_the_window(void **state) {
	(void)state;
	static struct world world;
	unsigned shows = 0, places = 0, drops = 0, aside = 0;
	for (uint32_t seed = 1; seed <= 20; seed++) {
		memset(&world, 0, sizeof world);
		world.seed = seed;
		world.ring.make = make;
		world.ring.data = &world;
		CHECK_EQ(gl_target_create_memory(&world.target, 8, 8), 0);
		resize(&world);
		for (int i = 0; i < 300; i++) {
			step(&world);
		}
		pixel_ring_finish(&world.ring);
		gl_target_destroy(world.target);
		shows += world.shows;
		places += world.places;
		drops += world.drops;
		aside += world.aside;
	}
	CHECK_EQ(shows, 20 * 300);
	CHECK(places > 100);
	CHECK(drops > 150);
	CHECK(aside > 50); /* read while the reader has all buffers */
}

/* Without memory nothing is shown and nothing written; with memory it goes on. */
static void no_memory_is_told(void **state) {
	(void)state;
	static struct world world;
	const struct rect at = { 0, 0, 16, 16 };
	const struct region put = { .count = 1, .rects = { at } };
	const struct egl_pixels pixels = { .memory = NULL, .at = at };
	world.ring.make = make;
	world.ring.data = &world;
	world.fails = true;
	CHECK_EQ(gl_target_create_memory(&world.target, 16, 16), 0);
	pixel_ring_open(&world.ring, &at, 16, 16);
	CHECK(!pixel_ring_write(&world.ring, &at));
	CHECK(!pixel_ring_read(&world.ring));
	CHECK(!pixel_ring_show(&world.ring, 16, 16, &pixels, &put, world.target, NULL, 0));
	world.fails = false;
	CHECK(pixel_ring_write(&world.ring, &at));
	CHECK(pixel_ring_show(&world.ring, 16, 16, &pixels, &put, world.target, NULL, 0));
	/* What is written in place is never what is shown, and shown it need not be given back. */
	CHECK(pixel_ring_has_buffer(&world.ring));
	CHECK(pixel_ring_write(&world.ring, &at) != world.ring.shown->memory);
	pixel_ring_close(&world.ring);
	pixel_ring_finish(&world.ring);
	gl_target_destroy(world.target);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_shown_is_the_window),
		cmocka_unit_test(no_memory_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
