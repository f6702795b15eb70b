#include "client/session_clipboard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "clipboard"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "client/clip.h"
#include "host-proto/spice/agent.h"

#define TIMEOUT_NS  (5 * NS_PER_S)
#define WAITING_MAX 8u

/* A local request that waits for the guest. */
struct waiting {
	unsigned type; /* enum clip_type; 0 = free */
	uint32_t serial;
	uint64_t deadline_ns;
};

struct session_clipboard {
	struct loop *loop;
	struct session_clipboard_config config;
	void (*send)(const struct clip_message *message, void *data);
	void *data;
	struct spice_agent *agent;
	struct loop_source *timer;

	unsigned local_types; /* of the newest local offer; 0 = none */
	unsigned guest_types;
	struct waiting waiting[WAITING_MAX];
	size_t received; /* of the message that comes in, at the last look */

	/* What the guest asked for: one of each type at a time. */
	struct {
		uint32_t serial; /* 0 = nothing */
		uint64_t deadline_ns;
	} asked[CLIP_TYPES];
	uint32_t next_serial;
};

/* ---- types: ours are bits, SPICE's are numbers ---- */

static const struct {
	enum clip_type ours;
	enum spice_clipboard_type theirs;
} types[CLIP_TYPES] = {
	{ CLIP_TEXT, SPICE_CLIPBOARD_TEXT },
	{ CLIP_PNG, SPICE_CLIPBOARD_PNG },
	{ CLIP_BMP, SPICE_CLIPBOARD_BMP },
	{ CLIP_TIFF, SPICE_CLIPBOARD_TIFF },
	{ CLIP_JPEG, SPICE_CLIPBOARD_JPG },
};

static unsigned to_spice(unsigned ours) {
	unsigned result = 0;
	for (unsigned i = 0; i < CLIP_TYPES; i++) {
		result |= (ours & types[i].ours) ? SPICE_CLIPBOARD_BIT(types[i].theirs) : 0;
	}
	return result;
}

static unsigned from_spice(unsigned theirs) {
	unsigned result = 0;
	for (unsigned i = 0; i < CLIP_TYPES; i++) {
		result |= (theirs & SPICE_CLIPBOARD_BIT(types[i].theirs)) ? types[i].ours : 0;
	}
	return result;
}

static int index_of_spice(enum spice_clipboard_type type) {
	for (unsigned i = 0; i < CLIP_TYPES; i++) {
		if (types[i].theirs == type) {
			return (int)i;
		}
	}
	return -1;
}

static int index_of(unsigned type) {
	for (unsigned i = 0; i < CLIP_TYPES; i++) {
		if ((unsigned)types[i].ours == type) {
			return (int)i;
		}
	}
	return -1;
}

/* ---- time limits ---- */

static uint64_t deadline(const struct session_clipboard *clipboard) {
	return clock_now_ns() + clipboard->config.timeout_ns;
}

static void arm(struct session_clipboard *clipboard) {
	uint64_t first = 0;
	for (unsigned i = 0; i < WAITING_MAX; i++) {
		const struct waiting *waiting = &clipboard->waiting[i];
		if (waiting->type && (first == 0 || waiting->deadline_ns < first)) {
			first = waiting->deadline_ns;
		}
	}
	for (unsigned i = 0; i < CLIP_TYPES; i++) {
		if (clipboard->asked[i].serial &&
				(first == 0 || clipboard->asked[i].deadline_ns < first)) {
			first = clipboard->asked[i].deadline_ns;
		}
	}
	loop_set_timer(clipboard->timer, first);
}

static void deliver(struct session_clipboard *clipboard, struct waiting *waiting, void *heap,
		size_t len) {
	const struct clip_message message = { .kind = CLIP_DATA,
		.types = waiting->type,
		.serial = waiting->serial,
		.data = heap,
		.len = len };
	waiting->type = 0;
	clipboard->send(&message, clipboard->data);
}

static void answer_guest(
		struct session_clipboard *clipboard, unsigned index, const void *data, size_t len) {
	clipboard->asked[index].serial = 0;
	if (clipboard->agent) {
		(void)spice_agent_answer(clipboard->agent, types[index].theirs, data, len);
	}
}

static void on_timer(void *data) {
	struct session_clipboard *clipboard = data;
	const uint64_t now = clock_now_ns();
	/* Large content over few tokens takes longer than the limit: progress counts. */
	const size_t received = clipboard->agent ? spice_agent_receiving(clipboard->agent) : 0;
	const bool progress = received != 0 && received != clipboard->received;
	clipboard->received = received;
	for (unsigned i = 0; i < WAITING_MAX; i++) {
		struct waiting *waiting = &clipboard->waiting[i];
		if (waiting->type == 0 || waiting->deadline_ns > now) {
			continue;
		}
		if (progress) {
			waiting->deadline_ns = now + clipboard->config.timeout_ns;
			continue;
		}
		log_info("the guest did not send its clipboard in time");
		deliver(clipboard, waiting, NULL, 0);
	}
	for (unsigned i = 0; i < CLIP_TYPES; i++) {
		if (clipboard->asked[i].serial && clipboard->asked[i].deadline_ns <= now) {
			log_info("the local clipboard did not answer in time");
			answer_guest(clipboard, i, NULL, 0);
		}
	}
	arm(clipboard);
}

/* ---- life ---- */

int session_clipboard_create(struct session_clipboard **ret_clipboard, struct loop *loop,
		const struct session_clipboard_config *config,
		void (*send)(const struct clip_message *message, void *data), void *data) {
	struct session_clipboard *clipboard = calloc(1, sizeof *clipboard);
	if (!clipboard) {
		return -ENOMEM;
	}
	clipboard->loop = loop;
	clipboard->config = *config;
	if (clipboard->config.timeout_ns == 0) {
		clipboard->config.timeout_ns = TIMEOUT_NS;
	}
	clipboard->send = send;
	clipboard->data = data;
	clipboard->timer = loop_add_timer(loop, on_timer, clipboard);
	if (!clipboard->timer) {
		free(clipboard);
		return -ENOMEM;
	}
	*ret_clipboard = clipboard;
	return 0;
}

void session_clipboard_destroy(struct session_clipboard *clipboard) {
	if (clipboard) {
		loop_remove(clipboard->timer);
		free(clipboard);
	}
}

static void send_kind(struct session_clipboard *clipboard, enum clip_kind kind, unsigned ours,
		uint32_t serial) {
	const struct clip_message message = { .kind = kind, .types = ours, .serial = serial };
	clipboard->send(&message, clipboard->data);
}

/* Whoever waits for the guest gets nothing. */
static void fail_waiting(struct session_clipboard *clipboard) {
	for (unsigned i = 0; i < WAITING_MAX; i++) {
		if (clipboard->waiting[i].type) {
			deliver(clipboard, &clipboard->waiting[i], NULL, 0);
		}
	}
}

void session_clipboard_set_agent(struct session_clipboard *clipboard, struct spice_agent *agent) {
	clipboard->agent = agent;
	for (unsigned i = 0; i < CLIP_TYPES; i++) {
		clipboard->asked[i].serial = 0;
	}
	fail_waiting(clipboard);
	if (clipboard->guest_types != 0) {
		clipboard->guest_types = 0;
		send_kind(clipboard, CLIP_RELEASE, 0, 0);
	}
	if (agent && clipboard->local_types != 0 && clipboard->config.to_vm) {
		(void)spice_agent_offer(agent, to_spice(clipboard->local_types));
	}
	arm(clipboard);
}

/* ---- the guest ---- */

void session_clipboard_offer(struct session_clipboard *clipboard, unsigned theirs) {
	const unsigned ours = from_spice(theirs);
	if (!clipboard->config.to_local) {
		return;
	}
	fail_waiting(clipboard);
	if (ours == 0 && clipboard->guest_types == 0) {
		return;
	}
	clipboard->guest_types = ours;
	if (ours != 0) {
		clipboard->local_types = 0; /* the newest owner is the guest */
		send_kind(clipboard, CLIP_OFFER, ours, 0);
	} else {
		send_kind(clipboard, CLIP_RELEASE, 0, 0);
	}
	arm(clipboard);
}

void session_clipboard_wanted(struct session_clipboard *clipboard, enum spice_clipboard_type type) {
	const int index = index_of_spice(type);
	if (index < 0 || !clipboard->config.to_vm ||
			(clipboard->local_types & types[index].ours) == 0) {
		if (clipboard->agent) {
			(void)spice_agent_answer(clipboard->agent, type, NULL, 0);
		}
		return;
	}
	clipboard->next_serial += clipboard->next_serial == UINT32_MAX ? 2 : 1;
	clipboard->asked[index].serial = clipboard->next_serial;
	clipboard->asked[index].deadline_ns = deadline(clipboard);
	send_kind(clipboard, CLIP_REQUEST, types[index].ours, clipboard->next_serial);
	arm(clipboard);
}

void session_clipboard_content(struct session_clipboard *clipboard, enum spice_clipboard_type type,
		uint8_t *heap, size_t len) {
	const int index = index_of_spice(type);
	/* All that wait for it get it; the last one the original. */
	struct waiting *last = NULL;
	for (unsigned i = 0; i < WAITING_MAX; i++) {
		struct waiting *waiting = &clipboard->waiting[i];
		if (index < 0 || waiting->type != (unsigned)types[index].ours) {
			continue;
		}
		if (last) {
			void *copy = heap ? malloc(len ? len : 1) : NULL;
			if (copy && len > 0) {
				memcpy(copy, heap, len);
			}
			deliver(clipboard, last, copy, copy ? len : 0);
		}
		last = waiting;
	}
	if (last) {
		deliver(clipboard, last, heap, len);
	} else {
		free(heap);
	}
	arm(clipboard);
}

/* ---- the local side ---- */

static void on_local_request(
		struct session_clipboard *clipboard, const struct clip_message *message) {
	struct waiting *place = NULL;
	bool outstanding = false;
	for (unsigned i = 0; i < WAITING_MAX; i++) {
		struct waiting *waiting = &clipboard->waiting[i];
		outstanding = outstanding || waiting->type == message->types;
		if (!place && waiting->type == 0) {
			place = waiting;
		}
	}
	struct waiting nobody = { .type = message->types, .serial = message->serial };
	const int index = index_of(message->types);
	if (!place || index < 0 || !clipboard->agent ||
			(clipboard->guest_types & message->types) == 0 ||
			(!outstanding && spice_agent_request(clipboard->agent,
							 types[index].theirs) < 0)) {
		deliver(clipboard, &nobody, NULL, 0);
		return;
	}
	*place = nobody;
	place->deadline_ns = deadline(clipboard);
	arm(clipboard);
}

void session_clipboard_local(
		struct session_clipboard *clipboard, const struct clip_message *message) {
	switch (message->kind) {
	case CLIP_OFFER:
		clipboard->local_types = message->types;
		clipboard->guest_types = 0;
		fail_waiting(clipboard);
		if (clipboard->agent && clipboard->config.to_vm) {
			(void)spice_agent_offer(clipboard->agent, to_spice(message->types));
		}
		break;
	case CLIP_RELEASE:
		if (clipboard->local_types != 0 && clipboard->agent && clipboard->config.to_vm) {
			(void)spice_agent_release(clipboard->agent);
		}
		clipboard->local_types = 0;
		break;
	case CLIP_REQUEST:
		on_local_request(clipboard, message);
		break;
	case CLIP_DATA: {
		const int index = index_of(message->types);
		if (index >= 0 && message->serial != 0 &&
				clipboard->asked[index].serial == message->serial) {
			answer_guest(clipboard, (unsigned)index, message->data, message->len);
		}
		break;
	}
	}
	free(message->data);
	arm(clipboard);
}
