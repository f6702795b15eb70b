#include "client/gl/x11_format.h"

#include <X11/Xlib.h>
#include <string.h>

/* ---- a colour map ---- */

static unsigned short spread(unsigned value, unsigned most) {
	return (unsigned short)(value * 65535u / most);
}

/* The colour of a byte of red (3 bits), green (3) and blue (2). */
static XColor color_of(unsigned byte) {
	return (XColor){ .red = spread(byte >> 5, 7),
		.green = spread(byte >> 2 & 7, 7),
		.blue = spread(byte & 3, 3),
		.flags = DoRed | DoGreen | DoBlue };
}

static long far_from(const XColor *a, const XColor *b) {
	const long red = (a->red - b->red) / 256, green = (a->green - b->green) / 256;
	const long blue = (a->blue - b->blue) / 256;
	return 3 * red * red + 6 * green * green + blue * blue;
}

static uint8_t nearest(const XColor *cells, int count, const XColor *wanted) {
	int best = 0;
	for (int i = 1; i < count; i++) {
		if (far_from(&cells[i], wanted) < far_from(&cells[best], wanted)) {
			best = i;
		}
	}
	return (uint8_t)cells[best].pixel;
}

/* Every colour gets a cell of the window's map where that gives one, else the nearest there is. */
static bool make_map(Display *display, const XWindowAttributes *window, struct x11_format *format) {
	const int entries = window->visual->map_entries;
	const int count = entries < 256 ? entries : 256;
	XColor cells[256];
	if (count < 2) {
		return false;
	}
	bool given[256];
	for (unsigned i = 0; i < 256; i++) {
		XColor color = color_of(i);
		given[i] = XAllocColor(display, window->colormap, &color) != 0;
		format->map[i] = (uint8_t)color.pixel;
	}
	for (int i = 0; i < count; i++) {
		cells[i].pixel = (unsigned long)i;
	}
	XQueryColors(display, window->colormap, cells, count);
	for (unsigned i = 0; i < 256; i++) {
		const XColor wanted = color_of(i);
		if (!given[i]) {
			format->map[i] = nearest(cells, count, &wanted);
		}
	}
	return true;
}

/* ---- masks ---- */

static struct x11_channel channel_of(unsigned long mask) {
	struct x11_channel channel = { 0, 0 };
	while (mask != 0 && (mask & 1) == 0) {
		mask >>= 1;
		channel.shift++;
	}
	while ((mask & 1) != 0) {
		mask >>= 1;
		channel.bits++;
	}
	return channel;
}

static bool read_form(Display *display, int depth, struct x11_format *format) {
	int count = 0;
	XPixmapFormatValues *forms = XListPixmapFormats(display, &count);
	for (int i = 0; i < count; i++) {
		if (forms[i].depth == depth) {
			format->bytes = (unsigned)forms[i].bits_per_pixel / 8;
			format->pad = (unsigned)forms[i].scanline_pad / 8;
		}
	}
	XFree(forms);
	return format->bytes >= 1 && format->bytes <= 4 && format->pad >= 1;
}

bool x11_format_of(void *display, unsigned long window, struct x11_format *ret_format) {
	XWindowAttributes attributes;
	struct x11_format *format = ret_format;
	*format = (struct x11_format){ .depth = 0 };
	if (!XGetWindowAttributes(display, window, &attributes) ||
			!read_form(display, attributes.depth, format)) {
		return false;
	}
	const Visual *visual = attributes.visual;
	format->depth = (uint8_t)attributes.depth;
	format->most_first = ImageByteOrder((Display *)display) == MSBFirst;
	format->red = channel_of(visual->red_mask);
	format->green = channel_of(visual->green_mask);
	format->blue = channel_of(visual->blue_mask);
	format->as_is = format->bytes == 4 && !format->most_first && visual->red_mask == 0xff0000 &&
			visual->green_mask == 0xff00 && visual->blue_mask == 0xff;
	if (visual->class != TrueColor && visual->class != DirectColor) {
		format->mapped = format->bytes == 1 && make_map(display, &attributes, format);
		return format->mapped;
	}
	return format->red.bits > 0 && format->green.bits > 0 && format->blue.bits > 0;
}

/* ---- pixels ---- */

size_t x11_format_stride(const struct x11_format *format, int width) {
	const size_t bytes = (size_t)width * format->bytes;
	return (bytes + format->pad - 1) / format->pad * format->pad;
}

/* 8 bits of a colour in its place; more bits than 8 repeat its upper ones. */
static uint32_t place(const struct x11_channel *channel, uint32_t value) {
	const uint32_t level = channel->bits <= 8 ? value >> (8 - channel->bits)
						  : value << (channel->bits - 8) |
								    value >> (16 - channel->bits);
	return level << channel->shift;
}

static uint32_t pixel_of(const struct x11_format *format, const unsigned char *bgr) {
	if (format->mapped) {
		return format->map[(bgr[2] & 0xe0) | (bgr[1] & 0xe0) >> 3 | bgr[0] >> 6];
	}
	return place(&format->red, bgr[2]) | place(&format->green, bgr[1]) |
	       place(&format->blue, bgr[0]);
}

void x11_format_row(const struct x11_format *format, const unsigned char *from, unsigned char *to,
		int count) {
	if (format->as_is) {
		memcpy(to, from, (size_t)count * 4);
		return;
	}
	for (int i = 0; i < count; i++) {
		const uint32_t pixel = pixel_of(format, from + 4 * (size_t)i);
		for (unsigned byte = 0; byte < format->bytes; byte++) {
			const unsigned shift = format->most_first ? format->bytes - 1 - byte : byte;
			to[byte] = (unsigned char)(pixel >> 8 * shift);
		}
		to += format->bytes;
	}
}
