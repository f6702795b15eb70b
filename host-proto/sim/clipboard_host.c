#include "host-proto/sim/clipboard_host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "host-proto/kvmfr_wire.h"
#include "host-proto/shm.h"

#define LEASE_NS     (1000 * NS_PER_MS)
#define FORMATS      (KVMFR_CLIPBOARD_BIT(KVMFR_CLIPBOARD_FORMATS + 1) - 1)
#define CONTENT_MAX  (256u << 20) /* of the client */
#define MESSAGES_MAX 32u          /* in one step */
#define PIECES_MAX   8u
#define WAITING_MAX  64u
#define SOMEBODY     0xfffffffeu /* a client that is none */

struct block {
	uint64_t offset;
	uint32_t size;
	bool used;
	struct lgmp_host_ticket ticket;
};

/* Content on its way to the client, one of each format. */
struct outgoing {
	uint64_t transfer; /* 0 = none was asked for */
	uint8_t *bytes;    /* NULL: not answered yet */
	size_t len, sent;
};

struct clipboard_host {
	struct shm *shm;
	struct lgmp_host *host;
	struct clipboard_host_events events;
	struct clipboard_host_counts counts;
	unsigned queue;
	bool begun, dirty;
	bool off, busy, deaf, stalled;
	enum clipboard_host_lie lie;
	uint64_t now_ns;
	struct block blocks[KVMFR_LENGTH_CLIPBOARD];
	unsigned next_block;
	struct lgmp_stream_place to_client_place, to_host_place;
	struct lgmp_stream to_client, to_host;

	uint32_t owner, owner_generation;
	uint64_t lease_ns;

	unsigned own_formats; /* of the guest's content */
	uint64_t own_content;
	unsigned foreign_formats; /* of the desktop's */
	uint64_t foreign_content;
	struct outgoing outgoing[KVMFR_CLIPBOARD_FORMATS + 1]; /* by format */
	uint64_t wanted_transfer;                              /* of ours; 0 = none */
	unsigned wanted_format;
	uint64_t last_transfer;
	struct bytes incoming;

	uint32_t sequence, stream_sequence;
	uint32_t serial;                                     /* of posts */
	struct kvmfr_clipboard_message waiting[WAITING_MAX]; /* to be posted */
	unsigned waiting_count;
	uint8_t *slot; /* a piece that came */
};

/* ---- posting ---- */

static struct block *free_block(struct clipboard_host *clipboard) {
	struct block *block = &clipboard->blocks[clipboard->next_block];
	if (lgmp_host_count(clipboard->host, clipboard->queue) >= KVMFR_LENGTH_CLIPBOARD ||
			(block->used && lgmp_host_is_pending(clipboard->host, clipboard->queue,
							block->ticket))) {
		return NULL;
	}
	return block;
}

static bool post(struct clipboard_host *clipboard, uint64_t kind, uint32_t client, const void *wire,
		uint32_t size) {
	struct block *block = free_block(clipboard);
	if (!block) {
		return false;
	}
	memcpy(shm_base(clipboard->shm) + block->offset, wire, size);
	const struct lgmp_host_message message = { .udata = kind << 32 | clipboard->serial,
		.offset = block->offset,
		.size = size,
		.client_id = client };
	int r = lgmp_host_post(clipboard->host, clipboard->queue, &message,
			clipboard->now_ns / NS_PER_MS, &block->ticket);
	if (r < 0) {
		return false;
	}
	block->used = r > 0;
	clipboard->serial++;
	clipboard->next_block = (clipboard->next_block + 1) % KVMFR_LENGTH_CLIPBOARD;
	return true;
}

static void post_status(struct clipboard_host *clipboard) {
	const bool owned = clipboard->owner || clipboard->busy;
	struct kvmfr_clipboard_status_wire wire = { .version = KVMFR_CLIPBOARD_VERSION,
		.flags = (clipboard->off ? 0u : KVMFR_CLIPBOARD_AVAILABLE) |
			 (owned ? KVMFR_CLIPBOARD_HAS_OWNER : 0u),
		.generation = 1,
		.owner_client_id = clipboard->busy ? SOMEBODY : clipboard->owner,
		.owner_generation = clipboard->owner_generation,
		.lease_ms = (uint32_t)(LEASE_NS / NS_PER_MS),
		.formats = FORMATS,
		.slot_bytes = KVMFR_CLIPBOARD_SLOT_BYTES,
		.stream_version = 1,
		.slot_count = KVMFR_CLIPBOARD_SLOTS };
	lgmp_stream_describe(&clipboard->to_client_place, wire.to_client);
	lgmp_stream_describe(&clipboard->to_host_place, wire.to_host);
	if (clipboard->dirty &&
			post(clipboard, KVMFR_CLIPBOARD_KIND_STATUS, 0, &wire, sizeof wire)) {
		clipboard->dirty = false;
	}
}

static void post_messages(struct clipboard_host *clipboard) {
	unsigned sent = 0;
	uint8_t wire[KVMFR_CLIPBOARD_BYTES];
	while (sent < clipboard->waiting_count && !clipboard->dirty) {
		kvmfr_clipboard_message_write(&clipboard->waiting[sent], wire);
		if (!post(clipboard, KVMFR_CLIPBOARD_KIND_MESSAGE, clipboard->owner, wire,
				    sizeof wire)) {
			break;
		}
		sent++;
	}
	clipboard->waiting_count -= sent;
	memmove(clipboard->waiting, clipboard->waiting + sent,
			clipboard->waiting_count * sizeof *clipboard->waiting);
}

void clipboard_host_say(
		struct clipboard_host *clipboard, const struct kvmfr_clipboard_message *message) {
	if (!clipboard->owner || clipboard->waiting_count == WAITING_MAX) {
		return;
	}
	struct kvmfr_clipboard_message *said = &clipboard->waiting[clipboard->waiting_count++];
	*said = *message;
	said->generation = clipboard->owner_generation;
	said->sequence = ++clipboard->sequence;
}

static void say_offer(struct clipboard_host *clipboard) {
	const struct kvmfr_clipboard_message message = {
		.type = clipboard->own_formats ? KVMFR_CLIPBOARD_OFFER : KVMFR_CLIPBOARD_CLEAR,
		.content = clipboard->own_content,
		.token = clipboard->own_formats,
	};
	clipboard_host_say(clipboard, &message);
}

static void say_cancel(struct clipboard_host *clipboard, uint64_t transfer, unsigned format) {
	const struct kvmfr_clipboard_message message = {
		.type = KVMFR_CLIPBOARD_CANCEL, .transfer = transfer, .format = format
	};
	clipboard_host_say(clipboard, &message);
}

/* ---- who owns it ---- */

static void end_incoming(struct clipboard_host *clipboard, unsigned format) {
	if (clipboard->wanted_transfer == 0) {
		return;
	}
	clipboard->wanted_transfer = 0;
	if (clipboard->events.content) {
		clipboard->events.content(format, clipboard->incoming.data,
				format ? clipboard->incoming.len : 0, clipboard->events.data);
	}
	bytes_reset(&clipboard->incoming, 0);
}

static void end_outgoing(struct outgoing *outgoing) {
	free(outgoing->bytes);
	*outgoing = (struct outgoing){ .transfer = 0 };
}

static void forget(struct clipboard_host *clipboard) {
	for (unsigned i = 0; i <= KVMFR_CLIPBOARD_FORMATS; i++) {
		end_outgoing(&clipboard->outgoing[i]);
	}
	clipboard->waiting_count = 0;
	clipboard->sequence = clipboard->stream_sequence = 0;
	end_incoming(clipboard, 0);
	if (clipboard->foreign_formats) {
		clipboard->foreign_formats = 0;
		if (clipboard->events.offered) {
			clipboard->events.offered(0, clipboard->events.data);
		}
	}
}

static void set_owner(struct clipboard_host *clipboard, uint32_t client, uint32_t generation) {
	const bool was_owned = clipboard->owner != 0;
	if (was_owned) {
		forget(clipboard);
		lgmp_stream_unbind(&clipboard->to_client);
		lgmp_stream_unbind(&clipboard->to_host);
	}
	clipboard->owner = client;
	clipboard->owner_generation = generation;
	clipboard->lease_ns = clipboard->now_ns + LEASE_NS;
	clipboard->dirty = true;
	if (client) {
		lgmp_stream_bind(&clipboard->to_client, client);
		lgmp_stream_bind(&clipboard->to_host, client);
		if (clipboard->own_formats) {
			say_offer(clipboard);
		}
	}
	if (was_owned != (client != 0) && clipboard->events.owner) {
		clipboard->events.owner(client != 0, clipboard->events.data);
	}
}

/* ---- what the client says ---- */

static void on_wanted(
		struct clipboard_host *clipboard, const struct kvmfr_clipboard_message *message) {
	const unsigned format = message->format;
	const bool known = format >= 1 && format <= KVMFR_CLIPBOARD_FORMATS;
	if (!known || !(clipboard->own_formats & KVMFR_CLIPBOARD_BIT(format)) ||
			message->transfer == 0 || (message->transfer & KVMFR_CLIPBOARD_OF_GUEST) ||
			clipboard->outgoing[format].transfer) {
		say_cancel(clipboard, message->transfer, format);
		return;
	}
	clipboard->outgoing[format].transfer = message->transfer;
	if (clipboard->events.wanted) {
		clipboard->events.wanted(format, clipboard->events.data);
	}
}

static void on_cancel(struct clipboard_host *clipboard, uint64_t transfer) {
	if (transfer != 0 && transfer == clipboard->wanted_transfer) {
		end_incoming(clipboard, 0);
	}
	for (unsigned i = 1; transfer != 0 && i <= KVMFR_CLIPBOARD_FORMATS; i++) {
		if (clipboard->outgoing[i].transfer == transfer) {
			end_outgoing(&clipboard->outgoing[i]);
		}
	}
}

static void on_offered(struct clipboard_host *clipboard, unsigned formats, uint64_t content) {
	clipboard->foreign_formats = formats & FORMATS;
	clipboard->foreign_content = content;
	if (clipboard->foreign_formats) {
		clipboard->own_formats = 0;
	}
	end_incoming(clipboard, 0);
	if (clipboard->events.offered) {
		clipboard->events.offered(clipboard->foreign_formats, clipboard->events.data);
	}
}

static void owner_says(
		struct clipboard_host *clipboard, const struct kvmfr_clipboard_message *message) {
	clipboard->lease_ns = clipboard->now_ns + LEASE_NS;
	switch (message->type) {
	case KVMFR_CLIPBOARD_RELEASE:
		set_owner(clipboard, 0, 0);
		return;
	case KVMFR_CLIPBOARD_KEEP_ALIVE:
		return;
	case KVMFR_CLIPBOARD_OFFER:
		on_offered(clipboard, message->token, message->content);
		return;
	case KVMFR_CLIPBOARD_CLEAR:
		on_offered(clipboard, 0, message->content);
		return;
	case KVMFR_CLIPBOARD_REQUEST:
		on_wanted(clipboard, message);
		return;
	case KVMFR_CLIPBOARD_CANCEL:
		on_cancel(clipboard, message->transfer);
		return;
	default:
		clipboard->counts.refused++;
		return;
	}
}

static bool may_claim(const struct clipboard_host *clipboard, uint32_t client) {
	return !clipboard->off && !clipboard->busy &&
	       (!clipboard->owner || clipboard->owner == client);
}

static void on_message(
		struct clipboard_host *clipboard, uint32_t client, const void *data, size_t size) {
	struct kvmfr_clipboard_message message;
	clipboard->counts.messages++;
	int r = kvmfr_clipboard_message_read(data, size, &message);
	if (r == 0 && message.type == KVMFR_CLIPBOARD_CLAIM && may_claim(clipboard, client)) {
		clipboard->counts.claims++;
		set_owner(clipboard, client, message.generation);
	} else if (r == 0 && message.type != KVMFR_CLIPBOARD_CLAIM && client == clipboard->owner &&
			message.generation == clipboard->owner_generation) {
		owner_says(clipboard, &message);
	} else {
		clipboard->counts.refused++;
	}
}

static void read_messages(struct clipboard_host *clipboard) {
	uint8_t data[64];
	for (unsigned i = 0; i < MESSAGES_MAX; i++) {
		int r = lgmp_host_read_data(clipboard->host, clipboard->queue, data);
		if (r < 0) {
			return;
		}
		if (!clipboard->deaf) {
			on_message(clipboard, lgmp_host_sender(clipboard->host), data, (size_t)r);
		}
	}
}

/* ---- content ---- */

static void on_piece(struct clipboard_host *clipboard, size_t size) {
	struct kvmfr_clipboard_message message;
	clipboard->counts.pieces_in++;
	if (kvmfr_clipboard_message_read(clipboard->slot, size, &message) < 0 ||
			message.type != KVMFR_CLIPBOARD_DATA) {
		clipboard->counts.refused++;
		return;
	}
	if (message.transfer != clipboard->wanted_transfer || message.transfer == 0) {
		return; /* cancelled meanwhile */
	}
	struct bytes *bytes = &clipboard->incoming;
	const bool wrong = message.offset != bytes->len ||
			   message.format != clipboard->wanted_format ||
			   message.length > KVMFR_CLIPBOARD_PIECE;
	if (wrong || bytes_add(bytes, clipboard->slot + KVMFR_CLIPBOARD_BYTES, message.length,
				     CONTENT_MAX) < 0) {
		clipboard->counts.refused++;
		say_cancel(clipboard, message.transfer, message.format);
		end_incoming(clipboard, 0);
	} else if (message.flags & KVMFR_CLIPBOARD_END) {
		const bool whole = message.size == KVMFR_CLIPBOARD_SIZE_UNKNOWN ||
				   message.size == bytes->len;
		end_incoming(clipboard, whole ? clipboard->wanted_format : 0);
	}
}

static void read_pieces(struct clipboard_host *clipboard) {
	for (unsigned i = 0; i < PIECES_MAX && clipboard->owner; i++) {
		int r = lgmp_stream_read(
				&clipboard->to_host, clipboard->slot, KVMFR_CLIPBOARD_SLOT_BYTES);
		if (r == -EAGAIN || r == -ENOTCONN) {
			return;
		}
		if (r < 0) {
			clipboard->counts.refused++;
			return;
		}
		on_piece(clipboard, (size_t)r);
	}
}

static void twist(const struct clipboard_host *clipboard, const struct outgoing *outgoing,
		struct kvmfr_clipboard_message *message) {
	switch (clipboard->lie) {
	case CLIPBOARD_HOST_HONEST:
	case CLIPBOARD_HOST_LIES:
		return;
	case CLIPBOARD_HOST_NO_SIZE:
		message->size = KVMFR_CLIPBOARD_SIZE_UNKNOWN;
		return;
	case CLIPBOARD_HOST_OFFSET:
		message->offset += 3;
		return;
	case CLIPBOARD_HOST_MORE:
		message->size = outgoing->len / 2;
		return;
	case CLIPBOARD_HOST_LESS:
		message->flags |= KVMFR_CLIPBOARD_END;
		message->size = outgoing->len + 1;
		return;
	case CLIPBOARD_HOST_ENDLESS:
		message->flags &= ~(uint32_t)KVMFR_CLIPBOARD_END;
		message->size = KVMFR_CLIPBOARD_SIZE_UNKNOWN;
		return;
	case CLIPBOARD_HOST_HUGE:
		message->size = 1ull << 62;
		return;
	case CLIPBOARD_HOST_OTHER:
		message->transfer += 77;
		return;
	case CLIPBOARD_HOST_LENGTH:
		message->length = 1u << 30;
		return;
	}
}

/* False: no room, or there is nothing more. */
static bool write_piece(struct clipboard_host *clipboard, unsigned format) {
	struct outgoing *outgoing = &clipboard->outgoing[format];
	uint8_t head[KVMFR_CLIPBOARD_BYTES];
	const size_t left = outgoing->len - outgoing->sent;
	const uint32_t length =
			(uint32_t)(left < KVMFR_CLIPBOARD_PIECE ? left : KVMFR_CLIPBOARD_PIECE);
	struct kvmfr_clipboard_message message = { .type = KVMFR_CLIPBOARD_DATA,
		.generation = clipboard->owner_generation,
		.sequence = clipboard->stream_sequence + 1,
		.content = clipboard->own_content,
		.transfer = outgoing->transfer,
		.offset = outgoing->sent,
		.size = outgoing->len,
		.format = format,
		.flags = (outgoing->sent == 0 ? KVMFR_CLIPBOARD_BEGIN : 0u) |
			 (left == length ? KVMFR_CLIPBOARD_END : 0u),
		.length = length };
	twist(clipboard, outgoing, &message);
	kvmfr_clipboard_message_write(&message, head);
	if (lgmp_stream_write_parts(&clipboard->to_client, head, sizeof head,
			    outgoing->bytes + outgoing->sent, length) < 0) {
		return false;
	}
	clipboard->stream_sequence++;
	clipboard->counts.pieces_out++;
	outgoing->sent += length;
	if (outgoing->sent == outgoing->len && clipboard->lie == CLIPBOARD_HOST_ENDLESS) {
		outgoing->sent = 0;
	} else if (outgoing->sent == outgoing->len) {
		end_outgoing(outgoing);
	}
	return true;
}

static void write_pieces(struct clipboard_host *clipboard) {
	for (unsigned i = 1; i <= KVMFR_CLIPBOARD_FORMATS && clipboard->owner; i++) {
		unsigned pieces = 0;
		while (clipboard->outgoing[i].bytes && pieces++ < PIECES_MAX &&
				write_piece(clipboard, i)) {
		}
	}
}

/* ---- turns ---- */

void clipboard_host_step(struct clipboard_host *clipboard, uint64_t now_ns) {
	uint32_t ids[32];
	bool there = false;
	if (!clipboard->begun) {
		return;
	}
	clipboard->now_ns = now_ns;
	const unsigned count = lgmp_host_clients(clipboard->host, clipboard->queue, ids, 32);
	for (unsigned i = 0; i < count; i++) {
		there = there || ids[i] == clipboard->owner;
	}
	if (clipboard->owner && (!there || clipboard->off || now_ns > clipboard->lease_ns)) {
		set_owner(clipboard, 0, 0);
	}
	if (lgmp_host_take_new_subscribers(clipboard->host, clipboard->queue) > 0) {
		clipboard->dirty = true;
	}
	read_messages(clipboard);
	if (!clipboard->stalled) {
		read_pieces(clipboard);
		write_pieces(clipboard);
	}
	post_status(clipboard);
	post_messages(clipboard);
}

bool clipboard_host_is_busy(const struct clipboard_host *clipboard) {
	bool busy = clipboard->wanted_transfer != 0 || clipboard->waiting_count > 0;
	for (unsigned i = 1; i <= KVMFR_CLIPBOARD_FORMATS; i++) {
		busy = busy || clipboard->outgoing[i].transfer != 0;
	}
	return busy;
}

bool clipboard_host_is_owned(const struct clipboard_host *clipboard) {
	return clipboard->owner != 0;
}

/* ---- the user in the guest ---- */

void clipboard_host_offer(struct clipboard_host *clipboard, unsigned formats) {
	clipboard->own_formats = formats & FORMATS;
	clipboard->own_content++;
	if (formats) {
		clipboard->foreign_formats = 0;
	}
	for (unsigned i = 1; i <= KVMFR_CLIPBOARD_FORMATS; i++) {
		if (clipboard->outgoing[i].transfer) { /* of what was there before */
			say_cancel(clipboard, clipboard->outgoing[i].transfer, i);
			end_outgoing(&clipboard->outgoing[i]);
		}
	}
	say_offer(clipboard);
}

bool clipboard_host_request(struct clipboard_host *clipboard, unsigned format) {
	if (!clipboard->owner || clipboard->wanted_transfer) {
		return false;
	}
	clipboard->wanted_transfer = KVMFR_CLIPBOARD_OF_GUEST | ++clipboard->last_transfer;
	clipboard->wanted_format = format;
	const struct kvmfr_clipboard_message message = { .type = KVMFR_CLIPBOARD_REQUEST,
		.content = clipboard->foreign_content,
		.transfer = clipboard->wanted_transfer,
		.format = format };
	clipboard_host_say(clipboard, &message);
	return true;
}

void clipboard_host_cancel(struct clipboard_host *clipboard) {
	if (clipboard->wanted_transfer) {
		say_cancel(clipboard, clipboard->wanted_transfer, clipboard->wanted_format);
		end_incoming(clipboard, 0);
	}
}

void clipboard_host_answer(
		struct clipboard_host *clipboard, unsigned format, const void *bytes, size_t len) {
	struct outgoing *outgoing = &clipboard->outgoing[format];
	if (!outgoing->transfer || outgoing->bytes) {
		return;
	}
	outgoing->bytes = bytes ? malloc(len ? len : 1) : NULL;
	if (!outgoing->bytes) {
		say_cancel(clipboard, outgoing->transfer, format);
		end_outgoing(outgoing);
		return;
	}
	if (len > 0) {
		memcpy(outgoing->bytes, bytes, len);
	}
	outgoing->len = len;
}

/* ---- life ---- */

static int make_stream(struct clipboard_host *clipboard, struct lgmp_stream *stream,
		struct lgmp_stream_place *place, enum lgmp_stream_direction direction,
		uint32_t session) {
	uint64_t offset;
	uint32_t size;
	const uint32_t bytes =
			lgmp_stream_region_bytes(KVMFR_CLIPBOARD_SLOTS, KVMFR_CLIPBOARD_SLOT_BYTES);
	int r = lgmp_host_allocate(clipboard->host, bytes, 64, &offset, &size);
	if (r < 0) {
		return r;
	}
	*place = (struct lgmp_stream_place){ .offset = (uint32_t)offset,
		.region_bytes = size,
		.slot_count = KVMFR_CLIPBOARD_SLOTS,
		.slot_bytes = KVMFR_CLIPBOARD_SLOT_BYTES,
		.direction = direction };
	lgmp_stream_make(stream, clipboard->shm, 12, place, session);
	return 0;
}

uint64_t clipboard_host_bytes(void) {
	return 2ull * lgmp_stream_region_bytes(KVMFR_CLIPBOARD_SLOTS, KVMFR_CLIPBOARD_SLOT_BYTES) +
	       KVMFR_LENGTH_CLIPBOARD * (sizeof(struct kvmfr_clipboard_status_wire) + 64) + 4096;
}

int clipboard_host_begin(struct clipboard_host *clipboard, uint32_t session) {
	clipboard->owner = 0;
	forget(clipboard);
	int r = lgmp_host_add_queue(clipboard->host, KVMFR_QUEUE_CLIPBOARD, KVMFR_LENGTH_CLIPBOARD,
			KVMFR_QUEUE_TIMEOUT);
	if (r < 0) {
		return r;
	}
	clipboard->queue = (unsigned)r;
	r = 0;
	for (unsigned i = 0; r == 0 && i < KVMFR_LENGTH_CLIPBOARD; i++) {
		struct block *block = &clipboard->blocks[i];
		block->used = false;
		r = lgmp_host_allocate(clipboard->host, sizeof(struct kvmfr_clipboard_status_wire),
				64, &block->offset, &block->size);
	}
	if (r == 0) {
		r = make_stream(clipboard, &clipboard->to_client, &clipboard->to_client_place,
				LGMP_STREAM_TO_CLIENT, session);
	}
	if (r == 0) {
		r = make_stream(clipboard, &clipboard->to_host, &clipboard->to_host_place,
				LGMP_STREAM_TO_HOST, session);
	}
	clipboard->begun = r == 0;
	clipboard->dirty = true;
	return r;
}

int clipboard_host_create(struct clipboard_host **ret_clipboard, struct shm *shm,
		struct lgmp_host *host, const struct clipboard_host_events *events) {
	struct clipboard_host *clipboard = calloc(1, sizeof *clipboard);
	if (!clipboard) {
		return -ENOMEM;
	}
	clipboard->slot = malloc(KVMFR_CLIPBOARD_SLOT_BYTES);
	if (!clipboard->slot) {
		free(clipboard);
		return -ENOMEM;
	}
	clipboard->shm = shm;
	clipboard->host = host;
	if (events) {
		clipboard->events = *events;
	}
	*ret_clipboard = clipboard;
	return 0;
}

void clipboard_host_destroy(struct clipboard_host *clipboard) {
	if (!clipboard) {
		return;
	}
	clipboard->events = (struct clipboard_host_events){ .data = NULL };
	forget(clipboard);
	bytes_finish(&clipboard->incoming);
	free(clipboard->slot);
	free(clipboard);
}

void clipboard_host_set_off(struct clipboard_host *clipboard, bool on) {
	clipboard->off = on;
	clipboard->dirty = true;
}

void clipboard_host_set_busy(struct clipboard_host *clipboard, bool on) {
	clipboard->busy = on;
	set_owner(clipboard, 0, 0);
}

void clipboard_host_set_deaf(struct clipboard_host *clipboard, bool on) {
	clipboard->deaf = on;
}

void clipboard_host_set_stalled(struct clipboard_host *clipboard, bool on) {
	clipboard->stalled = on;
}

void clipboard_host_rebind(struct clipboard_host *clipboard) {
	if (clipboard->owner) {
		set_owner(clipboard, 0, 0);
	}
}

void clipboard_host_set_lie(struct clipboard_host *clipboard, enum clipboard_host_lie lie) {
	clipboard->lie = lie;
}

struct clipboard_host_counts clipboard_host_counts(const struct clipboard_host *clipboard) {
	return clipboard->counts;
}
