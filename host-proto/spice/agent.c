#include "host-proto/spice/agent.h"

#include <errno.h>
#include <stdlib.h>

#include "host-proto/spice/agent_internal.h"

#define GRANT          32u /* messages that the server may send before we give tokens back */
#define GRANT_BACK     16u
#define TOKENS_MAX     0x80000000u
#define SMALL_MAX      (64u * 1024)
#define GRAB_MAX       4096u
#define ANNOUNCE_MAX   256u
#define QUEUE_MESSAGES 64u
#define QUEUE_EXTRA    (32u << 20)  /* waiting bytes beside two contents of the largest size */
#define KEEP_BYTES     (64u * 1024) /* a larger buffer goes with its content */
#define OUR_CAPS                                                                                \
	(SPICE_AGENT_CAP_MONITORS_CONFIG | SPICE_AGENT_CAP_REPLY | SPICE_AGENT_CAP_BY_DEMAND |  \
			SPICE_AGENT_CAP_SELECTION | SPICE_AGENT_CAP_FILE_XFER_DETAILED_ERRORS | \
			SPICE_AGENT_CAP_NO_RELEASE_ON_REGRAB | SPICE_AGENT_CAP_GRAB_SERIAL)

size_t agent_limit_of(const struct spice_agent *agent, unsigned type) {
	size_t fixed = type == SPICE_CLIPBOARD_TEXT ? SPICE_AGENT_TEXT_MAX : SPICE_AGENT_IMAGE_MAX;
	return agent->limit < fixed ? agent->limit : fixed;
}

int spice_agent_create(struct spice_agent **ret_agent, size_t limit,
		const struct spice_agent_events *events) {
	struct spice_agent *agent = calloc(1, sizeof *agent);
	if (!agent) {
		return -ENOMEM;
	}
	agent->limit = limit;
	agent->events = *events;
	*ret_agent = agent;
	return 0;
}

static void outgoing_free(struct spice_agent *agent, struct outgoing *message) {
	agent->count--;
	agent->queued -= message->prefix_len + message->len - message->sent;
	free(message->data);
	free(message);
}

static void reset(struct spice_agent *agent) {
	while (agent->first) {
		struct outgoing *next = agent->first->next;
		outgoing_free(agent, agent->first);
		agent->first = next;
	}
	agent->last = NULL;
	bytes_finish(&agent->body);
	agent->header_len = agent->size = agent->got = 0;
	agent->front_len = agent->front_got = 0;
	agent->ready = agent->connected = agent->broken = agent->guest_owns = false;
	agent->caps = agent->tokens = agent->consumed = 0;
	agent->requested = agent->wanted = 0;
	memset(agent->serials, 0, sizeof agent->serials);
}

void spice_agent_destroy(struct spice_agent *agent) {
	if (agent) {
		reset(agent);
		free(agent);
	}
}

bool spice_agent_is_ready(const struct spice_agent *agent) {
	return agent->ready;
}

uint32_t spice_agent_caps(const struct spice_agent *agent) {
	return agent->caps;
}

bool spice_agent_crlf(const struct spice_agent *agent) {
	return (agent->caps & SPICE_AGENT_CAP_LINEEND_CRLF) != 0;
}

size_t spice_agent_receiving(const struct spice_agent *agent) {
	return agent->got;
}

size_t spice_agent_queued(const struct spice_agent *agent) {
	return agent->queued;
}

/* ---- out ---- */

/* One AGENT_DATA of at most 2048 bytes; a message's end never shares one with the next (10.2). */
static int send_piece(struct spice_agent *agent, struct outgoing *message) {
	uint8_t piece[SPICE_AGENT_PAYLOAD_BYTES];
	size_t len = 0;
	if (message->sent < message->prefix_len) {
		len = message->prefix_len; /* sent is 0: the prefix goes out in one */
		memcpy(piece, message->prefix, len);
	}
	const size_t at = message->sent + len - message->prefix_len;
	size_t more = message->len - at;
	if (more > sizeof piece - len) {
		more = sizeof piece - len;
	}
	if (more > 0) {
		memcpy(piece + len, message->data + at, more);
		len += more;
	}
	int r = agent->events.send(SPICE_MAIN_AGENT_DATA_OUT, piece, len, agent->events.data);
	if (r < 0) {
		return r;
	}
	agent->tokens--;
	message->sent += len;
	agent->queued -= len;
	return 0;
}

void spice_agent_pump(struct spice_agent *agent) {
	while (agent->first && agent->tokens > 0 && !agent->broken &&
			agent->events.has_room(agent->events.data)) {
		struct outgoing *message = agent->first;
		if (send_piece(agent, message) < 0) {
			agent->broken = true;
			return;
		}
		if (message->sent == message->prefix_len + message->len) {
			agent->first = message->next;
			agent->last = agent->first ? agent->last : NULL;
			outgoing_free(agent, message);
		}
	}
	if (!agent->first && agent->ready && !agent->broken) {
		agent->events.drained(agent->events.data);
	}
}

/* fixed: the fields in front; data: heap, taken over, also on failure. */
static int queue_message(struct spice_agent *agent, unsigned type, const struct writer *fixed,
		uint8_t *data, size_t len) {
	struct outgoing *message = NULL;
	int r = -ENOTCONN;
	if (!agent->connected || agent->broken) {
		goto error;
	}
	const size_t fixed_len = fixed ? writer_len(fixed) : 0;
	r = -ENOBUFS;
	const size_t queue_max = 2 * agent->limit + QUEUE_EXTRA;
	if (agent->count >= QUEUE_MESSAGES || agent->queued > queue_max ||
			len > queue_max - agent->queued) {
		goto error;
	}
	message = calloc(1, sizeof *message);
	if (!message) {
		r = -ENOMEM;
		goto error;
	}
	struct writer w = writer_of(message->prefix, sizeof message->prefix);
	write_u32(&w, SPICE_AGENT_PROTOCOL);
	write_u32(&w, type);
	write_u64(&w, 0);
	write_u32(&w, (uint32_t)(fixed_len + len));
	write_bytes(&w, fixed ? fixed->start : NULL, fixed_len);
	message->prefix_len = writer_len(&w);
	message->data = data;
	message->len = len;
	if (agent->last) {
		agent->last->next = message;
	} else {
		agent->first = message;
	}
	agent->last = message;
	agent->count++;
	agent->queued += message->prefix_len + len;
	return 0;
error:
	free(data);
	free(message);
	return r;
}

bool agent_both_have(const struct spice_agent *agent, uint32_t cap) {
	return (agent->caps & OUR_CAPS & cap) != 0;
}

static int announce(struct spice_agent *agent, uint32_t request) {
	uint8_t bytes[8];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_u32(&w, request);
	write_u32(&w, OUR_CAPS);
	return queue_message(agent, SPICE_AGENT_ANNOUNCE, &w, NULL, 0);
}

void spice_agent_set_connected(struct spice_agent *agent, bool connected, uint32_t tokens) {
	reset(agent);
	if (!connected) {
		return;
	}
	agent->connected = true;
	agent->tokens = tokens;
	uint8_t grant[4];
	struct writer w = writer_of(grant, sizeof grant);
	write_u32(&w, GRANT);
	if (agent->events.send(SPICE_MAIN_AGENT_START, grant, sizeof grant, agent->events.data) <
			0) {
		agent->broken = true;
		return;
	}
	(void)announce(agent, 1);
	spice_agent_pump(agent);
}

void spice_agent_add_tokens(struct spice_agent *agent, uint32_t tokens) {
	if (!agent->connected) {
		return;
	}
	agent->tokens = tokens > TOKENS_MAX - agent->tokens ? TOKENS_MAX : agent->tokens + tokens;
	spice_agent_pump(agent);
}

int agent_send(struct spice_agent *agent, unsigned type, const struct writer *fixed, uint8_t *data,
		size_t len) {
	if (!agent->ready) {
		free(data);
		return -ENOTCONN;
	}
	int r = queue_message(agent, type, fixed, data, len);
	if (r == 0) {
		spice_agent_pump(agent);
	}
	return r;
}

int spice_agent_set_monitor(struct spice_agent *agent, uint32_t width, uint32_t height) {
	uint8_t *data = malloc(28);
	if (!data) {
		return -ENOMEM;
	}
	struct writer w = writer_of(data, 28);
	write_u32(&w, 1);
	write_u32(&w, 0);
	write_u32(&w, height); /* before the width */
	write_u32(&w, width);
	write_u32(&w, 32);
	write_i32(&w, 0);
	write_i32(&w, 0);
	return agent_send(agent, SPICE_AGENT_MONITORS_CONFIG, NULL, data, writer_len(&w));
}

/* ---- in ---- */

static void give_tokens_back(struct spice_agent *agent) {
	if (++agent->consumed < GRANT_BACK) {
		return;
	}
	agent->consumed = 0;
	uint8_t bytes[4];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_u32(&w, GRANT_BACK);
	if (agent->events.send(SPICE_MAIN_AGENT_TOKEN_OUT, bytes, sizeof bytes,
			    agent->events.data) < 0) {
		agent->broken = true;
	}
}

static void on_announce(struct spice_agent *agent, struct reader *r) {
	uint32_t request = read_u32(r);
	uint32_t caps = read_u32(r); /* one word is all there is today */
	if (!reader_ok(r)) {
		return;
	}
	const bool was_ready = agent->ready;
	agent->caps = caps;
	agent->ready = true;
	if (request) {
		(void)announce(agent, 0);
	}
	if (caps & SPICE_AGENT_CAP_MAX_CLIPBOARD) {
		uint8_t bytes[4];
		struct writer w = writer_of(bytes, sizeof bytes);
		write_u32(&w, (uint32_t)agent_limit_of(agent, SPICE_CLIPBOARD_PNG));
		(void)queue_message(agent, SPICE_AGENT_MAX_CLIPBOARD, &w, NULL, 0);
	}
	spice_agent_pump(agent);
	if (!was_ready) {
		agent->events.ready(agent->events.data);
	}
}

static void on_message(struct spice_agent *agent) {
	struct reader r = reader_of(agent->body.data, agent->size);
	switch (agent->type) {
	case SPICE_AGENT_ANNOUNCE:
		on_announce(agent, &r);
		break;
	case SPICE_AGENT_GRAB:
		agent_on_grab(agent, &r);
		break;
	case SPICE_AGENT_REQUEST:
		agent_on_request(agent, &r);
		break;
	case SPICE_AGENT_RELEASE:
		agent_on_release(agent, &r);
		break;
	case SPICE_AGENT_FILE_STATUS:
		agent_on_file_status(agent, &r);
		break;
	default:
		break; /* REPLY, GRAPHICS_INFO: nothing to do */
	}
}

/* Whether a body of this type and size is worth collecting (12). */
static bool is_wanted(uint32_t type, size_t size) {
	switch (type) {
	case SPICE_AGENT_CLIPBOARD:
		return false; /* until its front is known */
	case SPICE_AGENT_GRAB:
		return size <= GRAB_MAX;
	case SPICE_AGENT_ANNOUNCE:
		return size <= ANNOUNCE_MAX;
	default:
		return size <= SMALL_MAX;
	}
}

static bool read_agent_header(struct spice_agent *agent) {
	struct reader r = reader_of(agent->header, sizeof agent->header);
	uint32_t protocol = read_u32(&r);
	agent->type = read_u32(&r);
	read_u64(&r);
	agent->size = read_u32(&r);
	agent->got = agent->body.len = 0;
	agent->front_len = agent->front_got = 0;
	if (agent->type == SPICE_AGENT_CLIPBOARD) {
		size_t front = agent_both_have(agent, SPICE_AGENT_CAP_SELECTION) ? 8 : 4;
		agent->front_len = front < agent->size ? front : agent->size;
		agent->size -= agent->front_len;
	}
	agent->keep = is_wanted(agent->type, agent->size);
	return protocol == SPICE_AGENT_PROTOCOL;
}

/* Of content that was kept. Small content is copied, so that no large buffer goes with it. */
static uint8_t *take_body(struct spice_agent *agent) {
	if (agent->size > KEEP_BYTES) {
		return bytes_take(&agent->body);
	}
	uint8_t *copy = malloc(agent->size ? agent->size : 1);
	if (copy && agent->size > 0) {
		memcpy(copy, agent->body.data, agent->size);
	}
	return copy;
}

static void finish_message(struct spice_agent *agent) {
	if (agent->type == SPICE_AGENT_CLIPBOARD) {
		agent_on_content(agent, agent->keep ? take_body(agent) : NULL);
	} else if (agent->keep) {
		on_message(agent);
	}
	agent->header_len = agent->got = agent->size = 0;
	bytes_reset(&agent->body, KEEP_BYTES);
}

/* True: what stands in front of the content is complete; whether it is kept is decided. */
static bool collect_front(struct spice_agent *agent, struct reader *r) {
	if (agent->front_got == agent->front_len) {
		return true;
	}
	size_t take = agent->front_len - agent->front_got;
	take = take < r->left ? take : r->left;
	const uint8_t *part = read_bytes(r, take);
	if (take > 0) {
		memcpy(agent->front + agent->front_got, part, take);
	}
	agent->front_got += take;
	agent->keep = agent_keeps_content(agent);
	return agent->front_got == agent->front_len;
}

/* True: the header of the message at hand is complete and makes sense. */
static bool collect_header(struct spice_agent *agent, struct reader *r) {
	if (agent->header_len == sizeof agent->header) {
		return true;
	}
	size_t take = sizeof agent->header - agent->header_len;
	take = take < r->left ? take : r->left;
	const uint8_t *part = read_bytes(r, take);
	if (take > 0) {
		memcpy(agent->header + agent->header_len, part, take);
	}
	agent->header_len += take;
	if (agent->header_len < sizeof agent->header) {
		return false;
	}
	if (!read_agent_header(agent)) {
		agent->broken = true; /* out of step: until it connects again */
		return false;
	}
	return true;
}

void spice_agent_data(struct spice_agent *agent, const uint8_t *bytes, size_t len) {
	if (!agent->connected || agent->broken) {
		return;
	}
	struct reader r = reader_of(bytes, len);
	while (!agent->broken && agent->connected) {
		if (!collect_header(agent, &r) || !collect_front(agent, &r)) {
			break;
		}
		size_t take = agent->size - agent->got;
		take = take < r.left ? take : r.left;
		const uint8_t *part = read_bytes(&r, take);
		if (agent->keep && take > 0) {
			agent->keep = bytes_add(&agent->body, part, take, agent->size) == 0;
		}
		agent->got += take;
		if (agent->got < agent->size) {
			break;
		}
		finish_message(agent);
	}
	give_tokens_back(agent);
}
