/*
 * The agent's end behind our server peer, fed by a client that says anything in right pieces.
 *
 * Covers: host-proto/sim/peer_agent.c
 */
#include "host-proto/sim/peer_agent.h"
#include "tests/fuzz/spice_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
	struct peer_agent *agent;
	uint64_t room; /* of the files that were taken */
	uint64_t got;
	unsigned open;
	unsigned ends; /* of content */
	uint32_t tokens;
};

/* Never more than the client granted. */
static int on_send(const void *bytes, size_t len, void *data) {
	struct fuzz *fuzz = data;
	(void)bytes;
	if (fuzz->tokens == 0 || len > SPICE_AGENT_PAYLOAD_BYTES) {
		abort();
	}
	fuzz->tokens--;
	return 0;
}

static void on_ready(void *data) {
	(void)data;
}

static void on_offered(unsigned types, void *data) {
	((struct fuzz *)data)->ends += types;
}

static void on_monitor(uint32_t width, uint32_t height, void *data) {
	((struct fuzz *)data)->ends += width + height;
}

static void on_wanted(unsigned type, void *data) {
	struct fuzz *fuzz = data;
	(void)peer_agent_answer(fuzz->agent, type, "text", type % 5);
}

/* All of it can be read. */
static void on_content(unsigned type, const uint8_t *bytes, size_t len, void *data) {
	(void)type;
	((struct fuzz *)data)->ends += len > 0 ? (unsigned)bytes[0] + bytes[len - 1] : 0;
}

static uint32_t on_start(uint32_t id, const char *name, uint64_t size, void *data) {
	struct fuzz *fuzz = data;
	if (name[0] == '\0' || strlen(name) >= PEER_AGENT_NAME_BYTES) {
		abort();
	}
	if (id % 3 == 1) {
		return SPICE_FILE_NO_SPACE;
	}
	fuzz->room += size;
	fuzz->open++;
	return SPICE_FILE_CAN_SEND;
}

static uint32_t on_file_data(uint32_t id, const uint8_t *bytes, size_t len, void *data) {
	struct fuzz *fuzz = data;
	(void)bytes;
	fuzz->got += len;
	return id % 5 == 4 ? SPICE_FILE_ERROR : SPICE_FILE_CAN_SEND;
}

static void on_end(uint32_t id, bool whole, void *data) {
	struct fuzz *fuzz = data;
	(void)id;
	(void)whole;
	if (fuzz->open-- == 0) {
		abort();
	}
}

/* type: the low bits choose START, DATA or TOKEN; a message is cut into pieces as the peer wants.
 */
static int on_message(unsigned type, const uint8_t *body, size_t len, void *data) {
	struct fuzz *fuzz = data;
	if (type % 8 == 0 || type % 8 == 1) {
		struct reader r = reader_of(body, len);
		const uint32_t tokens = read_u32(&r);
		fuzz->tokens = type % 8 == 0                        ? tokens
			       : tokens < UINT32_MAX - fuzz->tokens ? fuzz->tokens + tokens
								    : UINT32_MAX;
		peer_agent_message(fuzz->agent,
				type % 8 == 0 ? SPICE_MAIN_AGENT_START : SPICE_MAIN_AGENT_TOKEN_OUT,
				body, len);
		return 0;
	}
	uint8_t *message = malloc(SPICE_AGENT_HEADER_BYTES + len);
	const size_t total = SPICE_AGENT_HEADER_BYTES + len;
	struct writer w = writer_of(message, total);
	write_u32(&w, SPICE_AGENT_PROTOCOL);
	write_u32(&w, (type >> 3) % 16);
	write_u64(&w, 0);
	write_u32(&w, (uint32_t)len);
	write_bytes(&w, body, len);
	for (size_t at = 0; at < total; at += SPICE_AGENT_PAYLOAD_BYTES) {
		const size_t piece = total - at < SPICE_AGENT_PAYLOAD_BYTES
						     ? total - at
						     : SPICE_AGENT_PAYLOAD_BYTES;
		peer_agent_message(fuzz->agent, SPICE_MAIN_AGENT_DATA_OUT, message + at, piece);
	}
	free(message);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct fuzz fuzz = { 0 };
	const struct peer_agent_events events = { .send = on_send,
		.ready = on_ready,
		.offered = on_offered,
		.monitor = on_monitor,
		.wanted = on_wanted,
		.content = on_content,
		.file_start = on_start,
		.file_data = on_file_data,
		.file_end = on_end,
		.data = &fuzz };
	if (size == 0 || peer_agent_create(&fuzz.agent,
					 data[0] & 1 ? PEER_AGENT_LINUX : PEER_AGENT_WINDOWS,
					 &events) < 0) {
		return 0;
	}
	each_message(data + 1, size - 1, on_message, &fuzz);
	peer_agent_destroy(fuzz.agent);
	if (fuzz.open != 0 || fuzz.got > fuzz.room) {
		abort();
	}
	return 0;
}
