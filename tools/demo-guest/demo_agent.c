#include "tools/demo-guest/demo_agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host-proto/sim/peer.h"
#include "host-proto/sim/peer_agent.h"

struct demo_agent {
	struct spice_peer *peer;
	struct peer_agent *agent;
	demo_agent_report report;
	void *data;
	unsigned own_type; /* enum spice_clipboard_type; 0 = nothing */
	char own_path[200];
	char paste_path[200];
	bool silent;
	uint64_t file_bytes[PEER_AGENT_FILES_MAX]; /* by id; more do not come at once */
};

static unsigned find_type(const char *name) {
	static const char *const names[] = { "", "text", "png", "bmp", "tiff", "jpeg" };
	for (unsigned type = 1; type < sizeof names / sizeof names[0]; type++) {
		if (strcmp(names[type], name) == 0) {
			return type;
		}
	}
	return 0;
}

/* ---- what the client wants ---- */

static int on_send(const void *bytes, size_t len, void *data) {
	struct demo_agent *agent = data;
	return spice_peer_send(agent->peer, SPICE_CHANNEL_MAIN, SPICE_MAIN_AGENT_DATA, bytes, len);
}

static void on_ready(void *data) {
	struct demo_agent *agent = data;
	agent->report("ready", 0, 0, agent->data);
}

static void on_offered(unsigned types, void *data) {
	struct demo_agent *agent = data;
	if (types != 0) {
		agent->own_type = 0;
	}
	agent->report("offered", types, 0, agent->data);
}

static void answer(struct demo_agent *agent, unsigned type) {
	struct stat info;
	int fd = type == agent->own_type ? open(agent->own_path, O_RDONLY | O_CLOEXEC) : -1;
	size_t len = fd >= 0 && fstat(fd, &info) == 0 ? (size_t)info.st_size : 0;
	void *bytes = len > 0 ? mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	(void)peer_agent_answer(agent->agent, type, bytes == MAP_FAILED ? NULL : bytes, len);
	agent->report("answered", type, (int64_t)len, agent->data);
	if (bytes != MAP_FAILED) {
		munmap(bytes, len);
	}
	if (fd >= 0) {
		close(fd);
	}
}

static void on_wanted(unsigned type, void *data) {
	struct demo_agent *agent = data;
	agent->report("asked", type, 0, agent->data);
	if (!agent->silent) {
		answer(agent, type);
	}
}

static void on_content(unsigned type, const uint8_t *bytes, size_t len, void *data) {
	struct demo_agent *agent = data;
	FILE *file = agent->paste_path[0] ? fopen(agent->paste_path, "wbe") : NULL;
	if (file) {
		(void)fwrite(bytes, 1, len, file);
		fclose(file);
	}
	agent->report("pasted", type, (int64_t)len, agent->data);
}

static uint32_t on_file_start(uint32_t id, const char *name, uint64_t size, void *data) {
	(void)name;
	(void)size;
	((struct demo_agent *)data)->file_bytes[id % PEER_AGENT_FILES_MAX] = 0;
	return SPICE_FILE_CAN_SEND;
}

static uint32_t on_file_data(uint32_t id, const uint8_t *bytes, size_t len, void *data) {
	(void)bytes;
	((struct demo_agent *)data)->file_bytes[id % PEER_AGENT_FILES_MAX] += len;
	return SPICE_FILE_CAN_SEND;
}

static void on_file_end(uint32_t id, bool whole, void *data) {
	struct demo_agent *agent = data;
	if (whole) {
		agent->report("file", id, (int64_t)agent->file_bytes[id % PEER_AGENT_FILES_MAX],
				agent->data);
	}
}

void demo_agent_message(struct demo_agent *agent, unsigned type, const uint8_t *body, size_t len) {
	peer_agent_message(agent->agent, type, body, len);
}

/* ---- commands ---- */

bool demo_agent_command(struct demo_agent *agent, const char *line) {
	char word[16];
	char path[200];
	if (sscanf(line, "offer %15s %199s", word, path) == 2 && find_type(word) != 0) {
		agent->own_type = find_type(word);
		snprintf(agent->own_path, sizeof agent->own_path, "%s", path);
		peer_agent_offer(agent->agent, 1u << agent->own_type);
	} else if (sscanf(line, "paste %15s %199s", word, path) == 2 && find_type(word) != 0) {
		snprintf(agent->paste_path, sizeof agent->paste_path, "%s", path);
		peer_agent_request(agent->agent, find_type(word));
	} else if (strcmp(line, "release") == 0) {
		agent->own_type = 0;
		peer_agent_release(agent->agent);
	} else if (strcmp(line, "silent on") == 0 || strcmp(line, "silent off") == 0) {
		agent->silent = line[8] == 'n';
	} else if (strcmp(line, "agent on") == 0 || strcmp(line, "agent off") == 0) {
		spice_peer_set_agent(agent->peer, line[7] == 'n');
	} else {
		return false;
	}
	return true;
}

/* ---- life ---- */

int demo_agent_create(
		struct demo_agent **ret_agent, bool windows, demo_agent_report report, void *data) {
	struct demo_agent *agent = calloc(1, sizeof *agent);
	if (!agent) {
		return -ENOMEM;
	}
	const struct peer_agent_events events = { .send = on_send,
		.ready = on_ready,
		.offered = on_offered,
		.wanted = on_wanted,
		.content = on_content,
		.file_start = on_file_start,
		.file_data = on_file_data,
		.file_end = on_file_end,
		.data = agent };
	agent->report = report;
	agent->data = data;
	int r = peer_agent_create(
			&agent->agent, windows ? PEER_AGENT_WINDOWS : PEER_AGENT_LINUX, &events);
	if (r < 0) {
		free(agent);
		return r;
	}
	*ret_agent = agent;
	return 0;
}

void demo_agent_set_peer(struct demo_agent *agent, struct spice_peer *peer) {
	agent->peer = peer;
}

void demo_agent_destroy(struct demo_agent *agent) {
	if (agent) {
		peer_agent_destroy(agent->agent);
		free(agent);
	}
}
