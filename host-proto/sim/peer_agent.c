#include "host-proto/sim/peer_agent.h"

#include <errno.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "host-proto/spice/reader.h"

#define TOKENS_MAX 0x80000000u
#define TYPES_MAX  64u
#define QUEUE_MAX  (512u << 20)
#define TYPE_COUNT 6u /* types below are known */

struct incoming_file {
	bool used;
	uint32_t id;
	uint64_t size, got;
};

struct peer_agent {
	struct peer_agent_events events;
	uint32_t caps, client_caps;
	bool ready;
	uint32_t tokens; /* AGENT_DATA that we may send */
	uint32_t serial; /* of clipboard grabs */
	struct incoming_file files[PEER_AGENT_FILES_MAX];

	/* coming in */
	uint8_t header[SPICE_AGENT_HEADER_BYTES];
	size_t header_len;
	uint32_t type;
	size_t size, got;
	struct bytes body; /* empty while it is skipped */

	/* going out: what follows out_at, and where its messages end */
	struct bytes out;
	size_t out_at;
	size_t left; /* of the message at out_at */
};

int peer_agent_create(struct peer_agent **ret_agent, uint32_t caps,
		const struct peer_agent_events *events) {
	struct peer_agent *agent = calloc(1, sizeof *agent);
	if (!agent) {
		return -ENOMEM;
	}
	agent->caps = caps;
	agent->events = *events;
	*ret_agent = agent;
	return 0;
}

static void forget(struct peer_agent *agent) {
	for (unsigned i = 0; i < PEER_AGENT_FILES_MAX; i++) {
		if (agent->files[i].used && agent->events.file_end) {
			agent->events.file_end(agent->files[i].id, false, agent->events.data);
		}
		agent->files[i].used = false;
	}
	bytes_finish(&agent->body);
	agent->header_len = agent->size = agent->got = 0;
	agent->out_at = agent->out.len = agent->left = 0;
	agent->client_caps = agent->tokens = agent->serial = 0;
	agent->ready = false;
}

void peer_agent_destroy(struct peer_agent *agent) {
	if (agent) {
		forget(agent);
		bytes_finish(&agent->out);
		free(agent);
	}
}

/* ---- out ---- */

/* Pieces of at most 2048 bytes; the end of a message shares none with the next one (10.2). */
static void pump(struct peer_agent *agent) {
	while (agent->tokens > 0 && agent->out_at < agent->out.len) {
		if (agent->left == 0) {
			struct reader r = reader_of(agent->out.data + agent->out_at + 16, 4);
			agent->left = SPICE_AGENT_HEADER_BYTES + (size_t)read_u32(&r);
		}
		const size_t piece = agent->left < SPICE_AGENT_PAYLOAD_BYTES
						     ? agent->left
						     : SPICE_AGENT_PAYLOAD_BYTES;
		if (agent->events.send(agent->out.data + agent->out_at, piece, agent->events.data) <
				0) {
			return; /* the client is gone, or does not read: AGENT_START begins anew */
		}
		agent->tokens--;
		agent->left -= piece;
		agent->out_at += piece;
	}
	if (agent->out_at == agent->out.len) {
		agent->out_at = agent->out.len = 0;
	}
}

/* Two parts, so that content is not copied twice. 0, -ENOMEM or
 * -ENOBUFS. */
static int say(struct peer_agent *agent, uint32_t type, const struct writer *fixed,
		const void *bytes, size_t len) {
	const size_t fixed_len = fixed ? writer_len(fixed) : 0;
	const size_t total = SPICE_AGENT_HEADER_BYTES + fixed_len + len;
	if (total > QUEUE_MAX - (agent->out.len - agent->out_at)) {
		return -ENOBUFS; /* a client that asks and does not take */
	}
	int r = bytes_reserve(&agent->out, total, agent->out_at + QUEUE_MAX);
	if (r < 0) {
		return r;
	}
	struct writer w = writer_of(agent->out.data + agent->out.len, total);
	write_u32(&w, SPICE_AGENT_PROTOCOL);
	write_u32(&w, type);
	write_u64(&w, 0);
	write_u32(&w, (uint32_t)(fixed_len + len));
	write_bytes(&w, fixed ? fixed->start : NULL, fixed_len);
	write_bytes(&w, bytes, len);
	agent->out.len += total;
	pump(agent);
	return 0;
}

static bool both_have(const struct peer_agent *agent, uint32_t cap) {
	return (agent->caps & agent->client_caps & cap) != 0;
}

static void write_selection(const struct peer_agent *agent, struct writer *w) {
	if (both_have(agent, SPICE_AGENT_CAP_SELECTION)) {
		write_u32(w, 0);
	}
}

static void announce(struct peer_agent *agent, uint32_t request) {
	uint8_t bytes[8];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_u32(&w, request);
	write_u32(&w, agent->caps);
	(void)say(agent, SPICE_AGENT_ANNOUNCE, &w, NULL, 0);
}

void peer_agent_offer(struct peer_agent *agent, unsigned types) {
	uint8_t bytes[8 + 4 * TYPE_COUNT];
	struct writer w = writer_of(bytes, sizeof bytes);
	if (!agent->ready) {
		return;
	}
	write_selection(agent, &w);
	if (both_have(agent, SPICE_AGENT_CAP_GRAB_SERIAL)) {
		write_u32(&w, agent->serial++);
	}
	for (uint32_t type = 1; type < TYPE_COUNT; type++) {
		if (types & 1u << type) {
			write_u32(&w, type);
		}
	}
	(void)say(agent, SPICE_AGENT_GRAB, &w, NULL, 0);
}

void peer_agent_release(struct peer_agent *agent) {
	uint8_t bytes[4];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_selection(agent, &w);
	if (agent->ready) {
		(void)say(agent, SPICE_AGENT_RELEASE, &w, NULL, 0);
	}
}

void peer_agent_request(struct peer_agent *agent, unsigned type) {
	uint8_t bytes[8];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_selection(agent, &w);
	write_u32(&w, type);
	if (agent->ready) {
		(void)say(agent, SPICE_AGENT_REQUEST, &w, NULL, 0);
	}
}

int peer_agent_answer(struct peer_agent *agent, unsigned type, const void *bytes, size_t len) {
	uint8_t fixed[8];
	struct writer w = writer_of(fixed, sizeof fixed);
	write_selection(agent, &w);
	write_u32(&w, bytes ? type : SPICE_CLIPBOARD_NONE);
	return agent->ready ? say(agent, SPICE_AGENT_CLIPBOARD, &w, bytes, bytes ? len : 0) : 0;
}

static void say_file(struct peer_agent *agent, uint32_t id, uint32_t result) {
	uint8_t bytes[8];
	struct writer w = writer_of(bytes, sizeof bytes);
	write_u32(&w, id);
	write_u32(&w, result);
	(void)say(agent, SPICE_AGENT_FILE_STATUS, &w, NULL, 0);
}

/* ---- in: the clipboard ---- */

/* Only the first selection exists here; what is said of another one is skipped. */
static bool read_selection(const struct peer_agent *agent, struct reader *r) {
	return !both_have(agent, SPICE_AGENT_CAP_SELECTION) || read_u32(r) == 0;
}

static void on_grab(struct peer_agent *agent, struct reader *r) {
	unsigned types = 0;
	const bool ours = read_selection(agent, r);
	if (both_have(agent, SPICE_AGENT_CAP_GRAB_SERIAL)) {
		if (read_u32(r) != agent->serial) {
			return; /* it crossed with one of ours */
		}
		agent->serial++;
	}
	for (unsigned i = 0; i < TYPES_MAX && r->left >= 4; i++) {
		const uint32_t type = read_u32(r);
		types |= type > 0 && type < TYPE_COUNT ? 1u << type : 0;
	}
	if (reader_ok(r) && ours && agent->events.offered) {
		agent->events.offered(types, agent->events.data);
	}
}

static void on_request(struct peer_agent *agent, struct reader *r) {
	const bool ours = read_selection(agent, r);
	const uint32_t type = read_u32(r);
	if (reader_ok(r) && ours && agent->events.wanted) {
		agent->events.wanted(type, agent->events.data);
	} else {
		(void)peer_agent_answer(agent, SPICE_CLIPBOARD_NONE, NULL, 0);
	}
}

static void on_content(struct peer_agent *agent, struct reader *r) {
	const bool ours = read_selection(agent, r);
	const uint32_t type = read_u32(r);
	if (reader_ok(r) && ours && agent->events.content) {
		agent->events.content(type, r->at, r->left, agent->events.data);
	}
}

static void on_release(struct peer_agent *agent, struct reader *r) {
	if (read_selection(agent, r) && reader_ok(r) && agent->events.offered) {
		agent->events.offered(0, agent->events.data);
	}
}

static void on_announce(struct peer_agent *agent, struct reader *r) {
	const uint32_t request = read_u32(r);
	const uint32_t caps = read_u32(r);
	if (!reader_ok(r)) {
		return;
	}
	agent->client_caps = caps;
	if (request) {
		announce(agent, 0);
	}
	if (!agent->ready) {
		agent->ready = true;
		if (agent->events.ready) {
			agent->events.ready(agent->events.data);
		}
	}
}

static void on_monitors(const struct peer_agent *agent, struct reader *r) {
	const uint32_t count = read_u32(r);
	read_u32(r); /* flags */
	const uint32_t height = read_u32(r);
	const uint32_t width = read_u32(r);
	if (reader_ok(r) && count > 0 && agent->events.monitor) {
		agent->events.monitor(width, height, agent->events.data);
	}
}

/* ---- in: files ---- */

static struct incoming_file *find_file(struct peer_agent *agent, uint32_t id) {
	for (unsigned i = 0; i < PEER_AGENT_FILES_MAX; i++) {
		if (agent->files[i].used && agent->files[i].id == id) {
			return &agent->files[i];
		}
	}
	return NULL;
}

/* What stands behind a backslash in a name. */
static char escaped(char c) {
	switch (c) {
	case 's':
		return ' ';
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	default:
		return c;
	}
}

/* "name=…" up to the line's end, its escapes undone; false if there is none or it does not fit. */
static bool read_name(const char *text, char *ret, size_t size) {
	static const char key[] = "\nname=";
	const char *at = strstr(text, key);
	size_t len = 0;
	if (!at) {
		return false;
	}
	for (at += sizeof key - 1; *at && *at != '\n' && len + 1 < size; at++) {
		if (*at == '\\' && at[1]) {
			at++;
			ret[len++] = escaped(*at);
		} else {
			ret[len++] = *at;
		}
	}
	ret[len] = '\0';
	return len > 0 && (*at == '\n' || *at == '\0');
}

static bool read_size(const char *text, uint64_t *ret_size) {
	const char *at = strstr(text, "\nsize=");
	char *end;
	if (!at || at[6] < '0' || at[6] > '9') {
		return false;
	}
	errno = 0;
	*ret_size = strtoull(at + 6, &end, 10);
	return errno == 0 && (*end == '\n' || *end == '\0');
}

static void end_file(struct peer_agent *agent, struct incoming_file *file, bool whole) {
	const uint32_t id = file->id;
	file->used = false;
	if (whole) {
		say_file(agent, id, SPICE_FILE_SUCCESS);
	}
	if (agent->events.file_end) {
		agent->events.file_end(id, whole, agent->events.data);
	}
}

static void on_file_start(struct peer_agent *agent, struct reader *r) {
	char text[2048];
	char name[PEER_AGENT_NAME_BYTES];
	uint64_t size;
	const uint32_t id = read_u32(r);
	const size_t len = r->left < sizeof text - 1 ? r->left : sizeof text - 1;
	const uint8_t *bytes = read_bytes(r, len);
	if (!reader_ok(r) || find_file(agent, id)) {
		return;
	}
	memcpy(text, bytes, len);
	text[len] = '\0';
	struct incoming_file *file = NULL;
	for (unsigned i = 0; i < PEER_AGENT_FILES_MAX && !file; i++) {
		file = agent->files[i].used ? NULL : &agent->files[i];
	}
	if (!file || !agent->events.file_start || !read_name(text, name, sizeof name) ||
			!read_size(text, &size)) {
		say_file(agent, id, SPICE_FILE_ERROR);
		return;
	}
	const uint32_t result = agent->events.file_start(id, name, size, agent->events.data);
	if (result == SPICE_FILE_CAN_SEND) {
		*file = (struct incoming_file){ .used = true, .id = id, .size = size };
	}
	say_file(agent, id, result);
	if (result == SPICE_FILE_CAN_SEND && size == 0) {
		end_file(agent, file, true);
	}
}

static void on_file_data(struct peer_agent *agent, struct reader *r) {
	const uint32_t id = read_u32(r);
	const uint64_t size = read_u64(r);
	struct incoming_file *file = find_file(agent, id);
	if (!reader_ok(r) || !file) {
		return; /* of one that was refused or given up */
	}
	if (size != r->left || size > file->size - file->got) {
		say_file(agent, id, SPICE_FILE_ERROR);
		end_file(agent, file, false);
		return;
	}
	const uint32_t result = agent->events.file_data(id, r->at, r->left, agent->events.data);
	file->got += size;
	if (result != SPICE_FILE_CAN_SEND) {
		say_file(agent, id, result);
		end_file(agent, file, false);
	} else if (file->got == file->size && size > 0) {
		end_file(agent, file, true);
	}
}

static void on_file_status(struct peer_agent *agent, struct reader *r) {
	struct incoming_file *file = find_file(agent, read_u32(r));
	if (reader_ok(r) && file) {
		end_file(agent, file, false); /* the only thing that a client says is "cancelled" */
	}
}

/* ---- in ---- */

static void on_message(struct peer_agent *agent) {
	struct reader r = reader_of(agent->body.data, agent->size);
	switch (agent->type) {
	case SPICE_AGENT_ANNOUNCE:
		on_announce(agent, &r);
		break;
	case SPICE_AGENT_GRAB:
		on_grab(agent, &r);
		break;
	case SPICE_AGENT_REQUEST:
		on_request(agent, &r);
		break;
	case SPICE_AGENT_CLIPBOARD:
		on_content(agent, &r);
		break;
	case SPICE_AGENT_RELEASE:
		on_release(agent, &r);
		break;
	case SPICE_AGENT_MONITORS_CONFIG:
		on_monitors(agent, &r);
		break;
	case SPICE_AGENT_FILE_START:
		on_file_start(agent, &r);
		break;
	case SPICE_AGENT_FILE_DATA:
		on_file_data(agent, &r);
		break;
	case SPICE_AGENT_FILE_STATUS:
		on_file_status(agent, &r);
		break;
	default:
		break;
	}
}

static void on_data(struct peer_agent *agent, const uint8_t *bytes, size_t len) {
	struct reader r = reader_of(bytes, len);
	if (agent->header_len < sizeof agent->header) {
		/* The peer has seen to it that the header lies whole in one piece. */
		const uint8_t *header = read_bytes(&r, sizeof agent->header);
		if (!reader_ok(&r)) {
			return;
		}
		struct reader h = reader_of(header, sizeof agent->header);
		read_u32(&h);
		agent->type = read_u32(&h);
		read_u64(&h);
		agent->size = read_u32(&h);
		agent->got = agent->body.len = 0;
		agent->header_len = sizeof agent->header;
	}
	const bool keep = agent->size <= PEER_AGENT_MESSAGE_MAX;
	const size_t take = r.left < agent->size - agent->got ? r.left : agent->size - agent->got;
	const uint8_t *part = read_bytes(&r, take);
	if (keep) {
		(void)bytes_add(&agent->body, part, take, agent->size);
	}
	agent->got += take;
	if (agent->got == agent->size) {
		if (keep && agent->body.len == agent->size) {
			on_message(agent);
		}
		agent->header_len = agent->size = agent->got = 0;
	}
}

void peer_agent_message(struct peer_agent *agent, unsigned type, const uint8_t *body, size_t len) {
	struct reader r = reader_of(body, len);
	uint32_t tokens;
	switch (type) {
	case SPICE_MAIN_AGENT_START:
		forget(agent); /* a new client, or the old one anew */
		tokens = read_u32(&r);
		agent->tokens = tokens < TOKENS_MAX ? tokens : TOKENS_MAX;
		announce(agent, 1);
		break;
	case SPICE_MAIN_AGENT_TOKEN_OUT:
		tokens = read_u32(&r);
		agent->tokens = tokens < TOKENS_MAX - agent->tokens ? agent->tokens + tokens
								    : TOKENS_MAX;
		pump(agent);
		break;
	case SPICE_MAIN_AGENT_DATA_OUT:
		on_data(agent, body, len);
		break;
	default:
		break;
	}
}
