#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "host-proto/kvmfr_wire.h"
#include "host-proto/lgmp_layout.h"
#include "host-proto/shm.h"
#include "host-proto/sim/demo_guest_internal.h"

#define WORDS_MAX 4
#define WORD_SIZE 32

struct words {
	unsigned count;
	char at[WORDS_MAX][WORD_SIZE];
};

static bool split(const char *command, struct words *words) {
	int r = sscanf(command, "%31s %31s %31s %31s", words->at[0], words->at[1], words->at[2],
			words->at[3]);
	words->count = r > 0 ? (unsigned)r : 0;
	return words->count > 0;
}

/* Decimal or 0x…; the whole word. */
static bool number(const struct words *words, unsigned at, uint32_t *ret_value) {
	if (at >= words->count) {
		return false;
	}
	char *end;
	errno = 0;
	const unsigned long value = strtoul(words->at[at], &end, 0);
	if (errno || *end || end == words->at[at] || value > UINT32_MAX) {
		return false;
	}
	*ret_value = (uint32_t)value;
	return true;
}

static int bool_result(bool good) {
	return good ? 0 : -EINVAL;
}

/* --- the picture -------------------------------------------------------------------------- */

/* Takes the changed configuration only if it can be shown. */
static int reconfigure(struct demo_guest *guest, const struct demo_guest_config *config) {
	const struct demo_guest_config before = guest->config;
	guest->config = *config;
	int r = demo_guest_reshape(guest);
	if (r < 0) {
		guest->config = before;
	}
	return r;
}

static bool set_format(const char *name, enum frame_format *ret_format) {
	for (int i = FRAME_FORMAT_BGRA; i <= FRAME_FORMAT_RGB_24; i++) {
		if (strcmp(frame_format_name((enum frame_format)i), name) == 0) {
			*ret_format = (enum frame_format)i;
			return true;
		}
	}
	return false;
}

static bool set_damage(const char *name, struct demo_guest_config *config) {
	double percent;
	if (strcmp(name, "full") == 0) {
		config->damage = DEMO_DAMAGE_FULL;
	} else if (strcmp(name, "rects") == 0) {
		config->damage = DEMO_DAMAGE_RECTS;
	} else if (strcmp(name, "scene") == 0) {
		config->damage = DEMO_DAMAGE_SCENE;
	} else if (parse_double(name, 0.0001, 100, &percent)) {
		config->damage = DEMO_DAMAGE_PERCENT;
		config->damage_percent = percent;
	} else {
		return false;
	}
	return true;
}

static bool set_pair(const char *text, uint32_t *ret_width, uint32_t *ret_height) {
	int width;
	int height;
	if (!parse_size(text, FRAME_SIDE_MAX, &width, &height)) {
		return false;
	}
	*ret_width = (uint32_t)width;
	*ret_height = (uint32_t)height;
	return true;
}

static bool set_cursor(const char *name, enum demo_cursor *ret_cursor) {
	static const char *const names[] = { "cycle", "color", "mono", "masked", "hidden", "none" };
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(names[i], name) == 0) {
			*ret_cursor = (enum demo_cursor)i;
			return true;
		}
	}
	return false;
}

/* Commands that describe the picture; -ENOENT = it is none of them. */
static int command_picture(struct demo_guest *guest, const struct words *words) {
	struct demo_guest_config config = guest->config;
	const char *name = words->at[0];
	const char *value = words->count > 1 ? words->at[1] : "";
	uint32_t n = 0;
	bool good;
	if (strcmp(name, "size") == 0) {
		good = set_pair(value, &config.width, &config.height);
		config.screen_width = 0;
		config.screen_height = 0;
	} else if (strcmp(name, "screen") == 0) {
		good = set_pair(value, &config.screen_width, &config.screen_height);
	} else if (strcmp(name, "format") == 0) {
		good = set_format(value, &config.format);
	} else if (strcmp(name, "damage") == 0) {
		good = set_damage(value, &config);
	} else if (strcmp(name, "padding") == 0) {
		good = number(words, 1, &config.padding);
	} else if (strcmp(name, "rotation") == 0) {
		good = number(words, 1, &n);
		config.rotation = n;
	} else if (strcmp(name, "flags") == 0) {
		good = number(words, 1, &n);
		config.flags = n;
	} else {
		return -ENOENT;
	}
	return good ? reconfigure(guest, &config) : -EINVAL;
}

static int command_pointer(struct demo_guest *guest, const struct words *words) {
	if (words->count == 2 && strcmp(words->at[1], "free") == 0) {
		guest->user_ns = 0;
		return 0;
	}
	int64_t x;
	int64_t y;
	if (words->count != 3 || !parse_int(words->at[1], INT16_MIN, INT16_MAX, &x) ||
			!parse_int(words->at[2], INT16_MIN, INT16_MAX, &y)) {
		return -EINVAL;
	}
	demo_guest_pointer_to(guest, (int)x, (int)y, guest->now_ns);
	guest->user_ns = UINT64_MAX;
	return 0;
}

/* --- faults ------------------------------------------------------------------------------- */

#define FIELD(field)                                                                \
	{                                                                           \
#field, {                                                           \
			offsetof(struct kvmfr_frame19_wire, field),                 \
					offsetof(struct kvmfr_frame20_wire, field), \
					offsetof(struct kvmfr_frame34_wire, field)  \
		}                                                                   \
	}
#define DAMAGE(field)                                                                         \
	{                                                                                     \
		"damage_" #field, {                                                           \
			offsetof(struct kvmfr_frame19_wire, damage[0].field),                 \
					offsetof(struct kvmfr_frame20_wire, damage[0].field), \
					offsetof(struct kvmfr_frame34_wire, damage[0].field)  \
		}                                                                             \
	}

static const struct {
	const char *name;
	size_t offset[3]; /* KVMFR 19, 20, 34 */
} frame_fields[] = {
	FIELD(format_version),
	FIELD(serial),
	FIELD(type),
	FIELD(screen_width),
	FIELD(screen_height),
	FIELD(frame_width),
	FIELD(frame_height),
	FIELD(rotation),
	FIELD(stride),
	FIELD(pitch),
	FIELD(offset),
	FIELD(damage_count),
	FIELD(flags),
	DAMAGE(x),
	DAMAGE(y),
	DAMAGE(width),
	DAMAGE(height),
	{ "data_width", { offsetof(struct kvmfr_frame19_wire, frame_width),
					offsetof(struct kvmfr_frame20_wire, data_width),
					offsetof(struct kvmfr_frame34_wire, data_width) } },
	{ "data_height", { offsetof(struct kvmfr_frame19_wire, frame_height),
					 offsetof(struct kvmfr_frame20_wire, data_height),
					 offsetof(struct kvmfr_frame34_wire, data_height) } },
};

static int command_lie(struct demo_guest *guest, const struct words *words) {
	uint32_t value;
	uint32_t count;
	if (!number(words, 2, &value) || !number(words, 3, &count)) {
		return -EINVAL;
	}
	const unsigned column = guest->config.kvmfr == 19 ? 0 : guest->config.kvmfr == 20 ? 1 : 2;
	for (size_t i = 0; i < sizeof frame_fields / sizeof frame_fields[0]; i++) {
		if (strcmp(frame_fields[i].name, words->at[1]) == 0) {
			guest->faults.lie_offset = (uint32_t)frame_fields[i].offset[column];
			guest->faults.lie_value = value;
			guest->faults.lies = count ? count : UINT_MAX;
			return 0;
		}
	}
	return -EINVAL;
}

/* Where a named word of the header, or of the frame queue (descriptor 0), lies. */
static bool lgmp_word(const struct lgmp_layout *layout, const char *name, uint64_t *ret_offset) {
	const struct {
		const char *name;
		uint64_t offset;
	} words[] = {
		{ "magic", layout->magic },
		{ "version", layout->version_at },
		{ "session", layout->session },
		{ "queue_count", layout->queue_count },
		{ "udata_size", layout->udata_size },
		{ "id", layout->queues + layout->id },
		{ "ring_length", layout->queues + layout->ring_length },
		{ "ring_offset", layout->queues + layout->ring_offset },
		{ "position", layout->queues + layout->position },
		{ "start", layout->queues + layout->start },
		{ "count", layout->queues + layout->count },
		{ "lock", layout->queues + layout->lock },
		{ "subs", layout->queues + layout->subs },
		{ "client_id", layout->queues + layout->client_id },
		{ "kvmfr", layout->udata + offsetof(struct kvmfr_header_wire, version) },
		{ "kvmfr_magic", layout->udata },
	};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i].name, name) == 0) {
			*ret_offset = words[i].offset;
			return true;
		}
	}
	return false;
}

static int command_lgmp(struct demo_guest *guest, const struct words *words) {
	uint32_t value;
	uint64_t offset;
	const unsigned lgmp = guest->config.kvmfr == 19 ? 5 : guest->config.kvmfr == 20 ? 6 : 12;
	const struct lgmp_layout *layout = lgmp_layout_find(lgmp);
	if (!number(words, 2, &value) || !lgmp_word(layout, words->at[1], &offset)) {
		return -EINVAL;
	}
	/* Word by word: the KVMFR header is not aligned to anything. */
	unsigned char *to = shm_base(guest->shm) + offset;
	for (unsigned i = 0; i < sizeof value; i++) {
		__atomic_store_n(to + i, (unsigned char)(value >> 8 * i), __ATOMIC_SEQ_CST);
	}
	return 0;
}

static int wipe(struct demo_guest *guest) {
	unsigned char *base = shm_base(guest->shm);
	memset(base, 0, shm_size(guest->shm));
	return 0;
}

/* Commands without an argument; -ENOENT = it is none of them. */
static int command_plain(struct demo_guest *guest, const char *name) {
	struct demo_faults *faults = &guest->faults;
	if (strcmp(name, "session") == 0) {
		return demo_guest_begin(guest);
	}
	if (strcmp(name, "wipe") == 0) {
		return wipe(guest);
	}
	if (strcmp(name, "pause") == 0 || strcmp(name, "resume") == 0) {
		faults->paused = name[0] == 'p';
		return 0;
	}
	if (strcmp(name, "freeze") == 0 || strcmp(name, "thaw") == 0) {
		faults->frozen = name[0] == 'f';
		return 0;
	}
	return -ENOENT;
}

static int command_input(struct demo_guest *guest, const struct words *words) {
	const char *what = words->count == 2 ? words->at[1] : "";
	if (!guest->input) {
		return -EINVAL;
	}
	if (strcmp(what, "on") == 0 || strcmp(what, "off") == 0) {
		input_host_set_off(guest->input, what[1] == 'f');
	} else if (strcmp(what, "busy") == 0 || strcmp(what, "free") == 0) {
		input_host_set_busy(guest->input, what[0] == 'b');
	} else if (strcmp(what, "stall") == 0 || strcmp(what, "read") == 0) {
		input_host_set_stalled(guest->input, what[0] == 's');
	} else if (strcmp(what, "rebind") == 0) {
		input_host_rebind(guest->input);
	} else {
		return -EINVAL;
	}
	return 0;
}

static int command_clipboard(struct demo_guest *guest, const struct words *words) {
	static const char *const lies[CLIPBOARD_HOST_LIES] = { "honest", "nosize", "offset", "more",
		"less", "endless", "huge", "other", "length" };
	const char *what = words->count == 2 ? words->at[1] : "";
	struct clipboard_host *clipboard = guest->clipboard;
	if (!clipboard) {
		return -EINVAL;
	}
	for (unsigned i = 0; i < CLIPBOARD_HOST_LIES; i++) {
		if (strcmp(what, lies[i]) == 0) {
			clipboard_host_set_lie(clipboard, (enum clipboard_host_lie)i);
			return 0;
		}
	}
	if (strcmp(what, "on") == 0 || strcmp(what, "off") == 0) {
		clipboard_host_set_off(clipboard, what[1] == 'f');
	} else if (strcmp(what, "busy") == 0 || strcmp(what, "free") == 0) {
		clipboard_host_set_busy(clipboard, what[0] == 'b');
	} else if (strcmp(what, "deaf") == 0 || strcmp(what, "hear") == 0) {
		clipboard_host_set_deaf(clipboard, what[0] == 'd');
	} else if (strcmp(what, "stall") == 0 || strcmp(what, "read") == 0) {
		clipboard_host_set_stalled(clipboard, what[0] == 's');
	} else if (strcmp(what, "rebind") == 0) {
		clipboard_host_rebind(clipboard);
	} else {
		return -EINVAL;
	}
	return 0;
}

static int command_schedule(struct demo_guest *guest, const struct words *words) {
	const char *what = words->count == 2 ? words->at[1] : "";
	struct demo_schedule *schedule = &guest->schedule;
	if (strcmp(what, "busy") == 0 || strcmp(what, "free") == 0) {
		schedule->busy = what[0] == 'b';
	} else if (strcmp(what, "deaf") == 0 || strcmp(what, "hear") == 0) {
		schedule->deaf = what[0] == 'd';
	} else {
		return -EINVAL;
	}
	return 0;
}

int demo_guest_command(struct demo_guest *guest, const char *command) {
	struct demo_faults *faults = &guest->faults;
	struct words words;
	if (!split(command, &words)) {
		return -EINVAL;
	}
	const char *name = words.at[0];
	int r = words.count == 1 ? command_plain(guest, name) : -ENOENT;
	if (r == -ENOENT) {
		r = command_picture(guest, &words);
	}
	if (r != -ENOENT) {
		return r;
	}
	if (strcmp(name, "fps") == 0) {
		return bool_result(words.count > 1 &&
				   parse_double(words.at[1], 0, 1000, &guest->config.fps));
	}
	if (strcmp(name, "cursor") == 0) {
		guest->send_position = true; /* visibility is a state */
		return bool_result(
				words.count > 1 && set_cursor(words.at[1], &guest->config.cursor));
	}
	if (strcmp(name, "pointer") == 0) {
		return command_pointer(guest, &words);
	}
	if (strcmp(name, "input") == 0) {
		return command_input(guest, &words);
	}
	if (strcmp(name, "clipboard") == 0) {
		return command_clipboard(guest, &words);
	}
	if (strcmp(name, "schedule") == 0) {
		return command_schedule(guest, &words);
	}
	if (strcmp(name, "truncate") == 0) {
		return bool_result(number(&words, 1, &faults->rows));
	}
	if (strcmp(name, "stall") == 0) {
		return bool_result(number(&words, 1, &faults->stall));
	}
	if (strcmp(name, "back") == 0) {
		return bool_result(number(&words, 1, &faults->back));
	}
	if (strcmp(name, "late") == 0) {
		return bool_result(number(&words, 1, &faults->late));
	}
	if (strcmp(name, "lie") == 0) {
		return command_lie(guest, &words);
	}
	return strcmp(name, "lgmp") == 0 ? command_lgmp(guest, &words) : -EINVAL;
}
