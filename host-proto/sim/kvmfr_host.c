#include "host-proto/sim/kvmfr_host.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "host-proto/kvmfr_wire.h"
#include "host-proto/shm.h"
#include "host-proto/sim/clipboard_host.h"
#include "host-proto/sim/input_host.h"
#include "host-proto/sim/lgmp_host.h"

#define PAGE           4096u
#define POINTER_BLOCKS 32u
#define SHAPE_BLOCKS   3u
#define CLIENTS_MAX    32u

struct block {
	uint64_t offset;
	uint32_t size;
};

struct kvmfr_host {
	struct shm *shm;
	struct kvmfr_info info;
	struct lgmp_host *lgmp;
	struct input_host *input;         /* NULL: none is offered */
	struct clipboard_host *clipboard; /* NULL: none is offered */
	uint32_t pointer_header;          /* bytes */
	unsigned frame_queue, pointer_queue;
	unsigned owner_queues[2];
	struct kvmfr_host_owner owner;
	uint32_t deadline; /* counts the owner's frames */

	bool patch;
	uint32_t patch_offset, patch_value;
	unsigned next_frame, next_pointer, next_shape;
	bool has_last;
	struct block last;
	struct block frames[KVMFR_HOST_BLOCKS];
	struct kvmfr_host_frame in_block[KVMFR_HOST_BLOCKS];
	struct block pointers[POINTER_BLOCKS];
	struct block shapes[SHAPE_BLOCKS];
	struct block audio_answer;
};

int kvmfr_host_create(
		struct kvmfr_host **ret_host, struct shm *shm, const struct kvmfr_info *info) {
	const struct kvmfr_version *version = NULL;
	for (size_t i = 0; !version && kvmfr_version_at(i); i++) {
		if (kvmfr_version_at(i)->kvmfr == info->version) {
			version = kvmfr_version_at(i);
		}
	}
	if (!version) {
		return -EPROTONOSUPPORT;
	}
	struct kvmfr_host *host = calloc(1, sizeof *host);
	if (!host) {
		return -ENOMEM;
	}
	host->shm = shm;
	host->info = *info;
	host->pointer_header = info->version >= 23 ? KVMFR_CURSOR34_BYTES
						   : (uint32_t)sizeof(struct kvmfr_cursor_wire);
	int r = lgmp_host_create(&host->lgmp, shm, version->lgmp);
	if (r < 0) {
		free(host);
		return r;
	}
	*ret_host = host;
	return 0;
}

void kvmfr_host_destroy(struct kvmfr_host *host) {
	if (!host) {
		return;
	}
	lgmp_host_destroy(host->lgmp);
	free(host);
}

/* --- user data ---------------------------------------------------------------------------- */

struct udata {
	uint8_t bytes[512];
	size_t size;
};

static void put(struct udata *udata, const void *data, size_t size) {
	if (size <= sizeof udata->bytes - udata->size) {
		memcpy(udata->bytes + udata->size, data, size);
		udata->size += size;
	}
}

static void put_record(struct udata *udata, uint8_t type, size_t fixed, const char *text) {
	const struct kvmfr_record_wire record = { .type = type,
		.size = (uint32_t)(fixed + strlen(text) + 1) };
	put(udata, &record, sizeof record);
}

static void build_udata(const struct kvmfr_info *info, struct udata *udata) {
	struct kvmfr_header_wire header = { .version = info->version, .features = info->features };
	memcpy(header.magic, KVMFR_MAGIC, sizeof header.magic);
	memcpy(header.host_version, info->host_version, sizeof header.host_version - 1);
	put(udata, &header, sizeof header);
	if (info->has_vm) {
		struct kvmfr_vm_wire vm = { .cpus = (uint8_t)info->cpus,
			.cores = (uint8_t)info->cores,
			.sockets = (uint8_t)info->sockets };
		memcpy(vm.uuid, info->uuid, sizeof vm.uuid);
		memcpy(vm.capture, info->capture, sizeof vm.capture - 1);
		put_record(udata, KVMFR_RECORD_VM, sizeof vm, info->model);
		put(udata, &vm, sizeof vm);
		put(udata, info->model, strlen(info->model) + 1);
	}
	if (info->has_os) {
		const uint8_t os = (uint8_t)info->os;
		put_record(udata, KVMFR_RECORD_OS, sizeof os, info->os_name);
		put(udata, &os, sizeof os);
		put(udata, info->os_name, strlen(info->os_name) + 1);
	}
}

/* --- the recovery region ------------------------------------------------------------------- */

static bool has_recovery(const struct kvmfr_host *host) {
	return host->info.version >= 34;
}

static unsigned char *recovery_at(const struct kvmfr_host *host) {
	return shm_base(host->shm) + shm_size(host->shm) - KVMFR_RECOVERY_BYTES;
}

static void write_recovery(const struct kvmfr_host *host, uint32_t session, uint64_t now_ms) {
	struct kvmfr_recovery_wire wire = { .abi_version = KVMFR_RECOVERY_VERSION,
		.struct_bytes = sizeof wire,
		.lgmp = 12,
		.kvmfr = host->info.version,
		.session = session,
		.heartbeat = now_ms,
		.ready = 1 };
	memcpy(wire.magic, KVMFR_RECOVERY_MAGIC, sizeof wire.magic);
	memcpy(wire.uuid, host->info.uuid, sizeof wire.uuid);
	memcpy(wire.program, host->info.host_version, sizeof wire.program - 16);
	memcpy(recovery_at(host), &wire, sizeof wire);
}

/* --- a session ---------------------------------------------------------------------------- */

static int allocate(struct kvmfr_host *host, struct block *block, uint64_t bytes, uint32_t align) {
	if (bytes > UINT32_MAX) {
		return -EMSGSIZE;
	}
	return lgmp_host_allocate(host->lgmp, (uint32_t)bytes, align, &block->offset, &block->size);
}

static bool offers_schedule(const struct kvmfr_host *host) {
	return (host->info.features & KVMFR_FEATURE_FRAME_SCHEDULE) != 0;
}

static int add_queues(struct kvmfr_host *host) {
	const bool late = host->info.version >= 34;
	int r = lgmp_host_add_queue(
			host->lgmp, KVMFR_QUEUE_FRAME, KVMFR_LENGTH_FRAME, KVMFR_QUEUE_TIMEOUT);
	if (r < 0) {
		return r;
	}
	host->frame_queue = (unsigned)r;
	r = lgmp_host_add_queue(host->lgmp, KVMFR_QUEUE_POINTER,
			late ? KVMFR_LENGTH_POINTER_34 : KVMFR_LENGTH_POINTER, KVMFR_QUEUE_TIMEOUT);
	if (r < 0) {
		return r;
	}
	host->pointer_queue = (unsigned)r;
	for (unsigned i = 0; i < 2 && offers_schedule(host); i++) {
		r = lgmp_host_add_queue(host->lgmp, KVMFR_QUEUE_OWNER + i, KVMFR_LENGTH_FRAME,
				KVMFR_QUEUE_TIMEOUT);
		if (r < 0) {
			return r;
		}
		host->owner_queues[i] = (unsigned)r;
	}
	return 0;
}

static unsigned blocks_of(const struct kvmfr_host *host) {
	return host->info.version >= KVMFR_OFFERS ? KVMFR_HOST_BLOCKS : KVMFR_HOST_BLOCKS_OLD;
}

static int allocate_blocks(struct kvmfr_host *host) {
	int r = 0;
	for (unsigned i = 0; r == 0 && i < POINTER_BLOCKS; i++) {
		r = allocate(host, &host->pointers[i], host->pointer_header, 4);
	}
	for (unsigned i = 0; r == 0 && i < SHAPE_BLOCKS; i++) {
		r = allocate(host, &host->shapes[i], host->pointer_header + KVMFR_CURSOR_SHAPE_MAX,
				4);
	}
	if (r < 0) {
		return r;
	}
	if (host->info.features & KVMFR_FEATURE_AUDIO) {
		r = allocate(host, &host->audio_answer, sizeof(struct kvmfr_audio_answer_wire), 64);
		if (r < 0) {
			return r;
		}
	}
	/* The stock host's arithmetic (kvmfr.md 4.1), rounded down so that all blocks fit. */
	uint64_t room = lgmp_host_available(host->lgmp);
	const uint64_t kept = has_recovery(host) ? KVMFR_RECOVERY_BYTES : 0;
	room -= room < kept ? room : kept;
	if (room < 6ull * PAGE) {
		return -EMSGSIZE;
	}
	const uint64_t each = ((room - PAGE) / blocks_of(host)) & ~((uint64_t)PAGE - 1);
	for (unsigned i = 0; r == 0 && i < blocks_of(host); i++) {
		r = allocate(host, &host->frames[i], each, PAGE);
	}
	return r;
}

int kvmfr_host_begin(struct kvmfr_host *host, uint32_t session, uint64_t now_ms) {
	struct udata udata = { .size = 0 };
	build_udata(&host->info, &udata);
	int r = lgmp_host_begin(host->lgmp, session, udata.bytes, udata.size);
	if (r == 0) {
		r = add_queues(host);
	}
	if (r == 0 && host->input) {
		r = input_host_begin(host->input, session);
	}
	if (r == 0 && host->clipboard) {
		r = clipboard_host_begin(host->clipboard, session);
	}
	if (r == 0) {
		r = allocate_blocks(host);
	}
	if (r < 0) {
		return r;
	}
	host->next_frame = 0;
	host->has_last = false;
	host->owner = (struct kvmfr_host_owner){ .client_id = 0 };
	memset(host->in_block, 0, sizeof host->in_block);
	lgmp_host_publish(host->lgmp, now_ms);
	if (has_recovery(host)) {
		write_recovery(host, session, now_ms);
	}
	return 0;
}

void kvmfr_host_set_input(struct kvmfr_host *host, struct input_host *input) {
	host->input = input;
}

void kvmfr_host_set_clipboard(struct kvmfr_host *host, struct clipboard_host *clipboard) {
	host->clipboard = clipboard;
}

int kvmfr_host_periodic(struct kvmfr_host *host, uint64_t now_ms) {
	if (has_recovery(host)) {
		memcpy(recovery_at(host) + offsetof(struct kvmfr_recovery_wire, heartbeat), &now_ms,
				sizeof now_ms);
	}
	return lgmp_host_periodic(host->lgmp, now_ms);
}

struct lgmp_host *kvmfr_host_lgmp(struct kvmfr_host *host) {
	return host->lgmp;
}

unsigned kvmfr_host_frame_queue(const struct kvmfr_host *host) {
	return host->frame_queue;
}

void kvmfr_host_set_owner(struct kvmfr_host *host, const struct kvmfr_host_owner *owner) {
	if (owner->epoch != host->owner.epoch) {
		host->deadline = 1;
	}
	host->owner = *owner;
}

uint32_t kvmfr_host_deadline(const struct kvmfr_host *host) {
	return host->deadline - 1;
}

unsigned kvmfr_host_pointer_queue(const struct kvmfr_host *host) {
	return host->pointer_queue;
}

uint32_t kvmfr_host_room(const struct kvmfr_host *host) {
	return host->frames[0].size - PAGE;
}

/* --- frames ------------------------------------------------------------------------------- */

static uint32_t type_of(enum frame_format format) {
	switch (format) {
	case FRAME_FORMAT_NONE:
		return KVMFR_TYPE_INVALID;
	case FRAME_FORMAT_BGRA:
		return KVMFR_TYPE_BGRA;
	case FRAME_FORMAT_RGBA:
		return KVMFR_TYPE_RGBA;
	case FRAME_FORMAT_RGBA10:
		return KVMFR_TYPE_RGBA10;
	case FRAME_FORMAT_RGBA16F:
		return KVMFR_TYPE_RGBA16F;
	case FRAME_FORMAT_BGR_32:
		return KVMFR_TYPE_BGR_32;
	case FRAME_FORMAT_RGB_24:
		return KVMFR_TYPE_RGB_24;
	}
	return KVMFR_TYPE_INVALID;
}

static uint32_t stride_of(const struct frame *frame) {
	const unsigned bytes = frame_bytes_per_pixel(frame->format);
	return frame->format == FRAME_FORMAT_BGR_32 ? frame->pitch / 4
						    : frame->pitch / (bytes ? bytes : 1);
}

static void copy_damage(struct kvmfr_rect_wire *wire, const struct frame *frame) {
	for (unsigned i = 0; i < frame->damage_count && i < KVMFR_DAMAGE_MAX; i++) {
		wire[i] = (struct kvmfr_rect_wire){ frame->damage[i].x, frame->damage[i].y,
			frame->damage[i].width, frame->damage[i].height };
	}
}

static void write_header19(unsigned char *at, const struct frame *frame) {
	struct kvmfr_frame19_wire wire = {
		.format_version = frame->format_version,
		.serial = frame->serial,
		.type = type_of(frame->format),
		.screen_width = frame->screen_width,
		.screen_height = frame->screen_height,
		.frame_width = frame->width,
		.frame_height = frame->rows, /* truncation shows here */
		.rotation = frame->rotation,
		.stride = stride_of(frame),
		.pitch = frame->pitch,
		.offset = KVMFR_STOCK_OFFSET,
		.damage_count = frame->damage_count,
		.flags = frame->flags,
	};
	copy_damage(wire.damage, frame);
	memcpy(at, &wire, sizeof wire);
}

static void write_header20(unsigned char *at, const struct frame *frame) {
	struct kvmfr_frame20_wire wire = {
		.format_version = frame->format_version,
		.serial = frame->serial,
		.type = type_of(frame->format),
		.screen_width = frame->screen_width,
		.screen_height = frame->screen_height,
		.data_width = frame->data_width,
		.data_height = frame->rows,
		.frame_width = frame->width,
		.frame_height = frame->height,
		.rotation = frame->rotation,
		.stride = stride_of(frame),
		.pitch = frame->pitch,
		.offset = KVMFR_STOCK_OFFSET,
		.damage_count = frame->damage_count,
		.flags = frame->flags,
	};
	copy_damage(wire.damage, frame);
	memcpy(at, &wire, sizeof wire);
}

static void write_header34(
		unsigned char *at, const struct kvmfr_host *host, const struct frame *frame) {
	const bool owned = host->owner.client_id != 0;
	struct kvmfr_frame34_wire wire = {
		.format_version = frame->format_version,
		.serial = frame->serial,
		.type = type_of(frame->format),
		.screen_width = frame->screen_width,
		.screen_height = frame->screen_height,
		.data_width = frame->data_width,
		.data_height = frame->rows,
		.frame_width = frame->width,
		.frame_height = frame->height,
		.rotation = frame->rotation,
		.stride = stride_of(frame),
		.pitch = frame->pitch,
		.offset = KVMFR_STOCK_OFFSET,
		.flags = frame->flags,
		.damage_count = frame->damage_count,
		.sdr_white_nits = frame->hdr.sdr_white_nits ? frame->hdr.sdr_white_nits : 203,
		.hdr_max_nits = frame->hdr.max_nits,
		.hdr_min_nits_10000 = frame->hdr.min_nits_10000,
		.hdr_max_cll = frame->hdr.max_cll_nits,
		.hdr_max_fall = frame->hdr.max_fall_nits,
		.schedule_generation = owned ? host->owner.generation : 0,
		.schedule_epoch = owned ? host->owner.epoch : 0,
		.schedule_deadline_serial = owned ? host->deadline : 0,
	};
	memcpy(wire.hdr_primaries, frame->hdr.primaries, sizeof wire.hdr_primaries);
	memcpy(wire.hdr_white, frame->hdr.white, sizeof wire.hdr_white);
	copy_damage(wire.damage, frame);
	memcpy(at, &wire, sizeof wire);
}

/* A block is ours again when its last message was finished by all, or dropped. */
bool kvmfr_host_can_post(const struct kvmfr_host *host) {
	return lgmp_host_count(host->lgmp, host->frame_queue) < KVMFR_LENGTH_FRAME &&
	       (host->owner.client_id == 0 ||
			       lgmp_host_count(host->lgmp,
					       host->owner_queues[host->owner.epoch & 1]) <
					       KVMFR_LENGTH_FRAME) &&
	       kvmfr_host_frame_released(host, &host->in_block[host->next_frame]);
}

void kvmfr_host_patch_next(struct kvmfr_host *host, uint32_t header_offset, uint32_t value) {
	host->patch = header_offset + sizeof value <= sizeof(struct kvmfr_frame34_wire);
	host->patch_offset = header_offset;
	host->patch_value = value;
}

/* Whether somebody beside the owner is subscribed to the frame queue. */
static bool has_others(const struct kvmfr_host *host) {
	uint32_t ids[CLIENTS_MAX];
	const unsigned count = lgmp_host_clients(
			host->lgmp, host->frame_queue, ids, sizeof ids / sizeof ids[0]);
	for (unsigned i = 0; i < count; i++) {
		if (ids[i] != host->owner.client_id) {
			return true;
		}
	}
	return false;
}

/* To the owner on its queue, and to everybody on that of all when there is anybody else. */
static int post_to_all(struct kvmfr_host *host, const struct block *block, uint64_t now_ms,
		struct kvmfr_host_frame *posted) {
	struct lgmp_host_message message = { .offset = block->offset, .size = block->size };
	if (host->owner.client_id != 0) {
		message.client_id = host->owner.client_id;
		message.udata = (uint64_t)host->owner.epoch << 32 | host->deadline;
		posted->owner_queue = host->owner_queues[host->owner.epoch & 1];
		const int r = lgmp_host_post(host->lgmp, posted->owner_queue, &message, now_ms,
				&posted->owner_ticket);
		if (r < 0) {
			return r;
		}
		posted->posted_to_owner = r > 0;
		host->deadline++;
		if (r > 0 && !has_others(host)) {
			return 0;
		}
		message.client_id = 0;
		message.udata = 0;
	}
	const int r = lgmp_host_post(
			host->lgmp, host->frame_queue, &message, now_ms, &posted->ticket);
	posted->posted = r > 0;
	return posted->posted_to_owner || r > 0 ? 0 : r;
}

int kvmfr_host_post_frame(struct kvmfr_host *host, const struct frame *frame, uint64_t now_ms,
		struct kvmfr_host_frame *ret_frame) {
	const struct block *block = &host->frames[host->next_frame];
	unsigned char *at = shm_base(host->shm) + block->offset;
	struct kvmfr_host_frame *slot = &host->in_block[host->next_frame];

	if (!kvmfr_host_can_post(host)) {
		return -ENOBUFS;
	}
	if (host->info.version >= 34) {
		write_header34(at, host, frame);
	} else if (host->info.version >= 20) {
		write_header20(at, frame);
	} else {
		write_header19(at, frame);
	}
	if (host->patch) {
		memcpy(at + host->patch_offset, &host->patch_value, sizeof host->patch_value);
		host->patch = false;
	}
	struct kvmfr_host_frame posted = { .block = host->next_frame,
		.header = at,
		.write_pointer = (uint32_t *)(void *)(at + KVMFR_STOCK_OFFSET),
		.pixels = at + KVMFR_STOCK_OFFSET + KVMFR_WRITE_POINTER_BYTES };
	kvmfr_host_written(&posted, 0);
	const int r = post_to_all(host, block, now_ms, &posted);
	if (r < 0) {
		return r;
	}
	*slot = posted;
	host->last = *block;
	host->has_last = true;
	host->next_frame = (host->next_frame + 1) % blocks_of(host);
	*ret_frame = posted;
	return 0;
}

int kvmfr_host_repost_frame(struct kvmfr_host *host, uint64_t now_ms) {
	if (!host->has_last) {
		return -EAGAIN;
	}
	const struct lgmp_host_message message = { .offset = host->last.offset,
		.size = host->last.size };
	struct lgmp_host_ticket ticket;
	int r = lgmp_host_post(host->lgmp, host->frame_queue, &message, now_ms, &ticket);
	if (r > 0) {
		/* The block is in use by this message now. */
		const unsigned last = (host->next_frame + blocks_of(host) - 1) % blocks_of(host);
		host->in_block[last].ticket = ticket;
		host->in_block[last].posted = true;
	}
	return r < 0 ? r : 0;
}

void kvmfr_host_written(const struct kvmfr_host_frame *frame, uint32_t bytes) {
	__atomic_store_n(frame->write_pointer, bytes, __ATOMIC_SEQ_CST);
}

bool kvmfr_host_frame_released(
		const struct kvmfr_host *host, const struct kvmfr_host_frame *frame) {
	return !(frame->posted && lgmp_host_is_pending(
						  host->lgmp, host->frame_queue, frame->ticket)) &&
	       !(frame->posted_to_owner && lgmp_host_is_pending(host->lgmp, frame->owner_queue,
							   frame->owner_ticket));
}

/* --- pointer ------------------------------------------------------------------------------ */

int kvmfr_host_post_pointer(struct kvmfr_host *host, bool visible, bool has_position, int x, int y,
		const struct kvmfr_host_shape *shape, uint64_t now_ms) {
	const struct block *block = shape ? &host->shapes[host->next_shape]
					  : &host->pointers[host->next_pointer];
	unsigned char *at = shm_base(host->shm) + block->offset;
	struct kvmfr_cursor_wire wire = { .x = (int16_t)x, .y = (int16_t)y };
	uint32_t flags = (has_position ? KVMFR_CURSOR_POSITION : 0) |
			 (visible ? KVMFR_CURSOR_VISIBLE : 0) | (shape ? KVMFR_CURSOR_SHAPE : 0);
	if (host->info.version >= 23) {
		flags |= KVMFR_CURSOR_VISIBLE_VALID;
	}
	if (shape) {
		const uint64_t bytes = (uint64_t)shape->pitch * shape->height;
		if (bytes > KVMFR_CURSOR_SHAPE_MAX) {
			return -EMSGSIZE;
		}
		wire.type = shape->type;
		wire.hot_x = shape->hot_x;
		wire.hot_y = shape->hot_y;
		wire.width = shape->width;
		wire.height = shape->height;
		wire.pitch = shape->pitch;
		memcpy(at + host->pointer_header, shape->data, bytes);
	}
	memcpy(at, &wire, sizeof wire);
	const struct lgmp_host_message message = {
		.udata = flags, .offset = block->offset, .size = block->size
	};
	int r = lgmp_host_post(host->lgmp, host->pointer_queue, &message, now_ms, NULL);
	if (r <= 0) {
		return r;
	}
	if (shape) {
		host->next_shape = (host->next_shape + 1) % SHAPE_BLOCKS;
	} else {
		host->next_pointer = (host->next_pointer + 1) % POINTER_BLOCKS;
	}
	return 0;
}

/* --- audio -------------------------------------------------------------------------------- */

int kvmfr_host_answer_audio(struct kvmfr_host *host, uint32_t client_id, uint32_t generation,
		unsigned result, uint64_t now_ms) {
	const struct kvmfr_audio_answer_wire wire = { .magic = KVMFR_AUDIO_ANSWER_MAGIC,
		.version = KVMFR_AUDIO_VERSION,
		.size = sizeof wire,
		.generation = generation,
		.client_id = client_id,
		.result = (uint16_t)result,
		.protocol = KVMFR_AUDIO_VERSION };
	memcpy(shm_base(host->shm) + host->audio_answer.offset, &wire, sizeof wire);
	const struct lgmp_host_message message = { .udata = (uint64_t)KVMFR_AUDIO_UDATA << 32,
		.offset = host->audio_answer.offset,
		.size = sizeof wire,
		.client_id = client_id };
	int r = lgmp_host_post(host->lgmp, host->pointer_queue, &message, now_ms, NULL);
	return r < 0 ? r : 0;
}
