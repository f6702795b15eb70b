#include "host-proto/sim/demo_guest.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host-proto/kvmfr_audio.h"
#include "host-proto/kvmfr_wire.h"
#include "host-proto/shm.h"
#include "host-proto/sim/demo_guest_internal.h"
#include "host-proto/sim/lgmp_host.h"

#define HEARTBEAT_NS  (LGMP_HOST_PERIOD_MS * NS_PER_MS)
#define POINTER_NS    (16 * NS_PER_MS)
#define INPUT_NS      (NS_PER_MS / 2)
#define INPUT_IDLE_NS (4 * NS_PER_MS)
#define CLIP_NS       (NS_PER_MS / 2)
#define CLIP_IDLE_NS  (4 * NS_PER_MS)
#define SHAPE_NS      (2 * NS_PER_S)
#define USER_HOLDS_NS (5 * NS_PER_S)
#define RESTART_NS    NS_PER_S
#define FIXED_BYTES   (3400 * 1024) /* header, rings, pointer blocks: 3.02 MiB and some room */

struct demo_guest_config demo_guest_defaults(void) {
	return (struct demo_guest_config){ .kvmfr = 20,
		.width = 1920,
		.height = 1080,
		.fps = 60,
		.format = FRAME_FORMAT_BGRA,
		.cursor = DEMO_CURSOR_CYCLE,
		.cursor_moves = true,
		.accepts_cursor_position = true,
		.accepts_window_size = true,
		.offers_audio = true,
		.offers_input = true,
		.offers_schedule = true,
		.offers_clipboard = true };
}

static bool offers_clipboard(const struct demo_guest_config *config) {
	return config->kvmfr >= 34 && config->offers_clipboard;
}

static uint32_t round_up(uint32_t value, uint32_t to) {
	return (value + to - 1) / to * to;
}

/* Geometry as the host program would announce it (kvmfr.md 3.3). */
static int describe(const struct demo_guest_config *config, struct frame *frame) {
	if (config->width < 1 || config->width > FRAME_SIDE_MAX || config->height < 1 ||
			config->height > FRAME_SIDE_MAX || config->padding > 4096 ||
			config->rotation > 3 || config->fps < 0 || config->fps > 1000 ||
			config->format == FRAME_FORMAT_NONE) {
		return -EINVAL;
	}
	if (config->kvmfr < 20 && (config->format == FRAME_FORMAT_BGR_32 ||
						  config->format == FRAME_FORMAT_RGB_24)) {
		return -EINVAL;
	}
	*frame = (struct frame){
		.format = config->format,
		.width = config->width,
		.height = config->height,
		.data_width = config->width,
		.rows = config->height,
		.screen_width = config->screen_width ? config->screen_width : config->width,
		.screen_height = config->screen_height ? config->screen_height : config->height,
		.rotation = config->rotation,
		.flags = config->flags,
	};
	if (config->flags & FRAME_HDR_METADATA) { /* BT.2020, mastered at 1000 nits */
		frame->hdr = (struct frame_hdr){
			.primaries = { { 35400, 14600 }, { 8500, 39850 }, { 6550, 2300 } },
			.white = { 15635, 16450 },
			.max_nits = 1000,
			.min_nits_10000 = 50,
			.max_cll_nits = 800,
			.max_fall_nits = 400,
		};
	}
	switch (config->format) {
	case FRAME_FORMAT_BGR_32:
		/* rows of triplets in 32-bit texels, 64 texels at a time */
		frame->data_width = round_up(round_up(3 * config->width, 4) / 4, 64);
		frame->pitch = frame->data_width * 4 + round_up(config->padding, 4);
		break;
	case FRAME_FORMAT_RGB_24:
		frame->pitch = round_up(config->width, 256) * 3 + round_up(config->padding, 3);
		break;
	default:
		frame->pitch = config->width * frame_bytes_per_pixel(config->format) +
			       round_up(config->padding, 4);
		break;
	}
	return 0;
}

uint64_t demo_guest_memory_bytes(const struct demo_guest_config *config) {
	struct frame frame;
	if (describe(config, &frame) < 0) {
		return 0;
	}
	const uint64_t streams = offers_clipboard(config) ? clipboard_host_bytes() : 0;
	const uint64_t blocks =
			config->kvmfr >= KVMFR_OFFERS ? KVMFR_HOST_BLOCKS : KVMFR_HOST_BLOCKS_OLD;
	const uint64_t need = FIXED_BYTES + streams +
			      blocks * ((uint64_t)frame.pitch * frame.rows + 3 * 4096ull);
	uint64_t bytes = 1 << 20;
	while (bytes < need) {
		bytes *= 2;
	}
	return bytes;
}

/* --- picture ------------------------------------------------------------------------------ */

static void forget_blocks(struct demo_guest *guest) {
	for (unsigned i = 0; i < KVMFR_HOST_BLOCKS; i++) {
		guest->lacks_all[i] = true;
		guest->lacks_count[i] = 0;
	}
}

int demo_guest_reshape(struct demo_guest *guest) {
	struct frame frame;
	struct demo_picture *picture = NULL;
	int r = describe(&guest->config, &frame);
	if (r == 0) {
		r = demo_picture_create(&picture, &frame, guest->config.damage,
				guest->config.damage_percent);
	}
	if (r < 0) {
		return r;
	}
	demo_picture_destroy(guest->picture);
	guest->picture = picture;
	for (unsigned i = 0; i < DEMO_TEXT_LINES; i++) {
		demo_picture_set_text(picture, i, guest->text[i]);
	}
	frame.format_version = guest->frame.format_version + 1;
	guest->frame = frame;
	guest->still_sent = false;
	forget_blocks(guest);
	return 0;
}

static void note_damage(struct demo_guest *guest, const struct frame *frame) {
	for (unsigned i = 0; i < KVMFR_HOST_BLOCKS; i++) {
		if (frame->damage_count == 0 ||
				guest->lacks_count[i] + frame->damage_count > FRAME_DAMAGE_MAX) {
			guest->lacks_all[i] = true;
		}
		if (guest->lacks_all[i]) {
			continue;
		}
		memcpy(&guest->lacks[i][guest->lacks_count[i]], frame->damage,
				frame->damage_count * sizeof frame->damage[0]);
		guest->lacks_count[i] += frame->damage_count;
	}
}

/* Raises the write pointer as the faults allow. */
static void written(struct demo_guest *guest, const struct kvmfr_host_frame *to, uint32_t bytes,
		uint32_t all) {
	const bool last = bytes == all;
	if (guest->faults.late > 0 && !last) {
		return;
	}
	if (guest->faults.stall > 0 && bytes > all / 2) {
		return;
	}
	kvmfr_host_written(to, guest->faults.back > 0 && last ? all / 4 : bytes);
}

static void copy_all(struct demo_guest *guest, const struct kvmfr_host_frame *to, uint32_t bytes) {
	const uint8_t *from = demo_picture_pixels(guest->picture);
	for (uint32_t done = 0; done < bytes;) {
		const uint32_t part =
				bytes - done < KVMFR_COPY_STEP ? bytes - done : KVMFR_COPY_STEP;
		memcpy(to->pixels + done, from + done, part);
		done += part;
		written(guest, to, done, bytes);
	}
}

/* Only what the block lacks, row by row from the top, so that everything below the write pointer is
 * valid. */
static void copy_damage(
		struct demo_guest *guest, const struct kvmfr_host_frame *to, uint32_t rows) {
	const struct frame *frame = &guest->frame;
	const struct frame_rect *rects = guest->lacks[to->block];
	const unsigned count = guest->lacks_count[to->block];
	const uint8_t *from = demo_picture_pixels(guest->picture);
	const unsigned bpp = frame_bytes_per_pixel(frame->format);
	uint32_t since = 0;
	for (uint32_t y = 0; y < rows; y++) {
		for (unsigned i = 0; i < count; i++) {
			if (y - rects[i].y >= rects[i].height) {
				continue; /* above or below it: the difference wraps */
			}
			const size_t at = (size_t)y * frame->pitch + (size_t)rects[i].x * bpp;
			const size_t bytes = (size_t)rects[i].width * bpp;
			memcpy(to->pixels + at, from + at, bytes);
			since += (uint32_t)bytes;
		}
		if (since >= KVMFR_COPY_STEP) {
			since = 0;
			written(guest, to, (y + 1) * frame->pitch, rows * frame->pitch);
		}
	}
	written(guest, to, rows * frame->pitch, rows * frame->pitch);
}

static void copy_pixels(
		struct demo_guest *guest, const struct kvmfr_host_frame *to, uint32_t rows) {
	if (guest->lacks_all[to->block]) {
		copy_all(guest, to, rows * guest->frame.pitch);
	} else {
		copy_damage(guest, to, rows);
	}
	guest->lacks_all[to->block] = false;
	guest->lacks_count[to->block] = 0;
}

static void count_down(unsigned *count) {
	if (*count > 0 && *count != UINT32_MAX) {
		(*count)--;
	}
}

static void remember(struct demo_guest *guest, const struct kvmfr_host_frame *posted,
		uint64_t posted_ns) {
	struct demo_out *out = &guest->out[posted->block];
	*out = (struct demo_out){ .used = posted->posted,
		.frame = *posted,
		.times = { .serial = guest->frame.serial,
				.posted_ns = posted_ns,
				.written_ns = clock_now_ns() } };
}

static void refuse(struct demo_guest *guest) {
	guest->counters.refused++;
	if (guest->events.refused) {
		guest->events.refused(guest->now_ns, guest->events.data);
	}
}

static void send_frame(struct demo_guest *guest) {
	struct demo_faults *faults = &guest->faults;
	struct kvmfr_host_frame posted;
	struct frame frame;

	demo_guest_look(guest, guest->now_ns);
	if (!kvmfr_host_can_post(guest->host)) {
		refuse(guest);
		return;
	}
	guest->frame.serial = guest->serial;
	demo_picture_paint(guest->picture, guest->serial, &guest->frame);
	note_damage(guest, &guest->frame);
	frame = guest->frame;
	const uint32_t room = kvmfr_host_room(guest->host) / frame.pitch;
	const uint32_t most = faults->rows && faults->rows < room ? faults->rows : room;
	if (frame.rows > most) {
		frame.rows = most ? most : 1;
		frame.flags |= FRAME_TRUNCATED;
	}
	if (faults->lies > 0) {
		kvmfr_host_patch_next(guest->host, faults->lie_offset, faults->lie_value);
	}
	const uint64_t posted_ns = clock_now_ns();
	if (kvmfr_host_post_frame(guest->host, &frame, posted_ns / NS_PER_MS, &posted) < 0) {
		refuse(guest);
		return;
	}
	copy_pixels(guest, &posted, frame.rows <= room ? frame.rows : room);
	if (posted.posted) {
		guest->counters.posted++;
	} else {
		guest->counters.unseen++;
	}
	remember(guest, &posted, posted_ns);
	guest->serial++;
	count_down(&faults->lies);
	count_down(&faults->stall);
	count_down(&faults->back);
	count_down(&faults->late);
}

bool demo_guest_look(struct demo_guest *guest, uint64_t now_ns) {
	bool some = false;
	for (unsigned i = 0; i < KVMFR_HOST_BLOCKS; i++) {
		struct demo_out *out = &guest->out[i];
		if (!out->used) {
			continue;
		}
		if (!kvmfr_host_frame_released(guest->host, &out->frame)) {
			some = true;
			continue;
		}
		out->used = false;
		out->times.released_ns = now_ns;
		if (guest->events.released) {
			guest->events.released(&out->times, guest->events.data);
		}
	}
	return some;
}

/* --- pointer ------------------------------------------------------------------------------ */

static void desktop_size(const struct demo_guest *guest, int *ret_width, int *ret_height) {
	const struct frame *frame = &guest->frame;
	const bool turned = frame->rotation & 1;
	*ret_width = (int)(turned ? frame->screen_height : frame->screen_width);
	*ret_height = (int)(turned ? frame->screen_width : frame->screen_height);
}

void demo_guest_pointer_to(struct demo_guest *guest, int x, int y, uint64_t now_ns) {
	int width;
	int height;
	desktop_size(guest, &width, &height);
	guest->pointer_x = x < 0 ? 0 : x >= width ? width - 1 : x;
	guest->pointer_y = y < 0 ? 0 : y >= height ? height - 1 : y;
	if (guest->user_ns != UINT64_MAX) {
		guest->user_ns = now_ns + USER_HOLDS_NS;
	}
}

void demo_guest_pointer_by(struct demo_guest *guest, int dx, int dy, uint64_t now_ns) {
	demo_guest_pointer_to(guest, guest->pointer_x + dx, guest->pointer_y + dy, now_ns);
}

static void move_by_itself(struct demo_guest *guest) {
	int width;
	int height;
	if (!guest->config.cursor_moves || guest->now_ns < guest->user_ns) {
		return;
	}
	desktop_size(guest, &width, &height);
	const double angle = (double)(guest->now_ns % (8 * NS_PER_S)) / (8.0 * 1e9) * 2 * M_PI;
	guest->pointer_x = (int)(width * (0.5 + 0.35 * cos(angle)));
	guest->pointer_y = (int)(height * (0.5 + 0.35 * sin(angle)));
}

static unsigned wanted_shape(const struct demo_guest *guest) {
	switch (guest->config.cursor) {
	case DEMO_CURSOR_CYCLE:
		return (unsigned)(guest->now_ns / SHAPE_NS % 3);
	case DEMO_CURSOR_MONO:
		return KVMFR_CURSOR_MONO;
	case DEMO_CURSOR_MASKED:
		return KVMFR_CURSOR_MASKED;
	case DEMO_CURSOR_COLOR:
	case DEMO_CURSOR_HIDDEN:
	case DEMO_CURSOR_NONE:
		break;
	}
	return KVMFR_CURSOR_COLOR;
}

static void send_pointer(struct demo_guest *guest) {
	if (guest->config.cursor == DEMO_CURSOR_NONE) {
		return;
	}
	move_by_itself(guest);
	const unsigned type = wanted_shape(guest);
	if (type != guest->shape_type) {
		guest->shape_type = type;
		demo_cursor_draw(type, &guest->shape);
		guest->send_shape = true;
	}
	const bool moved = guest->pointer_x != guest->sent_x || guest->pointer_y != guest->sent_y;
	if (!moved && !guest->send_shape && !guest->send_position) {
		return;
	}
	const struct kvmfr_host_shape *shape = &guest->shape.shape;
	int r = kvmfr_host_post_pointer(guest->host, guest->config.cursor != DEMO_CURSOR_HIDDEN,
			true, guest->pointer_x - shape->hot_x, guest->pointer_y - shape->hot_y,
			guest->send_shape ? shape : NULL, guest->now_ns / NS_PER_MS);
	if (r == 0) {
		guest->sent_x = guest->pointer_x;
		guest->sent_y = guest->pointer_y;
		guest->send_shape = false;
		guest->send_position = false;
	}
}

static bool takes_size(const struct demo_guest_config *config) {
	return config->kvmfr >= 34 && config->accepts_window_size;
}

static bool offers_input(const struct demo_guest_config *config) {
	return config->kvmfr >= 34 && config->offers_input;
}

/* The window's size becomes the guest's mode, if a frame of it fits into the memory. */
static void follow_window(struct demo_guest *guest, uint32_t width, uint32_t height) {
	const struct demo_guest_config before = guest->config;
	guest->config.width = width;
	guest->config.height = height;
	guest->config.screen_width = guest->config.screen_height = 0;
	const uint64_t bytes = demo_guest_memory_bytes(&guest->config);
	const bool taken = bytes > 0 && bytes <= shm_size(guest->shm) &&
			   demo_guest_reshape(guest) == 0;
	if (!taken) {
		guest->config = before;
	}
	guest->counters.sizes++;
	if (guest->events.sized) {
		guest->events.sized(width, height, taken, guest->events.data);
	}
}

/* It asks only, or there is a version that we do not have; nobody gets sound. */
static void answer_claim(struct demo_guest *guest, const uint8_t *data) {
	struct kvmfr_audio_claim_wire wire;
	memcpy(&wire, data, sizeof wire);
	if (wire.type != KVMFR_MESSAGE_AUDIO_CLAIM || guest->config.kvmfr < 34) {
		return;
	}
	const bool fits = wire.lowest <= KVMFR_AUDIO_VERSION && wire.highest >= KVMFR_AUDIO_VERSION;
	(void)kvmfr_host_answer_audio(guest->host, lgmp_host_sender(kvmfr_host_lgmp(guest->host)),
			wire.generation, fits ? KVMFR_AUDIO_BOUND : KVMFR_AUDIO_INCOMPATIBLE,
			guest->now_ns / NS_PER_MS);
}

static void read_clients(struct demo_guest *guest) {
	struct kvmfr_set_cursor_wire wire;
	uint8_t data[64];
	for (unsigned i = 0; i < 16; i++) {
		int r = lgmp_host_read_data(kvmfr_host_lgmp(guest->host),
				kvmfr_host_pointer_queue(guest->host), data);
		if (r == -EAGAIN || r == -ETIMEDOUT) {
			return;
		}
		if (r == (int)sizeof(struct kvmfr_audio_claim_wire)) {
			answer_claim(guest, data);
			demo_schedule_hear(guest, data, (size_t)r);
		}
		if (r != (int)sizeof wire) {
			continue;
		}
		memcpy(&wire, data, sizeof wire);
		if (wire.type == KVMFR_MESSAGE_WINDOW_SIZE && takes_size(&guest->config)) {
			struct kvmfr_window_size_wire size;
			memcpy(&size, data, sizeof size);
			follow_window(guest, size.width, size.height);
			continue;
		}
		if (wire.type != KVMFR_MESSAGE_SET_CURSOR) {
			continue;
		}
		guest->counters.moves++;
		demo_guest_pointer_to(guest, wire.x, wire.y, guest->now_ns);
		if (guest->events.moved) {
			guest->events.moved(wire.x, wire.y, guest->events.data);
		}
	}
}

/* --- life --------------------------------------------------------------------------------- */

int demo_guest_begin(struct demo_guest *guest) {
	guest->session = guest->config.session && guest->counters.sessions == 0
					 ? guest->config.session
					 : (guest->session * 1103515245u + 12345u +
							   (uint32_t)guest->now_ns) &
							   0x7fff;
	memset(guest->out, 0, sizeof guest->out);
	forget_blocks(guest);
	demo_schedule_forget(guest);
	guest->still_sent = false;
	guest->send_shape = true;
	guest->counters.sessions++;
	return kvmfr_host_begin(guest->host, guest->session, guest->now_ns / NS_PER_MS);
}

int demo_guest_create(struct demo_guest **ret_guest, struct shm *shm,
		const struct demo_guest_config *config, const struct demo_guest_events *events) {
	struct demo_guest *guest = calloc(1, sizeof *guest);
	if (!guest) {
		return -ENOMEM;
	}
	guest->shm = shm;
	guest->config = *config;
	if (events) {
		guest->events = *events;
	}
	guest->now_ns = clock_now_ns();
	guest->shape_type = UINT32_MAX;
	const struct kvmfr_info info = { .version = config->kvmfr,
		.host_version = "pierglass demo",
		.features = (config->accepts_cursor_position ? KVMFR_FEATURE_SET_CURSOR_POS : 0u) |
			    (takes_size(config) ? KVMFR_FEATURE_WINDOW_SIZE : 0u) |
			    (config->kvmfr >= 34 && config->offers_audio ? KVMFR_FEATURE_AUDIO
									 : 0u) |
			    (offers_input(config) ? KVMFR_FEATURE_INPUT : 0u) |
			    (offers_clipboard(config) ? KVMFR_FEATURE_CLIPBOARD : 0u) |
			    (config->kvmfr >= 34 && config->offers_schedule
							    ? KVMFR_FEATURE_FRAME_SCHEDULE
							    : 0u),
		.has_vm = true,
		.capture = "demo",
		.cpus = 1,
		.cores = 1,
		.sockets = 1,
		.model = "no processor at all",
		.uuid = { [15] = config->vm },
		.has_os = true,
		.os = config->windows ? 3 : 4,
		.os_name = "pierglass demo guest" };
	int r = kvmfr_host_create(&guest->host, shm, &info);
	if (r == 0 && offers_input(config)) {
		r = input_host_create(&guest->input, shm, kvmfr_host_lgmp(guest->host),
				&guest->events.input);
		kvmfr_host_set_input(guest->host, guest->input);
	}
	if (r == 0 && offers_clipboard(config)) {
		r = clipboard_host_create(&guest->clipboard, shm, kvmfr_host_lgmp(guest->host),
				&guest->events.clipboard);
		kvmfr_host_set_clipboard(guest->host, guest->clipboard);
	}
	if (r == 0) {
		r = demo_guest_reshape(guest);
	}
	if (r == 0) {
		r = demo_guest_begin(guest);
	}
	if (r < 0) {
		demo_guest_destroy(guest);
		return r;
	}
	*ret_guest = guest;
	return 0;
}

void demo_guest_destroy(struct demo_guest *guest) {
	if (!guest) {
		return;
	}
	demo_picture_destroy(guest->picture);
	input_host_destroy(guest->input);
	clipboard_host_destroy(guest->clipboard);
	kvmfr_host_destroy(guest->host);
	free(guest);
}

static void beat(struct demo_guest *guest) {
	struct lgmp_host *lgmp = kvmfr_host_lgmp(guest->host);
	guest->heartbeat_ns = guest->now_ns + HEARTBEAT_NS;
	if (kvmfr_host_periodic(guest->host, guest->now_ns / NS_PER_MS) < 0) {
		guest->restart_ns = guest->now_ns + RESTART_NS;
		return;
	}
	read_clients(guest);
	demo_schedule_age(guest);
	if (lgmp_host_take_new_subscribers(lgmp, kvmfr_host_pointer_queue(guest->host)) > 0) {
		guest->send_shape = true;
	}
	if (lgmp_host_take_new_subscribers(lgmp, kvmfr_host_frame_queue(guest->host)) > 0 &&
			(guest->faults.paused || guest->config.fps == 0)) {
		kvmfr_host_repost_frame(guest->host, guest->now_ns / NS_PER_MS);
	}
	demo_guest_look(guest, guest->now_ns);
}

/* Whose turn is it: frames at their rate, and none while nobody looks. */
static void frame_turn(struct demo_guest *guest) {
	const bool still = guest->config.fps == 0;
	if (guest->faults.paused || (still && guest->still_sent) ||
			!lgmp_host_has_subscribers(kvmfr_host_lgmp(guest->host),
					kvmfr_host_frame_queue(guest->host))) {
		guest->frame_ns = guest->heartbeat_ns;
		return;
	}
	const uint64_t period_ns =
			still ? HEARTBEAT_NS
			      : demo_schedule_period_ns(guest, (uint64_t)(1e9 / guest->config.fps));
	guest->frame_ns += period_ns;
	if (guest->frame_ns + period_ns < guest->now_ns) {
		guest->frame_ns = guest->now_ns + period_ns; /* we are late: no burst */
	}
	send_frame(guest);
	guest->still_sent = true;
}

uint64_t demo_guest_step(struct demo_guest *guest, uint64_t now_ns) {
	guest->now_ns = now_ns;
	if (guest->faults.frozen) {
		return now_ns + HEARTBEAT_NS;
	}
	if (guest->restart_ns) {
		if (now_ns < guest->restart_ns) {
			return guest->restart_ns;
		}
		guest->restart_ns = 0;
		(void)demo_guest_begin(guest);
	}
	if (now_ns >= guest->heartbeat_ns) {
		beat(guest);
	}
	if (now_ns >= guest->frame_ns) {
		frame_turn(guest);
	}
	if (now_ns >= guest->pointer_ns) {
		guest->pointer_ns = now_ns + POINTER_NS;
		send_pointer(guest);
	}
	uint64_t due_ns = guest->heartbeat_ns;
	if (guest->input) {
		if (now_ns >= guest->input_ns) {
			input_host_step(guest->input, now_ns);
			guest->input_ns = now_ns + (input_host_state(guest->input)->owned
										   ? INPUT_NS
										   : INPUT_IDLE_NS);
		}
		due_ns = guest->input_ns < due_ns ? guest->input_ns : due_ns;
	}
	if (guest->clipboard) {
		if (now_ns >= guest->clipboard_ns) {
			clipboard_host_step(guest->clipboard, now_ns);
			guest->clipboard_ns =
					now_ns + (clipboard_host_is_busy(guest->clipboard)
										 ? CLIP_NS
										 : CLIP_IDLE_NS);
		}
		due_ns = guest->clipboard_ns < due_ns ? guest->clipboard_ns : due_ns;
	}
	due_ns = guest->frame_ns < due_ns ? guest->frame_ns : due_ns;
	return guest->pointer_ns < due_ns ? guest->pointer_ns : due_ns;
}

void demo_guest_show(struct demo_guest *guest, unsigned line, const char *text) {
	if (line < DEMO_TEXT_LINES) {
		strncpy(guest->text[line], text, sizeof guest->text[line] - 1);
		demo_picture_set_text(guest->picture, line, text);
	}
}

void demo_guest_set_leds(struct demo_guest *guest, unsigned leds) {
	if (guest->input) {
		input_host_set_leds(guest->input, leds);
	}
}

struct clipboard_host *demo_guest_clipboard(struct demo_guest *guest) {
	return guest->clipboard;
}

void demo_guest_counters(const struct demo_guest *guest, struct demo_guest_counters *ret_counters) {
	*ret_counters = guest->counters;
}
