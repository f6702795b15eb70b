#define LOG_MODULE "clipboard"
#include "client/session/host_clipboard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/log.h"
#include "base/loop.h"
#include "host-proto/clipboard_port.h"
#include "host-proto/shm.h"

#define CLAIM_NS     (500 * NS_PER_MS) /* for the host's answer */
#define SOON_NS      (100 * NS_PER_MS) /* the host took it away: it may give it back */
#define AGAIN_NS     NS_PER_S          /* the host does wrong; doubled each time */
#define AGAIN_MAX_NS (60 * NS_PER_S)
#define LOOK_NS      NS_PER_MS         /* while content is under way: a stream has no doorbell */
#define PIECES       8u                /* in one look: half a megabyte, a tenth of a millisecond */
#define MESSAGES     32u               /* of the host in one turn */
#define CROSSED_NS   (300 * NS_PER_MS) /* after the claim: what was there before it */
#define TEXT_MAX     ((size_t)16 << 20)
#define IMAGE_MAX    ((size_t)1024 << 20)

enum state {
	AWAY, /* nothing is offered, or somebody else has it */
	CLAIMING,
	OWNED,
};

/* A request of ours. */
struct incoming {
	uint64_t transfer; /* 0 = none */
	struct bytes bytes;
};

/* A request of the guest. */
struct outgoing {
	uint64_t transfer; /* 0 = none */
	uint8_t *heap;     /* NULL: not answered yet */
	size_t len, sent;
};

struct host_clipboard {
	/* constant */
	struct loop *loop;
	struct clipboard_port *port;
	struct host_clipboard_events events;
	size_t limit;
	struct loop_source *wake, *timer;

	struct clipboard_offer offer; /* with a reference to its shm */
	enum state state;
	uint32_t generation; /* of the claim */
	uint32_t sequence, stream_sequence;
	uint64_t deadline_ns; /* CLAIMING: for the answer */
	uint64_t again_ns;    /* AWAY: not before */
	uint64_t pause_ns;    /* … the next time */
	uint64_t alive_ns;    /* OWNED: the next keep-alive */
	const char *broken;   /* OWNED: why it is left in the next turn; NULL = it is not */

	struct lgmp_stream from_host, to_host;
	uint8_t *piece; /* a piece that came */

	unsigned guest_types; /* enum clipboard_type */
	uint64_t guest_content;
	uint64_t own_content;
	bool offered;        /* ours is the newest */
	uint64_t crossed_ns; /* until then, an offer of the guest is from before the claim */
	uint64_t last_transfer;
	struct incoming incoming[CLIPBOARD_TYPES]; /* by type: bit 1 << index */
	struct outgoing outgoing[CLIPBOARD_TYPES];
	size_t received; /* since the claim, for progress */
};

/* The formats of the wire are in the order of the bits of enum clipboard_type. */
static uint32_t format_of(unsigned index) {
	return index + 1;
}

static enum clipboard_type type_at(unsigned index) {
	return (enum clipboard_type)(1u << index);
}

static unsigned index_of(enum clipboard_type type) {
	unsigned index = 0;
	while (index + 1 < CLIPBOARD_TYPES && type_at(index) != type) {
		index++;
	}
	return index;
}

static size_t limit_of(const struct host_clipboard *clipboard, unsigned index) {
	const size_t fixed = type_at(index) == CLIPBOARD_TEXT ? TEXT_MAX : IMAGE_MAX;
	return clipboard->limit < fixed ? clipboard->limit : fixed;
}

/* ---- messages of ours ---- */

static void turn_soon(struct host_clipboard *clipboard) {
	loop_wake(clipboard->wake);
}

/* It is left when the loop comes round: whoever calls is in the middle of something. */
static void break_link(struct host_clipboard *clipboard, const char *why) {
	if (!clipboard->broken) {
		clipboard->broken = why;
		turn_soon(clipboard);
	}
}

static int say(struct host_clipboard *clipboard, struct kvmfr_clipboard_message message) {
	if (clipboard->state == AWAY || clipboard->broken) {
		return -ENOTCONN;
	}
	message.generation = clipboard->generation;
	message.sequence = ++clipboard->sequence;
	int r = clipboard_port_send(clipboard->port, &message);
	if (r < 0) {
		break_link(clipboard, "the host takes no messages");
	}
	return r;
}

static int say_type(struct host_clipboard *clipboard, enum kvmfr_clipboard_type type) {
	const struct kvmfr_clipboard_message message = { .type = type };
	return say(clipboard, message);
}

static int say_cancel(struct host_clipboard *clipboard, uint64_t transfer, uint32_t format) {
	const struct kvmfr_clipboard_message message = {
		.type = KVMFR_CLIPBOARD_CANCEL, .transfer = transfer, .format = format
	};
	return say(clipboard, message);
}

/* ---- time ---- */

static bool is_moving(const struct host_clipboard *clipboard) {
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		if (clipboard->incoming[i].transfer || clipboard->outgoing[i].heap) {
			return true;
		}
	}
	return false;
}

static void arm(struct host_clipboard *clipboard) {
	const uint64_t now_ns = clock_now_ns();
	deadline first = DEADLINE_NONE;
	switch (clipboard->state) {
	case AWAY:
		first = clipboard->again_ns > now_ns ? clipboard->again_ns : DEADLINE_NONE;
		break;
	case CLAIMING:
		first = clipboard->deadline_ns;
		break;
	case OWNED:
		first = clipboard->alive_ns;
		if (is_moving(clipboard)) {
			first = deadline_first(first, now_ns + LOOK_NS);
		}
		break;
	}
	loop_set_timer(clipboard->timer, first);
}

/* ---- beginning and ending ---- */

static void end_incoming(struct incoming *incoming) {
	bytes_finish(&incoming->bytes);
	incoming->transfer = 0;
}

static void end_outgoing(struct outgoing *outgoing) {
	free(outgoing->heap);
	*outgoing = (struct outgoing){ .transfer = 0 };
}

static void forget(struct host_clipboard *clipboard) {
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		end_incoming(&clipboard->incoming[i]);
		end_outgoing(&clipboard->outgoing[i]);
	}
	free(clipboard->piece);
	clipboard->piece = NULL;
	clipboard->guest_types = 0;
	clipboard->offered = false;
	clipboard->received = 0;
	clipboard->broken = NULL;
}

/* punish: what the host does is wrong. why NULL: nobody is interested. Requests that wait go on
 * over SPICE: guest_link_agent.h. */
static void lose(struct host_clipboard *clipboard, const char *why, bool punish) {
	const bool was_up = clipboard->state == OWNED;
	if (was_up && why) {
		log_info("the clipboard goes by SPICE: %s", why);
	}
	if (clipboard->state != AWAY) {
		clipboard->broken = NULL;
		(void)say_type(clipboard, KVMFR_CLIPBOARD_RELEASE);
	}
	clipboard->state = AWAY;
	forget(clipboard);
	clipboard->again_ns = clock_now_ns() + (punish ? clipboard->pause_ns : SOON_NS);
	if (punish) {
		clipboard->pause_ns = clipboard->pause_ns * 2 < AGAIN_MAX_NS
						      ? clipboard->pause_ns * 2
						      : AGAIN_MAX_NS;
	}
	if (was_up) {
		clipboard->events.changed(clipboard->events.data);
	}
}

static bool is_usable(const struct clipboard_offer *offer) {
	return offer->host.session && (offer->status.flags & KVMFR_CLIPBOARD_AVAILABLE);
}

static bool is_ours(const struct host_clipboard *clipboard) {
	const struct kvmfr_clipboard_status *status = &clipboard->offer.status;
	return (status->flags & KVMFR_CLIPBOARD_HAS_OWNER) &&
	       status->owner_client_id == clipboard->offer.host.client_id &&
	       status->owner_generation == clipboard->generation;
}

static bool somebody_else_has_it(const struct host_clipboard *clipboard) {
	const struct kvmfr_clipboard_status *status = &clipboard->offer.status;
	return (status->flags & KVMFR_CLIPBOARD_HAS_OWNER) &&
	       status->owner_client_id != clipboard->offer.host.client_id;
}

static void claim(struct host_clipboard *clipboard, uint64_t now_ns) {
	if (clipboard->state != AWAY || now_ns < clipboard->again_ns ||
			!is_usable(&clipboard->offer) || somebody_else_has_it(clipboard)) {
		return;
	}
	clipboard->generation += clipboard->generation == UINT32_MAX ? 2 : 1;
	clipboard->sequence = clipboard->stream_sequence = 0;
	clipboard->state = CLAIMING;
	clipboard->deadline_ns = now_ns + CLAIM_NS;
	(void)say_type(clipboard, KVMFR_CLIPBOARD_CLAIM);
}

/* The status names us as the owner: both streams are bound to us, or will be in a moment. */
static void open_streams(struct host_clipboard *clipboard, uint64_t now_ns) {
	const struct clipboard_offer *offer = &clipboard->offer;
	const struct kvmfr_clipboard_status *status = &offer->status;
	int r = lgmp_stream_open(&clipboard->from_host, offer->host.shm, offer->host.lgmp,
			&status->to_client, offer->host.session_id, offer->host.client_id);
	if (r == 0) {
		r = lgmp_stream_open(&clipboard->to_host, offer->host.shm, offer->host.lgmp,
				&status->to_host, offer->host.session_id, offer->host.client_id);
	}
	if (r < 0) {
		log_debug("the host's clipboard streams cannot be used (%s)", strerrordesc_np(-r));
		return;
	}
	clipboard->piece = malloc(lgmp_stream_room(&clipboard->from_host));
	if (!clipboard->piece) {
		return;
	}
	clipboard->state = OWNED;
	clipboard->alive_ns = now_ns + status->lease_ms / 4 * NS_PER_MS;
	log_info("the clipboard goes by the host program's own streams");
	clipboard->events.changed(clipboard->events.data);
	/* The host tells what the guest has, and that is old where the desktop's is the newest. */
	clipboard->crossed_ns = clipboard->offered ? now_ns + CROSSED_NS : 0;
}

/* ---- what the host says ---- */

static void on_guest_offer(struct host_clipboard *clipboard, unsigned formats, uint64_t content) {
	const unsigned types = formats & (type_at(CLIPBOARD_TYPES) - 1u);
	if (clipboard->offered && types && clock_now_ns() < clipboard->crossed_ns) {
		return; /* it crossed with ours, which is the newest */
	}
	clipboard->offered = clipboard->offered && !types;
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		end_incoming(&clipboard->incoming[i]); /* of what was there before */
	}
	clipboard->guest_types = types;
	clipboard->guest_content = content;
	clipboard->events.offer(types, clipboard->events.data);
}

static void on_guest_request(
		struct host_clipboard *clipboard, const struct kvmfr_clipboard_message *message) {
	const bool known = message->format >= 1 && message->format <= CLIPBOARD_TYPES;
	/* One at a time of each type; whoever asks more often is told "nothing" at once. */
	if (!known || !(message->transfer & KVMFR_CLIPBOARD_OF_GUEST) ||
			clipboard->outgoing[message->format - 1].transfer) {
		(void)say_cancel(clipboard, message->transfer, message->format);
		return;
	}
	const unsigned index = message->format - 1;
	clipboard->outgoing[index].transfer = message->transfer;
	clipboard->events.wanted(type_at(index), clipboard->events.data);
}

/* heap: taken over. */
static void give_content(
		struct host_clipboard *clipboard, unsigned index, uint8_t *heap, size_t len) {
	end_incoming(&clipboard->incoming[index]);
	clipboard->pause_ns = AGAIN_NS; /* it works */
	clipboard->events.content(type_at(index), heap, len, clipboard->events.data);
}

static void on_cancel(struct host_clipboard *clipboard, uint64_t transfer) {
	for (unsigned i = 0; i < CLIPBOARD_TYPES && transfer; i++) {
		if (clipboard->incoming[i].transfer == transfer) {
			give_content(clipboard, i, NULL, 0);
		}
		if (clipboard->outgoing[i].transfer == transfer && clipboard->outgoing[i].heap) {
			end_outgoing(&clipboard->outgoing[i]);
		} else if (clipboard->outgoing[i].transfer == transfer) {
			/* The answer comes, and goes nowhere. */
			clipboard->outgoing[i].transfer = KVMFR_CLIPBOARD_OF_GUEST;
		}
	}
}

static void on_message(
		struct host_clipboard *clipboard, const struct kvmfr_clipboard_message *message) {
	if (clipboard->state != OWNED) {
		return;
	}
	switch (message->type) {
	case KVMFR_CLIPBOARD_OFFER:
		on_guest_offer(clipboard, message->token, message->content);
		break;
	case KVMFR_CLIPBOARD_CLEAR:
		on_guest_offer(clipboard, 0, message->content);
		break;
	case KVMFR_CLIPBOARD_REQUEST:
		on_guest_request(clipboard, message);
		break;
	case KVMFR_CLIPBOARD_CANCEL:
		on_cancel(clipboard, message->transfer);
		break;
	default:
		log_debug("a clipboard message of type %d is not understood", (int)message->type);
		break;
	}
}

/* ---- content ---- */

static int find_incoming(const struct host_clipboard *clipboard, uint64_t transfer) {
	for (unsigned i = 0; i < CLIPBOARD_TYPES && transfer; i++) {
		if (clipboard->incoming[i].transfer == transfer) {
			return (int)i;
		}
	}
	return -1;
}

/* Gives up a transfer. len: with a size that is not taken. */
static void refuse(struct host_clipboard *clipboard, unsigned index, size_t len) {
	(void)say_cancel(clipboard, clipboard->incoming[index].transfer, format_of(index));
	give_content(clipboard, index, NULL, len);
}

static void on_piece(struct host_clipboard *clipboard, const uint8_t *bytes, size_t size) {
	struct kvmfr_clipboard_message piece;
	if (kvmfr_clipboard_message_read(bytes, size, &piece) < 0) {
		break_link(clipboard, "its pieces of content make no sense");
		return;
	}
	const int index = find_incoming(clipboard, piece.transfer);
	if (piece.type != KVMFR_CLIPBOARD_DATA || index < 0) {
		return; /* given up meanwhile, or of a kind that we do not know */
	}
	struct bytes *content = &clipboard->incoming[index].bytes;
	const size_t limit = limit_of(clipboard, (unsigned)index);
	const bool sized = piece.size != KVMFR_CLIPBOARD_SIZE_UNKNOWN;
	const size_t len = content->len + piece.length;
	if ((sized && piece.size > limit) || len > limit) {
		refuse(clipboard, (unsigned)index,
				sized && piece.size <= SIZE_MAX / 2 ? (size_t)piece.size : len);
		return;
	}
	const bool end = (piece.flags & KVMFR_CLIPBOARD_END) != 0;
	if (piece.offset != content->len || piece.format != format_of((unsigned)index) ||
			(sized && (len > piece.size || (end && len != piece.size))) ||
			bytes_add(content, bytes + KVMFR_CLIPBOARD_BYTES, piece.length, limit) <
					0) {
		log_warn_limited("the host's content is not what it says, left out");
		refuse(clipboard, (unsigned)index, 0);
		return;
	}
	clipboard->received += piece.length;
	if (end) {
		uint8_t *heap = bytes_take(content);
		give_content(clipboard, (unsigned)index, heap, heap ? len : 0);
	}
}

static void read_pieces(struct host_clipboard *clipboard) {
	for (unsigned i = 0; i < PIECES && !clipboard->broken; i++) {
		int r = lgmp_stream_read(&clipboard->from_host, clipboard->piece,
				lgmp_stream_room(&clipboard->from_host));
		if (r == -EAGAIN) {
			return;
		}
		if (r < 0) {
			break_link(clipboard, r == -ENOTCONN ? "the host let its streams go"
							     : "its streams make no sense");
			return;
		}
		on_piece(clipboard, clipboard->piece, (size_t)r);
	}
}

/* False: no room, or it is through. */
static bool write_piece(struct host_clipboard *clipboard, unsigned index) {
	struct outgoing *outgoing = &clipboard->outgoing[index];
	uint8_t head[KVMFR_CLIPBOARD_BYTES];
	const size_t left = outgoing->len - outgoing->sent;
	const uint32_t length =
			(uint32_t)(left < KVMFR_CLIPBOARD_PIECE ? left : KVMFR_CLIPBOARD_PIECE);
	const struct kvmfr_clipboard_message piece = { .type = KVMFR_CLIPBOARD_DATA,
		.generation = clipboard->generation,
		.sequence = clipboard->stream_sequence + 1,
		.content = clipboard->own_content,
		.transfer = outgoing->transfer,
		.offset = outgoing->sent,
		.size = outgoing->len,
		.format = format_of(index),
		.flags = (outgoing->sent == 0 ? KVMFR_CLIPBOARD_BEGIN : 0u) |
			 (left == length ? KVMFR_CLIPBOARD_END : 0u),
		.length = length };
	kvmfr_clipboard_message_write(&piece, head);
	int r = lgmp_stream_write_parts(&clipboard->to_host, head, sizeof head,
			outgoing->heap + outgoing->sent, length);
	if (r < 0) {
		if (r != -EAGAIN) {
			break_link(clipboard, r == -ENOTCONN ? "the host let its streams go"
							     : "its streams make no sense");
		}
		return false;
	}
	clipboard->stream_sequence++;
	outgoing->sent += length;
	if (outgoing->sent == outgoing->len) {
		end_outgoing(outgoing);
		return false;
	}
	return true;
}

static void write_pieces(struct host_clipboard *clipboard) {
	for (unsigned i = 0; i < CLIPBOARD_TYPES && !clipboard->broken; i++) {
		for (unsigned k = 0; k < PIECES && clipboard->outgoing[i].heap; k++) {
			if (!write_piece(clipboard, i)) {
				break;
			}
		}
	}
}

static void move_content(struct host_clipboard *clipboard) {
	if (clipboard->state == OWNED && is_moving(clipboard)) {
		read_pieces(clipboard);
		write_pieces(clipboard);
	}
}

/* ---- turns ---- */

static void on_status(struct host_clipboard *clipboard, uint64_t now_ns) {
	if (!is_usable(&clipboard->offer)) {
		if (clipboard->state != AWAY) {
			lose(clipboard,
					clipboard->offer.host.session
							? "the host does not offer it any more"
							: "the host is gone",
					false);
		}
		return;
	}
	if (clipboard->state == CLAIMING && is_ours(clipboard)) {
		open_streams(clipboard, now_ns);
	} else if (clipboard->state == OWNED && !is_ours(clipboard)) {
		lose(clipboard, "the host gave it to another client", false);
	} else if (clipboard->state == OWNED && !lgmp_stream_is_bound(&clipboard->from_host)) {
		lose(clipboard, "the host bound its streams anew", false);
	}
}

static void turn(struct host_clipboard *clipboard) {
	struct clipboard_offer offer;
	struct kvmfr_clipboard_message message;
	const uint64_t now_ns = clock_now_ns();
	struct shm *before = NULL;
	if (clipboard_port_take(clipboard->port, &offer)) {
		before = clipboard->offer.host
					 .shm; /* the streams' memory stays until they are left */
		clipboard->offer = offer;
		on_status(clipboard, now_ns);
	}
	for (unsigned i = 0; i < MESSAGES && clipboard_port_pop(clipboard->port, &message); i++) {
		on_message(clipboard, &message);
		if (i + 1 == MESSAGES) {
			turn_soon(clipboard);
		}
	}
	move_content(clipboard);
	if (clipboard->broken && clipboard->state == OWNED) {
		lose(clipboard, clipboard->broken, true);
	} else if (clipboard->state == CLAIMING && now_ns >= clipboard->deadline_ns) {
		log_debug("the host does not answer the claim to its clipboard");
		lose(clipboard, NULL, true);
	} else if (clipboard->state == OWNED && now_ns >= clipboard->alive_ns) {
		clipboard->alive_ns = now_ns + clipboard->offer.status.lease_ms / 4 * NS_PER_MS;
		(void)say_type(clipboard, KVMFR_CLIPBOARD_KEEP_ALIVE);
	}
	claim(clipboard, now_ns);
	shm_unref(before);
	arm(clipboard);
}

static void on_wake(void *data) {
	turn(data);
}

static void on_timer(void *data) {
	turn(data);
}

static void wake_loop(void *data) {
	turn_soon(data);
}

/* ---- the link ---- */

static int link_offer(void *data, unsigned types) {
	struct host_clipboard *clipboard = data;
	const struct kvmfr_clipboard_message message = { .type = KVMFR_CLIPBOARD_OFFER,
		.content = ++clipboard->own_content,
		.token = types & clipboard->offer.status.formats };
	clipboard->offered = true;
	clipboard->guest_types = 0;
	return say(clipboard, message);
}

static int link_release(void *data) {
	struct host_clipboard *clipboard = data;
	const struct kvmfr_clipboard_message message = { .type = KVMFR_CLIPBOARD_CLEAR,
		.content = clipboard->own_content };
	clipboard->offered = false;
	return say(clipboard, message);
}

static int link_request(void *data, enum clipboard_type type) {
	struct host_clipboard *clipboard = data;
	const unsigned index = index_of(type);
	end_incoming(&clipboard->incoming[index]);
	clipboard->last_transfer = (clipboard->last_transfer + 1) % KVMFR_CLIPBOARD_OF_GUEST;
	clipboard->last_transfer += clipboard->last_transfer == 0;
	const struct kvmfr_clipboard_message message = { .type = KVMFR_CLIPBOARD_REQUEST,
		.content = clipboard->guest_content,
		.transfer = clipboard->last_transfer,
		.format = format_of(index) };
	int r = say(clipboard, message);
	if (r == 0) {
		clipboard->incoming[index].transfer = message.transfer;
		turn_soon(clipboard);
	}
	return r;
}

static void link_give_up(void *data, enum clipboard_type type) {
	struct host_clipboard *clipboard = data;
	struct incoming *incoming = &clipboard->incoming[index_of(type)];
	if (incoming->transfer) {
		(void)say_cancel(clipboard, incoming->transfer, format_of(index_of(type)));
		end_incoming(incoming);
		break_link(clipboard, "the host does not answer");
	}
}

static int link_answer(void *data, enum clipboard_type type, void *heap, size_t len) {
	struct host_clipboard *clipboard = data;
	const unsigned index = index_of(type);
	struct outgoing *outgoing = &clipboard->outgoing[index];
	const bool cancelled = outgoing->transfer == KVMFR_CLIPBOARD_OF_GUEST;
	int r = 0;
	if (!outgoing->transfer || outgoing->heap || cancelled || !heap ||
			len > limit_of(clipboard, index)) {
		if (outgoing->transfer && !outgoing->heap) {
			r = cancelled ? 0
				      : say_cancel(clipboard, outgoing->transfer, format_of(index));
			outgoing->transfer = 0;
		}
		free(heap);
		return r;
	}
	outgoing->heap = heap;
	outgoing->len = len;
	outgoing->sent = 0;
	turn_soon(clipboard);
	return 0;
}

static size_t link_receiving(void *data) {
	return ((struct host_clipboard *)data)->received;
}

struct clipboard_link host_clipboard_link(struct host_clipboard *clipboard) {
	return (struct clipboard_link){ .data = clipboard,
		.crlf = clipboard->offer.windows,
		.offer = link_offer,
		.release = link_release,
		.request = link_request,
		.give_up = link_give_up,
		.answer = link_answer,
		.receiving = link_receiving };
}

/* ---- life ---- */

int host_clipboard_create(struct host_clipboard **ret_clipboard, struct loop *loop,
		struct clipboard_port *port, size_t limit,
		const struct host_clipboard_events *events) {
	struct host_clipboard *clipboard = calloc(1, sizeof *clipboard);
	if (!clipboard) {
		return -ENOMEM;
	}
	clipboard->loop = loop;
	clipboard->port = port;
	clipboard->limit = limit;
	clipboard->events = *events;
	clipboard->pause_ns = AGAIN_NS;
	clipboard->wake = loop_add_wake(loop, on_wake, clipboard);
	clipboard->timer = loop_add_timer(loop, on_timer, clipboard);
	if (!clipboard->wake || !clipboard->timer) {
		loop_remove(clipboard->wake);
		loop_remove(clipboard->timer);
		free(clipboard);
		return -ENOMEM;
	}
	clipboard_port_listen(port, false, wake_loop, clipboard);
	*ret_clipboard = clipboard;
	return 0;
}

void host_clipboard_destroy(struct host_clipboard *clipboard) {
	if (!clipboard) {
		return;
	}
	clipboard_port_listen(clipboard->port, false, NULL, NULL);
	if (clipboard->state != AWAY) {
		clipboard->broken = NULL;
		(void)say_type(clipboard, KVMFR_CLIPBOARD_RELEASE);
	}
	forget(clipboard);
	shm_unref(clipboard->offer.host.shm);
	loop_remove(clipboard->wake);
	loop_remove(clipboard->timer);
	free(clipboard);
}

bool host_clipboard_is_up(const struct host_clipboard *clipboard) {
	return clipboard->state == OWNED;
}

unsigned host_clipboard_types(const struct host_clipboard *clipboard) {
	return clipboard->guest_types;
}
