/*
 * The host's clipboard, and what the client makes of it: status, messages, pieces in its stream.
 *
 * The input is a list of records; a record is 1 byte of kind and as many as stand
 * behind it:
 *	0	a lie about the status: offset (2), value (4); before the client looks
 *	1	a message: 64 bytes, as it lies in the memory
 *	2	a piece: 64 bytes of message, then 1 byte: that many bytes of content times 257
 *	3	a lie about the head of a stream: offset (2), value (4)
 *	4	the desktop: 1 byte, what it does
 *	5	the memory of a stream's slots: offset (2), value (4)
 *	0xf9	messages: 1 byte, so many of them before the client looks
 *	0xfa	a lie about the head of the stream to the host: offset (2), value (4)
 *	0xfb	time passes: 1 byte, tenths of a second
 *	0xfc	the user: 1 byte, what the clipboard may, the focus, a yes
 *	0xfd	another status: 1 byte, what it says
 *	0xfe	short blocks: 1 byte, their length
 *	0xff	1 byte: 1 = the host reads nothing any more, 2 = the desktop answers nothing
 * The clock stands still until the input moves it.
 *
 * Covers: client/session/host_clipboard.c client/session/guest_link_clipboard.c
 * host-proto/kvmfr_clipboard.c host-proto/lgmp_stream.c
 */
#include "base/loop.h"
#include "client/session/guest_link_clipboard.h"
#include "client/session/host_clipboard.h"
#include "host-proto/clipboard_port.h"
#include "host-proto/kvmfr_wire.h"
#include "host-proto/lgmp_stream_wire.h"
#include "tests/fuzz/clock.h"
#include "tests/fuzz/memory.h"

#define MEMORY    (512u << 10)
#define SESSION   5u
#define CLIENT    9u
#define STATUS_AT 12288u
#define TO_CLIENT 16384u
#define TO_HOST   163840u
#define SLOTS     2u
#define SLOT      (KVMFR_CLIPBOARD_BYTES + KVMFR_CLIPBOARD_PIECE)
#define LIMIT     200000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct shm *shm;
	struct lgmp_stream to_client, to_host;
	struct clipboard_port *port;
	struct loop *loop;
	struct guest_link_clipboard *policy;
	struct host_clipboard *host;
	uint32_t serial;
	bool host_is_deaf, desktop_is_dumb;
	unsigned claims; /* that the host has heard */
};

static volatile unsigned sink;

static void on_local(const struct clipboard_message *message, void *data) {
	struct world *w = data;
	if (message->kind == CLIPBOARD_DATA) {
		for (size_t i = 0; i < message->len && message->data; i += 4096) {
			sink += ((uint8_t *)message->data)[i];
		}
		if (message->data && message->len > LIMIT) {
			abort(); /* never more than the limit */
		}
		free(message->data);
	} else if (message->kind == CLIPBOARD_REQUEST && !w->desktop_is_dumb) {
		const size_t len = message->serial * 30000u % (LIMIT + 20000u);
		const struct clipboard_message answer = { .kind = CLIPBOARD_DATA,
			.types = message->types,
			.serial = message->serial,
			.data = calloc(1, len + 1),
			.len = len };
		guest_link_clipboard_local(w->policy, &answer);
	}
}

static void on_changed(void *data) {
	struct world *w = data;
	struct clipboard_link link;
	const bool up = host_clipboard_is_up(w->host);
	if (up) {
		link = host_clipboard_link(w->host);
	}
	guest_link_clipboard_set_link(w->policy, up ? &link : NULL, host_clipboard_types(w->host));
}

static void on_offer(unsigned types, void *data) {
	guest_link_clipboard_offer(((struct world *)data)->policy, types);
}

static void on_wanted(enum clipboard_type type, void *data) {
	guest_link_clipboard_wanted(((struct world *)data)->policy, type);
}

static void on_content(enum clipboard_type type, uint8_t *heap, size_t len, void *data) {
	guest_link_clipboard_content(((struct world *)data)->policy, type, heap, len);
}

static void desktop(struct world *w, unsigned what) {
	const enum clipboard_message_kind kind = (enum clipboard_message_kind)(what % 3);
	const struct clipboard_message message = { .kind = kind,
		.types = kind == CLIPBOARD_OFFER ? what >> 2 & 31u
						 : 1u << (what >> 2) % CLIPBOARD_TYPES,
		.serial = ++w->serial };
	guest_link_clipboard_local(w->policy, &message);
}

static struct shm *memory(void) {
	static struct shm *shm;
	if (!shm) {
		int fd = memfd_create("fuzz", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, MEMORY) < 0 || shm_map_fd(&shm, fd) < 0) {
			abort();
		}
		close(fd);
	}
	return shm;
}

static void make_stream(struct world *w, struct lgmp_stream *stream, uint32_t offset,
		enum lgmp_stream_direction direction, uint8_t *descriptor) {
	const struct lgmp_stream_place place = { .offset = offset,
		.region_bytes = lgmp_stream_region_bytes(SLOTS, SLOT),
		.slot_count = SLOTS,
		.slot_bytes = SLOT,
		.direction = direction };
	lgmp_stream_make(stream, w->shm, 12, &place, SESSION);
	lgmp_stream_bind(stream, CLIENT);
	lgmp_stream_describe(&place, descriptor);
}

static void make_memory(struct world *w, struct kvmfr_clipboard_status_wire *ret_wire) {
	const uint32_t session = SESSION;
	memset(shm_base(w->shm), 0, MEMORY);
	memcpy(shm_base(w->shm) + 9672, &session, sizeof session);
	*ret_wire = (struct kvmfr_clipboard_status_wire){ .version = KVMFR_CLIPBOARD_VERSION,
		.flags = KVMFR_CLIPBOARD_AVAILABLE | KVMFR_CLIPBOARD_HAS_OWNER,
		.owner_client_id = CLIENT,
		.owner_generation = 1, /* that of the first claim */
		.lease_ms = 1000,
		.formats = 31,
		.stream_version = 1,
		.slot_count = SLOTS };
	make_stream(w, &w->to_client, TO_CLIENT, LGMP_STREAM_TO_CLIENT, ret_wire->to_client);
	make_stream(w, &w->to_host, TO_HOST, LGMP_STREAM_TO_HOST, ret_wire->to_host);
}

static void tell_once(struct world *w, bool session) {
	struct clipboard_offer offer = { .host = { .session = session,
							 .shm = w->shm,
							 .lgmp = 12,
							 .session_id = SESSION,
							 .client_id = CLIENT } };
	char text[96];
	(void)kvmfr_clipboard_status_read(w->shm, STATUS_AT, 128, &offer.status);
	kvmfr_clipboard_status_describe(w->shm, STATUS_AT, 128, text, sizeof text);
	sink += (uint8_t)text[0];
	clipboard_port_put(w->port, &offer);
	(void)loop_run_once(w->loop, 0);
}

/* Twice: the first lets the client claim, the second says that it has it. */
static void tell(struct world *w) {
	tell_once(w, true);
	tell_once(w, true);
}

static void put(struct world *w, uint32_t at, uint32_t bytes, const uint8_t *record) {
	uint16_t offset;
	memcpy(&offset, record, sizeof offset);
	memcpy(shm_base(w->shm) + at + (offset % bytes & ~3u), record + 2, 4);
}

static void say(struct world *w, const uint8_t *record) {
	struct kvmfr_clipboard_message message;
	if (kvmfr_clipboard_message_read(record, KVMFR_CLIPBOARD_BYTES, &message) == 0) {
		(void)clipboard_port_push(w->port, &message);
	}
}

static void send_piece(struct world *w, const uint8_t *record) {
	static uint8_t content[KVMFR_CLIPBOARD_PIECE];
	(void)lgmp_stream_write_parts(&w->to_client, record, KVMFR_CLIPBOARD_BYTES, content,
			record[KVMFR_CLIPBOARD_BYTES] * 257u);
}

static void take_what_is_sent(struct world *w) {
	static uint8_t slot[SLOT];
	uint8_t bytes[KVMFR_CLIPBOARD_BYTES];
	struct kvmfr_clipboard_message message;
	if (w->host_is_deaf) {
		return;
	}
	while (clipboard_port_next(w->port, bytes)) {
		if (kvmfr_clipboard_message_read(bytes, sizeof bytes, &message) < 0) {
			abort(); /* what we say makes sense */
		}
		w->claims += message.type == KVMFR_CLIPBOARD_CLAIM;
		clipboard_port_sent(w->port);
	}
	for (unsigned i = 0; i < 8 && lgmp_stream_read(&w->to_host, slot, sizeof slot) >= 0; i++) {
		sink += slot[0];
	}
}

/* 1 no session, 2 nothing is offered, 4 another client has it, 8 nobody has it, 16 streams that
 * are not there, 32 streams bound to another client; it is told as often as a new claim needs. */
static void tell_other(struct world *w, unsigned what) {
	struct kvmfr_clipboard_status_wire wire;
	memcpy(&wire, shm_base(w->shm) + STATUS_AT, sizeof wire);
	wire.flags = (what & 2 ? 0 : KVMFR_CLIPBOARD_AVAILABLE) |
		     (what & 8 ? 0 : KVMFR_CLIPBOARD_HAS_OWNER);
	wire.owner_client_id = what & 4 ? CLIENT + 1 : CLIENT;
	wire.owner_generation = w->claims;
	if (what & 16) {
		wire.to_client[8]++;
	}
	memcpy(shm_base(w->shm) + STATUS_AT, &wire, sizeof wire);
	lgmp_stream_bind(&w->to_client, what & 32 ? CLIENT + 1 : CLIENT);
	lgmp_stream_bind(&w->to_host, CLIENT);
	tell_once(w, !(what & 1));
}

/* 3 to the VM, 12 to the desktop, 16 the focus, 32 a yes, 64 the way is left, 128 there is none. */
static void be_user(struct world *w, unsigned what) {
	guest_link_clipboard_set_policy(w->policy, (enum clipboard_policy)(what & 3),
			(enum clipboard_policy)(what >> 2 & 3));
	guest_link_clipboard_set_focus(w->policy, what & 16);
	sink += (unsigned)guest_link_clipboard_question(w->policy) +
		guest_link_clipboard_read_unfocused(w->policy) +
		guest_link_clipboard_was_used(w->policy) +
		guest_link_clipboard_is_guests(w->policy);
	if (what & 32) {
		guest_link_clipboard_allow(w->policy);
	}
	if (what & 64) {
		guest_link_clipboard_leave_link(w->policy);
	}
	if (what & 128) {
		guest_link_clipboard_set_link(w->policy, NULL, 0);
	}
}

static void read_short(struct world *w, uint32_t size) {
	struct kvmfr_clipboard_status status;
	struct kvmfr_clipboard_message message;
	char text[96];
	const uint64_t at = size & 1 ? STATUS_AT : MEMORY - size;
	(void)kvmfr_clipboard_status_read(w->shm, at, size, &status);
	kvmfr_clipboard_status_describe(w->shm, at, size, text, sizeof text);
	/* A status that goes past the end of the memory. */
	(void)kvmfr_clipboard_status_read(w->shm, MEMORY - size, 256, &status);
	(void)kvmfr_clipboard_message_read(shm_base(w->shm), size, &message);
	sink += (uint8_t)text[0];
}

static void act(struct world *w, unsigned kind, const uint8_t *record) {
	const struct kvmfr_clipboard_message clear = { .type = KVMFR_CLIPBOARD_CLEAR };
	switch (kind) {
	case 0xf9:
		for (unsigned i = 0; i < record[0]; i++) {
			(void)clipboard_port_push(w->port, &clear);
		}
		break;
	case 0xfa:
		put(w, TO_HOST, 256, record);
		break;
	case 0xfb:
		fuzz_now_ns += record[0] * (NS_PER_S / 10);
		break;
	case 0xfc:
		be_user(w, record[0]);
		break;
	case 0xfd:
		tell_other(w, record[0]);
		break;
	case 0xfe:
		read_short(w, record[0]);
		break;
	default:
		w->host_is_deaf = record[0] & 1;
		w->desktop_is_dumb = record[0] & 2;
		break;
	}
}

static void play(struct world *w, const uint8_t *data, size_t size) {
	static const size_t lengths[] = { 6, 64, 65, 6, 1, 6 };
	for (size_t i = 0; i < size;) {
		const bool acts = data[i] >= 0xf9;
		const unsigned kind = acts ? data[i] : data[i] % 6;
		const size_t length = !acts ? lengths[kind] : kind == 0xfa ? 6 : 1;
		i++;
		if (size - i < length) {
			break;
		}
		switch (kind) {
		case 1:
			say(w, data + i);
			break;
		case 2:
			send_piece(w, data + i);
			break;
		case 3:
			put(w, TO_CLIENT, 256, data + i);
			break;
		case 4:
			desktop(w, data[i]);
			break;
		case 5:
			put(w, TO_CLIENT + LGMP_STREAM_SLOTS_AT, 65536, data + i);
			break;
		default:
			if (acts) {
				act(w, kind, data + i);
			}
			break;
		}
		i += length;
		(void)loop_run_once(w->loop, 0);
		take_what_is_sent(w);
	}
}

static void lie(struct world *w, const uint8_t *data, size_t size) {
	for (size_t i = 0; i + 7 <= size && data[i] < 0xf9 && data[i] % 6 == 0; i += 7) {
		put(w, STATUS_AT, 128, data + i + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct world w = { .shm = memory() };
	struct kvmfr_clipboard_status_wire wire;
	const struct guest_link_clipboard_config policy = { .to_vm = CLIPBOARD_ALWAYS,
		.to_local = CLIPBOARD_ALWAYS };
	const struct host_clipboard_events events = { .changed = on_changed,
		.offer = on_offer,
		.wanted = on_wanted,
		.content = on_content,
		.data = &w };
	make_memory(&w, &wire);
	memcpy(shm_base(w.shm) + STATUS_AT, &wire, sizeof wire);
	lie(&w, data, size);
	if (loop_create(&w.loop) < 0 || clipboard_port_create(&w.port) < 0 ||
			guest_link_clipboard_create(&w.policy, w.loop, &policy, on_local, &w) < 0 ||
			host_clipboard_create(&w.host, w.loop, w.port, LIMIT, &events) < 0) {
		abort();
	}
	tell(&w);
	play(&w, data, size);
	host_clipboard_destroy(w.host);
	take_what_is_sent(&w);
	guest_link_clipboard_destroy(w.policy);
	clipboard_port_destroy(w.port);
	loop_destroy(w.loop);
	return 0;
}
