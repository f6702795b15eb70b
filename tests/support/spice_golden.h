/*
 * The recorded link of a real QEMU, tests/data/spice/spice-link-*.hex: the bytes of each direction.
 * Lines: "#" note, "> HEX" client to server, "< HEX" server to client, "<zeros N".
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct golden {
	uint8_t *client, *server;
	size_t client_len, server_len;
};

static inline void golden_add(uint8_t **bytes, size_t *len, const char *hex) {
	for (; hex[0] > ' ' && hex[1] > ' '; hex += 2) {
		const char pair[3] = { hex[0], hex[1], 0 };
		*bytes = realloc(*bytes, *len + 1);
		(*bytes)[(*len)++] = (uint8_t)strtoul(pair, NULL, 16);
	}
}

/* False: the file is not there. */
static inline int golden_load(const char *channel, struct golden *ret) {
	char path[128];
	char line[4096];
	snprintf(path, sizeof path, "tests/data/spice/spice-link-%s.hex", channel);
	FILE *file = fopen(path, "r");
	memset(ret, 0, sizeof *ret);
	if (!file) {
		return 0;
	}
	while (fgets(line, sizeof line, file)) {
		if (line[0] == '>') {
			golden_add(&ret->client, &ret->client_len, line + 2);
		} else if (strncmp(line, "<zeros ", 7) == 0) {
			size_t zeros = strtoul(line + 7, NULL, 10);
			ret->server = realloc(ret->server, ret->server_len + zeros);
			memset(ret->server + ret->server_len, 0, zeros);
			ret->server_len += zeros;
		} else if (line[0] == '<') {
			golden_add(&ret->server, &ret->server_len, line + 2);
		}
	}
	fclose(file);
	return 1;
}

static inline void golden_free(struct golden *golden) {
	free(golden->client);
	free(golden->server);
}
