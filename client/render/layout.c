#include "client/render/layout.h"

#include <math.h>
#include <string.h>

#include "client/gl/picture_types.h"

static unsigned image_to_upright(unsigned guest_rotation) {
	return (4 - guest_rotation % 4) % 4; /* counter-clockwise turns, told clockwise */
}

/* Short of the picture's size by one pixel at most, as windows on screens of a fractional scale are
 * (1366 at 1.5 is 1365): a column that is cut off costs less than all of them blurred. */
static bool nearly_fits(int window, double picture) {
	return window == (int)picture || window == (int)picture - 1;
}

static double scale_for(const struct layout_input *in, double width, double height) {
	const double sx = in->window_width / width;
	const double sy = in->window_height / height;
	if (in->window_width >= width - 1 && in->window_height >= height - 1 &&
			(nearly_fits(in->window_width, width) ||
					nearly_fits(in->window_height, height))) {
		return 1;
	}
	double scale = sx < sy ? sx : sy;
	if (in->no_upscale && scale > 1) {
		scale = 1;
	}
	if (in->integer_upscale && scale > 1) {
		scale = floor(scale);
	}
	return scale;
}

static void place(struct layout *layout, const struct layout_input *in) {
	const bool turned = layout->rotation % 2 != 0;
	const double width = turned ? in->image_height : in->image_width;
	const double height = turned ? in->image_width : in->image_height;
	const double scale = scale_for(in, width, height);
	double w = round(width * scale);
	double h = round(height * scale);
	if (!in->keep_aspect && !in->integer_upscale &&
			!(nearly_fits(in->window_width, width) &&
					nearly_fits(in->window_height, height))) {
		/* Stretched; a picture that may not grow only shrinks. */
		w = in->no_upscale && width < in->window_width ? width : in->window_width;
		h = in->no_upscale && height < in->window_height ? height : in->window_height;
	}
	layout->width = w < 1 ? 1 : (int)w;
	layout->height = h < 1 ? 1 : (int)h;
	layout->x = (in->window_width - layout->width) / 2;
	layout->y = (in->window_height - layout->height) / 2;
	layout->exact = layout->width == (int)width && layout->height == (int)height;
	layout->covers = layout->x <= 0 && layout->y <= 0 &&
			 layout->x + layout->width >= in->window_width &&
			 layout->y + layout->height >= in->window_height;
}

/* u, v in 0..1 over the picture in the window -> 0..1 over the image: the turn undone. */
static void unturn(unsigned rotation, double m[6]) {
	static const double table[4][6] = {
		{ 1, 0, 0, 0, 1, 0 },   /* x = u,     y = v */
		{ 0, 1, 0, -1, 0, 1 },  /* x = v,     y = 1 - u */
		{ -1, 0, 1, 0, -1, 1 }, /* x = 1 - u, y = 1 - v */
		{ 0, -1, 1, 1, 0, 0 },  /* x = 1 - v, y = u */
	};
	for (int i = 0; i < 6; i++) {
		m[i] = table[rotation % 4][i];
	}
}

static void make_matrix(struct layout *layout) {
	double m[6];
	unturn(layout->rotation, m);
	const double sides[2] = { layout->image_width, layout->image_height };
	for (int i = 0; i < 2; i++) {
		const double mx = m[3 * i] * sides[i] / layout->width;
		const double my = m[3 * i + 1] * sides[i] / layout->height;
		layout->to_image[3 * i] = (float)mx;
		layout->to_image[3 * i + 1] = (float)my;
		layout->to_image[3 * i + 2] =
				(float)(m[3 * i + 2] * sides[i] - mx * layout->x - my * layout->y);
	}
}

void layout_compute(struct layout *ret_layout, const struct layout_input *input) {
	struct layout_input in = *input;
	in.image_width = in.image_width > 0 ? in.image_width : 1;
	in.image_height = in.image_height > 0 ? in.image_height : 1;
	in.window_width = in.window_width > 0 ? in.window_width : 1;
	in.window_height = in.window_height > 0 ? in.window_height : 1;

	const unsigned upright = image_to_upright(in.guest_rotation);
	*ret_layout = (struct layout){
		.window_width = in.window_width,
		.window_height = in.window_height,
		.rotation = (upright + in.user_rotation) % 4,
		.pointer_rotation = in.user_rotation % 4,
		.image_width = in.image_width,
		.image_height = in.image_height,
		.desktop_width = in.desktop_width,
		.desktop_height = in.desktop_height,
	};
	if (in.desktop_width == 0 || in.desktop_height == 0) {
		ret_layout->desktop_width = upright % 2 ? in.image_height : in.image_width;
		ret_layout->desktop_height = upright % 2 ? in.image_width : in.image_height;
	}
	place(ret_layout, &in);
	make_matrix(ret_layout);
}

/* A rectangle in 0..1 of a turned thing -> 0..1 of the picture in the window. */
static void turn_rect(unsigned rotation, double r[4]) {
	const double x = r[0], y = r[1], w = r[2], h = r[3];
	switch (rotation % 4) {
	case 1:
		r[0] = 1 - y - h;
		r[1] = x;
		r[2] = h;
		r[3] = w;
		break;
	case 2:
		r[0] = 1 - x - w;
		r[1] = 1 - y - h;
		break;
	case 3:
		r[0] = y;
		r[1] = 1 - x - w;
		r[2] = h;
		r[3] = w;
		break;
	default:
		break;
	}
}

bool layout_image_rect(
		const struct layout *layout, const struct frame_rect *rect, struct rect *ret_rect) {
	if (layout->image_width == 0 || layout->image_height == 0) {
		return false; /* no picture yet */
	}
	double r[4] = { (double)rect->x / layout->image_width,
		(double)rect->y / layout->image_height, (double)rect->width / layout->image_width,
		(double)rect->height / layout->image_height };
	turn_rect(layout->rotation, r);
	double reach = 0;
	if (!layout->exact) {
		/* The widest filters look at four image pixels to each side, or, to shrink, at two
		 * of the window. */
		const double sx =
				(double)layout->width /
				(layout->rotation % 2 ? layout->image_height : layout->image_width);
		const double sy =
				(double)layout->height /
				(layout->rotation % 2 ? layout->image_width : layout->image_height);
		const double most = sx > sy ? sx : sy;
		reach = 4 * (most > 0.5 ? most : 0.5) + 1;
	}
	/* Slightly inward: products like 3 * (1 / 3.0) must not round into the next pixel. */
	const double hair = layout->exact ? 1e-3 : 0;
	double left = floor(layout->x + r[0] * layout->width - reach + hair);
	double top = floor(layout->y + r[1] * layout->height - reach + hair);
	double right = ceil(layout->x + (r[0] + r[2]) * layout->width + reach - hair);
	double bottom = ceil(layout->y + (r[1] + r[3]) * layout->height + reach - hair);
	left = left < 0 ? 0 : left;
	top = top < 0 ? 0 : top;
	right = right > layout->window_width ? layout->window_width : right;
	bottom = bottom > layout->window_height ? layout->window_height : bottom;
	if (left >= right || top >= bottom) {
		return false;
	}
	*ret_rect = (struct rect){ (int)left, (int)top, (int)(right - left), (int)(bottom - top) };
	return true;
}

void layout_desktop_rect(const struct layout *layout, float x, float y, float width, float height,
		float ret_rect[4]) {
	if (layout->desktop_width == 0 || layout->desktop_height == 0) {
		memset(ret_rect, 0, 4 * sizeof *ret_rect);
		return;
	}
	double r[4] = { (double)x / layout->desktop_width, (double)y / layout->desktop_height,
		(double)width / layout->desktop_width, (double)height / layout->desktop_height };
	turn_rect(layout->pointer_rotation, r);
	ret_rect[0] = (float)(layout->x + r[0] * layout->width);
	ret_rect[1] = (float)(layout->y + r[1] * layout->height);
	ret_rect[2] = (float)(r[2] * layout->width);
	ret_rect[3] = (float)(r[3] * layout->height);
}

void layout_pointer_rect(const struct layout *layout, const struct layout_pointer *pointer,
		float ret_rect[4]) {
	const bool turned = layout->pointer_rotation % 2 != 0;
	/* Window pixels per desktop pixel, along the desktop's axes. */
	const float sx = (float)(turned ? layout->height : layout->width) /
			 (float)(layout->desktop_width > 0 ? layout->desktop_width : 1);
	const float sy = (float)(turned ? layout->width : layout->height) /
			 (float)(layout->desktop_height > 0 ? layout->desktop_height : 1);
	const bool keeps = pointer->keeps_size && (sx < 1 || sy < 1);
	const float grow_x = keeps && sx < 1 ? 1 / sx : 1;
	const float grow_y = keeps && sy < 1 ? 1 / sy : 1;
	const float hot_x = (float)(pointer->x + pointer->hot_x);
	const float hot_y = (float)(pointer->y + pointer->hot_y);
	layout_desktop_rect(layout, hot_x - (float)pointer->hot_x * grow_x,
			hot_y - (float)pointer->hot_y * grow_y, (float)pointer->width * grow_x,
			(float)pointer->height * grow_y, ret_rect);
	if (keeps) {
		/* Whole pixels, so that each of its own is one of the window's. */
		for (int i = 0; i < 4; i++) {
			ret_rect[i] = floorf(ret_rect[i] + 0.5f);
		}
	}
}

void layout_pointer_cover(const float rect[4], struct rect *ret_rect) {
	const int left = (int)(rect[0] + 0.5f + 4096) - 4096;
	const int top = (int)(rect[1] + 0.5f + 4096) - 4096;
	const int right = (int)(rect[0] + rect[2] + 0.5f + 4096) - 4096;
	const int bottom = (int)(rect[1] + rect[3] + 0.5f + 4096) - 4096;
	*ret_rect = (struct rect){ left, top, right - left, bottom - top };
}

void layout_pointer_matrix(const float rect[4], unsigned rotation, uint32_t width, uint32_t height,
		float ret_matrix[6]) {
	static const float turns[4][6] = {
		{ 1, 0, 0, 0, 1, 0 },
		{ 0, 1, 0, -1, 0, 1 },
		{ -1, 0, 1, 0, -1, 1 },
		{ 0, -1, 1, 1, 0, 0 },
	};
	const float *turn = turns[rotation % 4];
	const float sides[2] = { (float)width, (float)height };
	float *m = ret_matrix;
	for (int i = 0; i < 2; i++) {
		m[3 * i] = turn[3 * i] * sides[i] / rect[2];
		m[3 * i + 1] = turn[3 * i + 1] * sides[i] / rect[3];
		m[3 * i + 2] = turn[3 * i + 2] * sides[i] - m[3 * i] * rect[0] -
			       m[3 * i + 1] * rect[1];
	}
}
