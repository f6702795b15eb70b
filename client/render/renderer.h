/*
 * The renderer: textures, shaders, drawing. GLES 3; knows no protocol, no threads. Everything on
 * the thread with the current context (pg-video).
 *
 * A picture is begun with its geometry, its pixels are uploaded row by row as they come, and it is
 * drawn any number of times. Formats that no texture has (packed 24 bit in 32, HDR) are converted
 * into an sRGB texture of 8 bits once per upload, only where they changed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/gl/picture_types.h"
#include "client/render/renderer_types.h"
#include "host-proto/cursor.h"
#include "host-proto/frame.h"

struct egl;
struct egl_pixels;
struct rect;
struct egl_target;
struct renderer;

/* software: a CPU draws. Returns 0 or a negative errno (logged). */
int renderer_create(struct renderer **ret_renderer, bool software, enum video_upload upload);
/* For targets in memory (egl_create_memory()), without GL. Scales linearly at best; everything else
 * is the same. 0 or -ENOMEM. */
int renderer_create_memory(struct renderer **ret_renderer);
void renderer_destroy(struct renderer *renderer); /* accepts NULL */
/* Of characters that the embedded face lacks; before the first text is drawn. Copied. */
void renderer_set_font(struct renderer *renderer, const char *family);

/* Makes textures if the geometry differs from the current one; then the content is black until it
 * is uploaded. Returns 1 if it did, 0 if nothing changed, or -EINVAL (larger than the GPU can),
 * -ENOMEM. */
int renderer_set_picture(struct renderer *renderer, const struct renderer_picture *picture);
/* True if the conversion depends on it and all of the picture must be converted again. */
bool renderer_set_hdr(struct renderer *renderer, const struct renderer_hdr *hdr);

/* Rows [y, y + height) of columns [x, x + width) in image pixels. pixels is the start of the image
 * (row 0), pitch its row distance in bytes. The bytes were read when it returns. */
void renderer_upload(struct renderer *renderer, const unsigned char *pixels, uint32_t pitch,
		const struct frame_rect *rect);
/* Keeps uploaded pixels in memory, from which a window can show them without GL, while the picture
 * is shown 1:1 at that place; NULL: no longer. Needs BGRA and a CPU that draws; renderer_keeps()
 * tells whether it is on. egl (may be NULL): the window, whose own memory is taken where it has any
 * (egl_make_pixels()); it outlives the renderer, and pixels come only when it wants a frame. True:
 * they are kept in other memory now, and all of the window is to be drawn. */
bool renderer_keep(struct renderer *renderer, const struct rect *at, struct egl *egl);
/* Between egl_begin() and drawing, in a window of another size: memory of the former size goes. */
void renderer_resized(struct renderer *renderer);
/* What was uploaded since the last swap is worth nothing and shall not be seen, if possible. */
void renderer_drop(struct renderer *renderer);
bool renderer_keeps(const struct renderer *renderer);
/* Where that memory is in the window (as in struct egl_pixels); false: it is not what the scene
 * shows. What the scene has over it is drawn by renderer_draw() as ever. */
bool renderer_kept_at(const struct renderer *renderer, const struct renderer_scene *scene,
		struct egl_pixels *ret_pixels);
/* In place of renderer_upload() where the picture was begun with DMABUF: the frame is an imported
 * texture, which the next renderer_uploaded() reads and nothing reads later. */
void renderer_upload_texture(struct renderer *renderer, unsigned texture);
/* Waits until the GPU has read it. Returns 0 or -ETIMEDOUT. */
int renderer_wait_uploaded(struct renderer *renderer, uint64_t timeout_ns);
/* After the uploads of a frame: converts what needs it. count 0 = all. */
void renderer_uploaded(struct renderer *renderer, const struct frame_rect *rects, unsigned count);

/* The pointer's image; kept until another comes. NULL = none. */
void renderer_set_cursor(struct renderer *renderer, const struct cursor_shape *shape);

/* Draws the scene inside the rectangles (window pixels). */
void renderer_draw(struct renderer *renderer, const struct egl_target *target,
		const struct renderer_scene *scene, const struct rect *rects, unsigned count);

/* The picture's pixels as R, G, B bytes, upright after `rotation` clockwise turns, top row first:
 * width * height * 3 bytes, sides swapped for odd rotations. pointer: NULL or x, y, width, height
 * in upright pixels. Returns 0, -ENODATA without a picture, -EIO. */
int renderer_read(struct renderer *renderer, unsigned rotation, const float *pointer,
		unsigned char *ret_rgb);

/* The same for a recording: scaled into width x height with its aspect, black around it, 4 bytes a
 * pixel. *ret_rgba: R first, else B. Returns 0; -EINPROGRESS: a GPU draws it, renderer_film_later()
 * has it soon; or a negative errno. */
int renderer_film(struct renderer *renderer, uint32_t width, uint32_t height, unsigned rotation,
		const float *pointer, unsigned char *ret_pixels, bool *ret_rgba);
/* R first. -EAGAIN: not yet. */
int renderer_film_later(struct renderer *renderer, unsigned char *ret_pixels);
/* Nothing is recorded any more: gives back what that took. */
void renderer_film_end(struct renderer *renderer);

/* One row of the image as it was uploaded, 4 bytes a pixel (any 8 bit order): for the stamp check.
 * Only for BGRA and RGBA. */
int renderer_read_rows(struct renderer *renderer, uint32_t y, uint32_t height, uint32_t width,
		unsigned char *ret_pixels);

/* AUTO is DIRECT; PERSISTENT becomes PBO where the driver has none. From one frame to the next; to
 * and from DMABUF the picture is to be begun anew. */
void renderer_set_upload(struct renderer *renderer, enum video_upload way);
/* The way that the last upload really went. */
enum video_upload renderer_get_upload(const struct renderer *renderer);
bool renderer_can_map(void); /* the driver maps buffers persistently */
/* Waits until the GPU has done everything. */
void renderer_finish(struct renderer *renderer);
/* "memory", "direct", "pbo", "persistent", "dmabuf" */
const char *renderer_upload_name(const struct renderer *renderer);
