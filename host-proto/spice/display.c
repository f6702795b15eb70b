#include "host-proto/spice/display.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host-proto/spice/display_internal.h"
#include "host-proto/spice/reader.h"

#define SURFACE_BYTES_MAX (512ull << 20)
#define COORDINATE_MAX    (1 << 20)
#define HEADS_MAX         16u
/* Of one call, in pixels that are copied; what else is done to a pixel costs more. */
#define WORK_MAX  (1 << 20)
#define WORK_CLIP 256

int spice_display_create(
		struct spice_display **ret_display, const struct spice_display_target *target) {
	struct spice_display *display = calloc(1, sizeof *display);
	if (!display) {
		return -ENOMEM;
	}
	display->target = *target;
	*ret_display = display;
	return 0;
}

static void surface_destroy(struct spice_display *display, struct surface *surface) {
	if (surface->used) {
		display_stream_forget_surface(display, surface->id);
	}
	if (surface->pixels) {
		display->bytes -= (uint64_t)surface->width * surface->height * 4;
	}
	free(surface->pixels);
	*surface = (struct surface){ 0 };
}

void spice_display_reset(struct spice_display *display) {
	for (unsigned i = 0; i < SPICE_SURFACES_MAX; i++) {
		surface_destroy(display, &display->surfaces[i]);
	}
	memset(&display->done, 0, sizeof display->done);
	display_stream_reset(display);
}

void spice_display_destroy(struct spice_display *display) {
	if (display) {
		spice_display_reset(display);
		display_stream_finish(display);
		free(display);
	}
}

void display_note_unsupported(struct spice_display *display, const char *what) {
	for (unsigned i = 0; i < display->unsupported_count; i++) {
		if (display->unsupported[i] == what) {
			return;
		}
	}
	if (display->unsupported_count < KINDS) {
		display->unsupported[display->unsupported_count++] = what;
	}
}

const char *spice_display_take_unsupported(struct spice_display *display) {
	return display->reported < display->unsupported_count
			       ? display->unsupported[display->reported++]
			       : NULL;
}

struct surface *display_find(struct spice_display *display, uint32_t id) {
	for (unsigned i = 0; i < SPICE_SURFACES_MAX; i++) {
		if (display->surfaces[i].used && display->surfaces[i].id == id) {
			return &display->surfaces[i];
		}
	}
	return NULL;
}

/* Called before the first draw on the primary surface. False: it cannot be shown. */
static bool show(struct spice_display *display, struct surface *surface) {
	if (!surface->primary || surface->shown) {
		return true;
	}
	surface->shown = display->target.resize(surface->width, surface->height,
					 display->target.data) == 0;
	if (surface->shown) {
		display->target.crop(&surface->monitor, display->target.data);
	} else {
		display_note_unsupported(display, "a screen of that size");
	}
	return surface->shown;
}

/* The memory to draw on; false if there is none. Ends with release(). */
static bool borrow(
		struct spice_display *display, struct surface *surface, struct spice_surface *ret) {
	if (!surface->primary) {
		*ret = (struct spice_surface){ surface->pixels, surface->width, surface->height,
			surface->width };
		return true;
	}
	if (!show(display, surface)) {
		return false;
	}
	display->target.lock(ret, display->target.data);
	if (ret->pixels && ret->width == surface->width && ret->height == surface->height) {
		return true;
	}
	display->target.unlock(display->target.data);
	return false;
}

static void release(struct spice_display *display, struct surface *surface) {
	if (surface->primary) {
		display->target.unlock(display->target.data);
	}
}

static void damage(struct spice_display *display, const struct surface *surface,
		const struct spice_rect *rect) {
	if (surface->primary) {
		display->target.damage((uint32_t)rect->left, (uint32_t)rect->top,
				(uint32_t)(rect->right - rect->left),
				(uint32_t)(rect->bottom - rect->top), display->target.data);
	}
}

static int on_surface_create(struct spice_display *display, struct reader *r) {
	uint32_t id = read_u32(r);
	uint32_t width = read_u32(r);
	uint32_t height = read_u32(r);
	uint32_t format = read_u32(r);
	uint32_t flags = read_u32(r);
	if (!reader_ok(r)) {
		return -EBADMSG;
	}
	struct surface *surface = display_find(display, id);
	if (surface) {
		surface_destroy(display, surface);
	}
	if (width == 0 || width > SPICE_IMAGE_SIDE_MAX || height == 0 ||
			height > SPICE_IMAGE_SIDE_MAX ||
			(uint64_t)width * height > SPICE_SURFACE_PIXELS) {
		return -EBADMSG;
	}
	if (format != SPICE_SURFACE_32_XRGB && format != SPICE_SURFACE_32_ARGB &&
			format != SPICE_SURFACE_16_555 && format != SPICE_SURFACE_16_565) {
		display_note_unsupported(display, "a surface format");
		return 0;
	}
	for (unsigned i = 0; i < SPICE_SURFACES_MAX && !surface; i++) {
		if (!display->surfaces[i].used) {
			surface = &display->surfaces[i];
		}
	}
	const uint64_t bytes = (uint64_t)width * height * 4;
	const bool primary = (flags & 1) != 0;
	if (!surface || (!primary && bytes > SURFACE_BYTES_MAX - display->bytes)) {
		display_note_unsupported(display, "more surfaces than it keeps");
		return 0;
	}
	*surface = (struct surface){
		.used = true, .primary = primary, .id = id, .width = width, .height = height
	};
	surface->monitor = (struct spice_rect){ 0, 0, (int32_t)width, (int32_t)height };
	if (primary) {
		for (unsigned i = 0; i < SPICE_SURFACES_MAX; i++) { /* there is one at a time */
			if (display->surfaces[i].primary && &display->surfaces[i] != surface) {
				surface_destroy(display, &display->surfaces[i]);
			}
		}
		display->target.screen(&surface->monitor, display->target.data);
		return 0;
	}
	surface->pixels = calloc((size_t)width * height, 4);
	if (!surface->pixels) {
		*surface = (struct surface){ 0 };
		return 0;
	}
	display->bytes += bytes;
	return 0;
}

static int on_surface_destroy(struct spice_display *display, struct reader *r) {
	struct surface *surface = display_find(display, read_u32(r));
	if (!reader_ok(r)) {
		return -EBADMSG;
	}
	/* What was shown stays until the next surface has something to show. */
	if (surface) {
		surface_destroy(display, surface);
	}
	return 0;
}

/* Of several monitors the first is shown; one that does not fit into its surface is none (9.3). */
static int on_monitors_config(struct spice_display *display, struct reader *r) {
	unsigned count = read_u16(r);
	read_u16(r); /* how many there may be */
	for (unsigned i = 0; i < count && i < HEADS_MAX; i++) {
		read_u32(r); /* its number */
		struct surface *surface = display_find(display, read_u32(r));
		uint32_t width = read_u32(r);
		uint32_t height = read_u32(r);
		uint32_t x = read_u32(r);
		uint32_t y = read_u32(r);
		read_u32(r); /* flags */
		if (!reader_ok(r)) {
			return -EBADMSG;
		}
		if (!surface || !surface->primary || width == 0 || height == 0 ||
				x > surface->width || width > surface->width - x ||
				y > surface->height || height > surface->height - y) {
			continue;
		}
		surface->monitor = (struct spice_rect){ (int32_t)x, (int32_t)y,
			(int32_t)(x + width), (int32_t)(y + height) };
		display->target.screen(&surface->monitor, display->target.data);
		if (surface->shown) {
			display->target.crop(&surface->monitor, display->target.data);
		}
		break;
	}
	return reader_ok(r) ? 0 : -EBADMSG;
}

struct spice_rect display_read_rect(struct reader *r) {
	struct spice_rect rect;
	rect.top = read_i32(r);
	rect.left = read_i32(r);
	rect.bottom = read_i32(r);
	rect.right = read_i32(r);
	return rect;
}

bool display_rect_is_sane(const struct spice_rect *rect) {
	return rect->left >= -COORDINATE_MAX && rect->top >= -COORDINATE_MAX &&
	       rect->right <= COORDINATE_MAX && rect->bottom <= COORDINATE_MAX &&
	       rect->right >= rect->left && rect->bottom >= rect->top;
}

static bool read_base(struct spice_display *display, struct reader *r, struct base *ret) {
	uint32_t id = read_u32(r);
	ret->box = display_read_rect(r);
	ret->clips = 0;
	ret->clip_data = NULL;
	if (read_u8(r) == 1) {
		ret->clips = read_u32(r);
		if (ret->clips > CLIPS_MAX) {
			return false;
		}
		ret->clip_data = read_bytes(r, (uint64_t)ret->clips * 16);
		if (ret->clips == 0) { /* nothing may be drawn */
			ret->box = (struct spice_rect){ 0 };
		}
	}
	ret->surface = display_find(display, id);
	return reader_ok(r) && display_rect_is_sane(&ret->box);
}

/* Rows that may be drawn now: at least one, so that every call gets on. */
static int32_t rows_for(int64_t work, const struct spice_rect *rect, int cost) {
	const int64_t rows = work / ((int64_t)cost * (rect->right - rect->left));
	const int64_t left = rect->bottom - rect->top;
	return (int32_t)(rows < 1 ? 1 : rows < left ? rows : left);
}

static int finish_draw(struct spice_display *display, struct surface *surface) {
	memset(&display->done, 0, sizeof display->done);
	release(display, surface);
	return 0;
}

/* The part of a rectangle that fits into the work; 1 = there is more of it. */
static int draw_part(struct spice_display *display, const struct base *base, struct draw *draw,
		const struct spice_surface *surface, const struct spice_rect *rect, int64_t *work) {
	const int cost = draw_cost(draw);
	struct spice_rect part = *rect;
	part.top += display->done.rows;
	part.bottom = part.top + rows_for(*work, &part, cost);
	draw_clipped(draw, surface, &part, display->row);
	damage(display, base->surface, &part);
	const int64_t pixels = (int64_t)(part.right - part.left) * (part.bottom - part.top);
	*work -= pixels * cost + WORK_CLIP;
	display->done.pixels += pixels;
	display->done.rows = part.bottom - rect->top;
	if (part.bottom < rect->bottom) {
		return 1;
	}
	display->done.rows = 0;
	display->done.clip++;
	return 0;
}

/* Draws what lies inside box, clips and surface. Clips of an honest server do not overlap, so that
 * they cover the box at most once: a second box full of pixels is where it ends. Returns 1 when
 * there is more to do. */
int display_draw(struct spice_display *display, const struct base *base, struct draw *draw) {
	struct spice_surface surface;
	if (!base->surface || !borrow(display, base->surface, &surface)) {
		memset(&display->done, 0, sizeof display->done);
		return 0; /* an unknown surface: ignored */
	}
	const struct spice_rect whole = { 0, 0, (int32_t)surface.width, (int32_t)surface.height };
	draw->box = base->box;
	const struct spice_rect inside = spice_rect_intersect(&base->box, &whole);
	if (spice_rect_is_empty(&inside)) {
		return finish_draw(display, base->surface);
	}
	const int64_t most =
			2 * (int64_t)(inside.right - inside.left) * (inside.bottom - inside.top);
	const uint32_t count = base->clips == 0 ? 1 : base->clips;
	struct reader r = reader_of(base->clip_data, (size_t)base->clips * 16);
	for (uint32_t i = 0; i < display->done.clip; i++) {
		display_read_rect(&r);
	}
	int64_t work = WORK_MAX;
	while (display->done.clip < count && display->done.pixels < most) {
		if (work <= 0) {
			release(display, base->surface);
			return 1;
		}
		struct spice_rect clip = inside;
		if (base->clips > 0) {
			clip = display_read_rect(&r);
			clip = spice_rect_intersect(&clip, &inside);
		}
		if (spice_rect_is_empty(&clip)) {
			display->done.clip++;
		} else if (draw_part(display, base, draw, &surface, &clip, &work) > 0) {
			release(display, base->surface);
			return 1;
		}
	}
	return finish_draw(display, base->surface);
}

/* A mask that is really there is not supported (Windows XP's driver only). */
static bool read_mask(struct reader *r) {
	read_u8(r);
	read_u32(r);
	read_u32(r);
	return read_u32(r) != 0;
}

/* Brush: its colour; a pattern is not supported. */
static bool read_brush(struct reader *r, uint32_t *ret_color) {
	*ret_color = 0;
	switch (read_u8(r)) {
	case 0:
		return true;
	case 1:
		*ret_color = read_u32(r);
		return true;
	default:
		read_u32(r);
		read_u32(r);
		read_u32(r);
		return false;
	}
}

/* The image and the area of it; 1 = use it, 0 = skip the draw, -EBADMSG. */
static int read_image(struct spice_display *display, const uint8_t *body, size_t len,
		uint32_t offset, const struct spice_rect *area, struct draw *draw) {
	struct spice_image *image = &display->image;
	uint8_t type;
	int r = spice_image_read(body, len, offset, image, &type);
	if (r == -EOPNOTSUPP) {
		display_note_unsupported(display, "compressed or cached images");
		return 0;
	}
	if (r < 0) {
		return r;
	}
	if (image->is_surface) {
		struct surface *source = display_find(display, image->surface_id);
		if (!source || source->primary) {
			display_note_unsupported(display, "the screen as the source of an image");
			return 0;
		}
		image->surface = (struct spice_surface){ source->pixels, source->width,
			source->height, source->width };
		image->width = source->width;
		image->height = source->height;
	}
	if (area->left < 0 || area->top < 0 || area->right > (int32_t)image->width ||
			area->bottom > (int32_t)image->height || spice_rect_is_empty(area)) {
		return -EBADMSG;
	}
	draw->image = image;
	draw->area = *area;
	draw->image_has_alpha = image->is_surface || image->format == SPICE_BITMAP_RGBA;
	return 1;
}

struct message {
	unsigned type;
	const uint8_t *body;
	size_t len;
	struct reader r;
};

static int on_fill(struct spice_display *display, struct message *m) {
	struct base base;
	struct draw draw = { .kind = DRAW_ROP };
	bool fine = read_base(display, &m->r, &base);
	bool solid = read_brush(&m->r, &draw.color);
	draw.rop = read_u16(&m->r);
	bool masked = read_mask(&m->r);
	if (!fine || !reader_ok(&m->r)) {
		return -EBADMSG;
	}
	if (!solid || masked) {
		display_note_unsupported(display, solid ? "masks" : "pattern brushes");
		return 0;
	}
	return display_draw(display, &base, &draw);
}

/* COPY, BLEND, OPAQUE and ROP3: an image, perhaps a brush, an operation. */
static int on_image(struct spice_display *display, struct message *m) {
	struct base base;
	struct draw draw = { .kind = DRAW_ROP };
	const bool has_brush =
			m->type == SPICE_DISPLAY_DRAW_OPAQUE || m->type == SPICE_DISPLAY_DRAW_ROP3;
	bool fine = read_base(display, &m->r, &base);
	uint32_t offset = read_u32(&m->r);
	struct spice_rect area = display_read_rect(&m->r);
	bool solid = !has_brush || read_brush(&m->r, &draw.color);
	if (m->type == SPICE_DISPLAY_DRAW_ROP3) {
		draw.kind = DRAW_ROP3;
		draw.rop = read_u8(&m->r);
	} else {
		draw.rop = read_u16(&m->r);
	}
	read_u8(&m->r); /* how to scale: nearest always */
	bool masked = read_mask(&m->r);
	if (!fine || !reader_ok(&m->r)) {
		return -EBADMSG;
	}
	if (!solid || masked) {
		display_note_unsupported(display, solid ? "masks" : "pattern brushes");
		return 0;
	}
	int r = read_image(display, m->body, m->len, offset, &area, &draw);
	return r > 0 ? display_draw(display, &base, &draw) : r;
}

static int on_constant(struct spice_display *display, struct message *m) {
	struct base base;
	struct draw draw = { .kind = DRAW_ROP };
	bool fine = read_base(display, &m->r, &base);
	bool masked = read_mask(&m->r);
	if (!fine || !reader_ok(&m->r)) {
		return -EBADMSG;
	}
	if (masked) {
		display_note_unsupported(display, "masks");
		return 0;
	}
	draw.rop = m->type == SPICE_DISPLAY_DRAW_BLACKNESS   ? SPICE_ROP_BLACKNESS
		   : m->type == SPICE_DISPLAY_DRAW_WHITENESS ? SPICE_ROP_WHITENESS
							     : SPICE_ROP_INVERS;
	return display_draw(display, &base, &draw);
}

static int on_transparent(struct spice_display *display, struct message *m) {
	struct base base;
	struct draw draw = { .kind = DRAW_TRANSPARENT };
	bool fine = read_base(display, &m->r, &base);
	uint32_t offset = read_u32(&m->r);
	struct spice_rect area = display_read_rect(&m->r);
	read_u32(&m->r); /* src_color: the same in the image's own format */
	draw.color = read_u32(&m->r);
	if (!fine || !reader_ok(&m->r)) {
		return -EBADMSG;
	}
	int r = read_image(display, m->body, m->len, offset, &area, &draw);
	return r > 0 ? display_draw(display, &base, &draw) : r;
}

static int on_alpha_blend(struct spice_display *display, struct message *m) {
	struct base base;
	struct draw draw = { .kind = DRAW_ALPHA };
	bool fine = read_base(display, &m->r, &base);
	read_u8(&m->r); /* flags */
	draw.alpha = read_u8(&m->r);
	uint32_t offset = read_u32(&m->r);
	struct spice_rect area = display_read_rect(&m->r);
	if (!fine || !reader_ok(&m->r)) {
		return -EBADMSG;
	}
	int r = read_image(display, m->body, m->len, offset, &area, &draw);
	return r > 0 ? display_draw(display, &base, &draw) : r;
}

static int on_copy_bits(struct spice_display *display, struct message *m) {
	struct base base;
	bool fine = read_base(display, &m->r, &base);
	int32_t src_x = read_i32(&m->r);
	int32_t src_y = read_i32(&m->r);
	if (!fine || !reader_ok(&m->r) || src_x < -COORDINATE_MAX || src_x > COORDINATE_MAX ||
			src_y < -COORDINATE_MAX || src_y > COORDINATE_MAX) {
		return -EBADMSG;
	}
	struct spice_surface surface;
	if (!base.surface || !borrow(display, base.surface, &surface)) {
		memset(&display->done, 0, sizeof display->done);
		return 0;
	}
	/* Where the source lies inside the surface, seen from the destination. */
	const int32_t dx = base.box.left - src_x;
	const int32_t dy = base.box.top - src_y;
	const struct spice_rect whole = { 0, 0, (int32_t)surface.width, (int32_t)surface.height };
	const struct spice_rect reachable = { dx, dy, whole.right + dx, whole.bottom + dy };
	struct spice_rect box = spice_rect_intersect(&base.box, &whole);
	box = spice_rect_intersect(&box, &reachable);
	if (!spice_rect_is_empty(&box)) {
		/* Clips of a scroll are its visible part; the whole box is moved. */
		struct spice_rect left = box;
		left.top += display->done.rows;
		const int32_t rows = rows_for(WORK_MAX, &left, 1);
		struct spice_rect part = draw_move(&surface, &box, box.left - dx, box.top - dy,
				display->done.rows, rows);
		damage(display, base.surface, &part);
		display->done.rows += rows;
		if (display->done.rows < box.bottom - box.top) {
			release(display, base.surface);
			return 1;
		}
	}
	return finish_draw(display, base.surface);
}

static const char *unsupported_name(unsigned type) {
	switch (type) {
	case SPICE_DISPLAY_DRAW_STROKE:
		return "lines";
	case SPICE_DISPLAY_DRAW_TEXT:
		return "text";
	case SPICE_DISPLAY_DRAW_COMPOSITE:
		return "compositing";
	case SPICE_DISPLAY_GL_SCANOUT:
	case SPICE_DISPLAY_GL_DRAW:
		return "GL scanout";
	default:
		return NULL; /* INVAL, MODE, MARK, …: nothing is missing */
	}
}

int spice_display_message(
		struct spice_display *display, unsigned type, const uint8_t *body, size_t len) {
	struct message m = { .type = type, .body = body, .len = len, .r = reader_of(body, len) };
	switch (type) {
	case SPICE_DISPLAY_SURFACE_CREATE:
		return on_surface_create(display, &m.r);
	case SPICE_DISPLAY_SURFACE_DESTROY:
		return on_surface_destroy(display, &m.r);
	case SPICE_DISPLAY_RESET:
		spice_display_reset(display);
		return 0;
	case SPICE_DISPLAY_MONITORS_CONFIG:
		return on_monitors_config(display, &m.r);
	case SPICE_DISPLAY_STREAM_CREATE:
	case SPICE_DISPLAY_STREAM_DATA:
	case SPICE_DISPLAY_STREAM_CLIP:
	case SPICE_DISPLAY_STREAM_DESTROY:
	case SPICE_DISPLAY_STREAM_DESTROY_ALL:
	case SPICE_DISPLAY_STREAM_DATA_SIZED:
		return display_stream_message(display, type, body, len);
	case SPICE_DISPLAY_COPY_BITS:
		return on_copy_bits(display, &m);
	case SPICE_DISPLAY_DRAW_FILL:
		return on_fill(display, &m);
	case SPICE_DISPLAY_DRAW_OPAQUE:
	case SPICE_DISPLAY_DRAW_COPY:
	case SPICE_DISPLAY_DRAW_BLEND:
	case SPICE_DISPLAY_DRAW_ROP3:
		return on_image(display, &m);
	case SPICE_DISPLAY_DRAW_BLACKNESS:
	case SPICE_DISPLAY_DRAW_WHITENESS:
	case SPICE_DISPLAY_DRAW_INVERS:
		return on_constant(display, &m);
	case SPICE_DISPLAY_DRAW_TRANSPARENT:
		return on_transparent(display, &m);
	case SPICE_DISPLAY_DRAW_ALPHA_BLEND:
		return on_alpha_blend(display, &m);
	default: {
		const char *name = unsupported_name(type);
		if (name) {
			display_note_unsupported(display, name);
		}
		return 0;
	}
	}
}
