#include "client/ui/app_size.h"

#include <SDL.h>

#include "base/clock.h"
#include "client/config/config.h"
#include "client/ui/app_parts.h"
#include "client/window/window.h"

/* A resize is over when no further one came for so long. */
#define RESIZE_SETTLE_NS (100 * NS_PER_MS)

static bool is_maximized(struct window *window) {
	return window_is_full_screen(window) ||
	       (SDL_GetWindowFlags(window_sdl(window)) & SDL_WINDOW_MAXIMIZED) != 0;
}

/* With pixels that may not grow, a window larger than the picture would only have borders. */
void app_size_shrink(const struct config *config, const struct app_parts *parts,
		const struct video_status *video, struct window *window) {
	int width;
	int height;
	if (!config->window.shrink_on_upscale || !parts->settings.no_upscale || video->width == 0 ||
			is_maximized(window)) {
		return;
	}
	const bool turned = parts->settings.rotate % 2 != 0;
	const int most_x = (int)(turned ? video->height : video->width);
	const int most_y = (int)(turned ? video->width : video->height);
	window_size_px(window, &width, &height);
	if (width > most_x || height > most_y) {
		window_set_size_px(window, width > most_x ? most_x : width,
				height > most_y ? most_y : height);
	}
}

/* Nobody chose a size: that of the first picture's aspect has no borders. */
static void take_aspect(struct app_size *size, const struct config *config,
		const struct app_parts *parts, const struct video_status *video,
		struct window *window) {
	if (size->has_aspect || video->width == 0 || video->showing == VIDEO_SOURCE_AUTO) {
		return;
	}
	size->has_aspect = true;
	const bool turned = parts->settings.rotate % 2 != 0;
	if (!config->window.size_chosen && config->window.allow_resize &&
			config->video.settings.keep_aspect && !config->window.auto_resize &&
			!config->window.set_guest_size) {
		window_take_aspect(window, (int)(turned ? video->height : video->width),
				(int)(turned ? video->width : video->height));
	}
}

static void fit(struct app_size *size, const struct config *config,
		const struct video_status *video, struct window *window) {
	if (!config->window.auto_resize || video->width == 0 ||
			(video->width == size->guest_width &&
					video->height == size->guest_height)) {
		return;
	}
	size->guest_width = video->width;
	size->guest_height = video->height;
	if (!window_is_full_screen(window)) {
		window_set_size_px(window, (int)video->width, (int)video->height);
	}
}

void app_size_follow(struct app_size *size, const struct config *config,
		const struct app_parts *parts, const struct video_status *video,
		struct window *window) {
	take_aspect(size, config, parts, video, window);
	fit(size, config, video, window);
	if (size->settled_ns == 0) {
		app_size_shrink(config, parts, video, window); /* else once the user stopped */
	}
}

/* The picture's own aspect for the window, once the user stopped dragging. */
static void snap_to_aspect(const struct config *config, const struct video_status *video,
		struct window *window) {
	int width;
	int height;
	/* Only with --auto-resize: a tiling compositor gives a window its size once, and a window
	 * that then shrinks leaves a hole in its tile. */
	if (!config->window.force_aspect || !config->window.auto_resize ||
			!config->video.settings.keep_aspect || video->width == 0 ||
			is_maximized(window)) {
		return;
	}
	window_size_px(window, &width, &height);
	int wanted = (int)((int64_t)width * video->height / video->width);
	if (wanted != height && wanted > 0) {
		window_set_size_px(window, width, wanted);
	}
}

void app_size_resized(struct app_size *size, const struct app_parts *parts, struct window *window) {
	int width;
	int height;
	window_size_px(window, &width, &height);
	if (parts->video) {
		video_resize(parts->video, width, height);
	}
	size->settled_ns = clock_now_ns() + RESIZE_SETTLE_NS;
}

void app_size_settled(struct app_size *size, const struct config *config,
		const struct app_parts *parts, const struct video_status *video,
		struct window *window) {
	int width;
	int height;
	size->settled_ns = 0;
	snap_to_aspect(config, video, window);
	app_size_shrink(config, parts, video, window);
	window_size_px(window, &width, &height);
	if (config->window.set_guest_size && parts->video) {
		video_set_guest_size(parts->video, width, height);
	}
	if (config->window.set_guest_size && video->showing == VIDEO_SOURCE_SPICE) {
		app_parts_command(
				parts, (struct guest_link_command){ .kind = GUEST_LINK_MONITOR_SIZE,
						       .value = width << 16 | height });
	}
}
