/*
 * File transfer by the guest agent (doc/protocol/spice.md 10.6): what is said to it and by it; who
 * reads the files and when is client/files/file_sender.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "host-proto/spice/agent_internal.h"

#define FILE_TEXT_BYTES 1400u

static void write_escaped(struct writer *w, const char *name) {
	for (const char *at = name; *at; at++) {
		const char *escape = *at == '\\'                ? "\\\\"
				     : *at == '\n'              ? "\\n"
				     : *at == '\t'              ? "\\t"
				     : *at == '\r'              ? "\\r"
				     : *at == ' ' && at == name ? "\\s"
								: NULL;
		if (escape) {
			write_bytes(w, escape, 2);
		} else {
			write_u8(w, (uint8_t)*at);
		}
	}
}

int spice_agent_file_start(
		struct spice_agent *agent, uint32_t id, const char *name, uint64_t size) {
	char number[64];
	uint8_t bytes[4];
	struct writer fixed = writer_of(bytes, sizeof bytes);
	write_u32(&fixed, id);
	uint8_t *text = malloc(FILE_TEXT_BYTES);
	if (!text) {
		return -ENOMEM;
	}
	struct writer w = writer_of(text, FILE_TEXT_BYTES);
	static const char head[] = "[vdagent-file-xfer]\nname=";
	write_bytes(&w, head, sizeof head - 1);
	write_escaped(&w, name);
	int n = snprintf(number, sizeof number, "\nsize=%llu\n", (unsigned long long)size);
	write_bytes(&w, number, (size_t)n + 1); /* with its NUL */
	if (writer_len(&w) == 0) {
		free(text);
		return -ENAMETOOLONG;
	}
	return agent_send(agent, SPICE_AGENT_FILE_START, &fixed, text, writer_len(&w));
}

int spice_agent_file_data(struct spice_agent *agent, uint32_t id, const void *data, size_t len) {
	uint8_t bytes[12];
	struct writer fixed = writer_of(bytes, sizeof bytes);
	write_u32(&fixed, id);
	write_u64(&fixed, len);
	uint8_t *copy = malloc(len ? len : 1);
	if (!copy) {
		return -ENOMEM;
	}
	if (len > 0) {
		memcpy(copy, data, len);
	}
	return agent_send(agent, SPICE_AGENT_FILE_DATA, &fixed, copy, len);
}

int spice_agent_file_cancel(struct spice_agent *agent, uint32_t id) {
	uint8_t bytes[8];
	struct writer fixed = writer_of(bytes, sizeof bytes);
	write_u32(&fixed, id);
	write_u32(&fixed, SPICE_FILE_CANCELLED);
	return agent_send(agent, SPICE_AGENT_FILE_STATUS, &fixed, NULL, 0);
}

void agent_on_file_status(struct spice_agent *agent, struct reader *r) {
	uint32_t id = read_u32(r);
	uint32_t result = read_u32(r);
	if (!reader_ok(r)) {
		return;
	}
	uint64_t detail = r->left >= 8 ? read_u64(r) : 0;
	agent->events.file(id, result, detail, agent->events.data);
}
