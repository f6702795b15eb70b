#define LOG_MODULE "clipboard"
#include "client/clipboard/clipboard_core.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/queue.h"
#include "client/clipboard/clipboard_names.h"
#include "host-proto/spice/agent.h"
#include "host-proto/spice/text.h"

#define WANTS_MAX 32u
/* The id of our own request for text, beside those of the backend and the guest. */
#define TEXT_ID UINT32_MAX
/* And of the request to know whether a new offer is the guest's own content. */
#define COMPARE_ID (UINT32_MAX - 1)
#define KEPT_MAX   (32u << 20)

/* A local program (or ourselves) waits for content of the guest. */
struct want {
	bool used;
	uint32_t id;
	unsigned type;
};

/* What the guest sent last, for whoever pastes it again: clipboard managers fetch an image under
 * each of its names. */
struct kept {
	unsigned type; /* 0 = nothing */
	void *heap;
	size_t len;
};

struct clipboard_core {
	struct clipboard_core_events events;
	size_t max_bytes;
	struct clipboard_backend *backend; /* NULL: none */

	unsigned local;                  /* types of another program; 0 = none */
	bool secret;                     /* they are a password manager's: for typing only */
	unsigned guest;                  /* types of the guest, which we own for it; 0 = none */
	uint32_t asked[CLIPBOARD_TYPES]; /* serials of our requests to the guest; 0 = none */
	uint32_t next_serial;
	struct want wants[WANTS_MAX];
	bool wanted_crlf[CLIPBOARD_TYPES];  /* by the guest's request that the backend works on */
	uint32_t fetching[CLIPBOARD_TYPES]; /* its serial; 0 = none */
	bool text_waits;
	struct kept kept; /* of the guest's newest offer, also while a program has taken it over */
	unsigned comparing; /* types of a new offer, which may be what is kept; 0 = none */
};

static size_t limit_of(const struct clipboard_core *core, unsigned type) {
	return type == CLIPBOARD_TEXT && core->max_bytes > SPICE_AGENT_TEXT_MAX
			       ? SPICE_AGENT_TEXT_MAX
			       : core->max_bytes;
}

static int send(struct clipboard_core *core, const struct clipboard_message *message) {
	int r = queue_push(core->events.guest, message);
	if (r < 0) {
		log_warn_limited("the session is too busy for the clipboard");
		free(message->data);
	}
	return r;
}

static void tell_text(struct clipboard_core *core, const void *bytes, size_t len) {
	char *text = bytes && !memchr(bytes, '\0', len) ? malloc(len + 1) : NULL;
	if (text) {
		memcpy(text, bytes, len);
		text[len] = '\0';
	}
	core->text_waits = false;
	core->events.text(text, core->events.data);
}

/* ---- the guest's content, for local programs ---- */

static void give(struct clipboard_core *core, uint32_t id, void *heap, size_t len) {
	if (id == TEXT_ID) {
		tell_text(core, heap, len);
		free(heap);
	} else if (core->backend) {
		core->backend->table->give(core->backend, id, heap, len);
	} else {
		free(heap);
	}
}

/* To all that wait for the type. heap is taken over; the last one gets it, the others a copy. */
static void give_all(struct clipboard_core *core, unsigned type, void *heap, size_t len) {
	struct want *last = NULL;
	for (unsigned i = 0; i < WANTS_MAX; i++) {
		struct want *want = &core->wants[i];
		if (!want->used || want->type != type) {
			continue;
		}
		want->used = false;
		if (last) {
			void *copy = heap ? malloc(len ? len : 1) : NULL;
			if (copy && len > 0) {
				memcpy(copy, heap, len);
			}
			give(core, last->id, copy, copy ? len : 0);
		}
		last = want;
	}
	if (last) {
		give(core, last->id, heap, len);
	} else {
		free(heap);
	}
}

static void keep(struct clipboard_core *core, unsigned type, const void *bytes, size_t len) {
	free(core->kept.heap);
	core->kept = (struct kept){ 0 };
	void *copy = bytes && len <= KEPT_MAX ? malloc(len ? len : 1) : NULL;
	if (copy) {
		memcpy(copy, bytes, len);
		core->kept = (struct kept){ type, copy, len };
	}
}

static void give_kept(struct clipboard_core *core, uint32_t id) {
	void *copy = malloc(core->kept.len ? core->kept.len : 1);
	if (copy) {
		memcpy(copy, core->kept.heap, core->kept.len);
	}
	give(core, id, copy, copy ? core->kept.len : 0);
}

static void want(struct clipboard_core *core, uint32_t id, unsigned type) {
	const int at = clipboard_type_index(type);
	struct want *place = NULL;
	if (at >= 0 && (core->guest & type) && core->kept.type == type) {
		give_kept(core, id);
		return;
	}
	for (unsigned i = 0; i < WANTS_MAX && !place; i++) {
		place = core->wants[i].used ? NULL : &core->wants[i];
	}
	if (at < 0 || !place || (core->guest & type) == 0) {
		give(core, id, NULL, 0);
		return;
	}
	*place = (struct want){ .used = true, .id = id, .type = type };
	if (core->asked[at] != 0) {
		return; /* it is on its way already */
	}
	core->next_serial += core->next_serial == UINT32_MAX ? 2 : 1;
	core->asked[at] = core->next_serial;
	const struct clipboard_message message = {
		.kind = CLIPBOARD_REQUEST, .types = type, .serial = core->next_serial
	};
	if (send(core, &message) < 0) {
		core->asked[at] = 0;
		give_all(core, type, NULL, 0);
	}
}

static void on_wanted(uint32_t id, unsigned type, void *data) {
	want(data, id, type);
}

static void on_data(struct clipboard_core *core, const struct clipboard_message *message) {
	const int at = clipboard_type_index(message->types);
	if (at < 0 || message->serial == 0 || core->asked[at] != message->serial) {
		free(message->data); /* an older request */
		return;
	}
	core->asked[at] = 0;
	size_t len = message->len;
	if (message->data && message->types == CLIPBOARD_TEXT) {
		len = text_from_guest(message->data, len, message->crlf);
	}
	if (!message->data && message->failure != CLIPBOARD_FAILURE_NONE) {
		core->events.refused(false, message->failure, message->len, core->events.data);
	}
	keep(core, message->types, message->data, len);
	give_all(core, message->types, message->data, message->data ? len : 0);
}

static void forget_guest(struct clipboard_core *core) {
	core->guest = 0;
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		core->asked[i] = 0;
		give_all(core, 1u << i, NULL, 0);
	}
}

/* ---- local content, for the guest ---- */

static void answer(struct clipboard_core *core, unsigned at, void *heap, size_t len,
		enum clipboard_failure failure) {
	const struct clipboard_message message = { .kind = CLIPBOARD_DATA,
		.failure = failure,
		.types = 1u << at,
		.serial = core->fetching[at],
		.crlf = core->wanted_crlf[at],
		.data = heap,
		.len = len };
	core->fetching[at] = 0;
	(void)send(core, &message);
}

/* The line ends that the guest wants. heap is taken over. */
static void *with_crlf(void *heap, size_t *len) {
	void *text = text_to_crlf(heap, *len, len);
	free(heap);
	return text;
}

/* Another program's content is the newest; 0 = nothing that the guest may have. */
static void tell_offer(struct clipboard_core *core, unsigned types) {
	const struct clipboard_message message = {
		.kind = types != 0 ? CLIPBOARD_OFFER : CLIPBOARD_RELEASE, .types = types
	};
	(void)send(core, &message);
}

/*
 * A clipboard manager that takes over what the guest copied offers the same text a moment later.
 * Told to the guest, that would end the guest's own selection, with all the types that only it has.
 */
static void finish_compare(struct clipboard_core *core, const void *heap, size_t len) {
	const unsigned types = core->comparing;
	core->comparing = 0;
	if (types == 0) {
		return; /* something newer came meanwhile */
	}
	if (heap && len == core->kept.len && memcmp(heap, core->kept.heap, len) == 0) {
		log_debug("a program has taken over the guest's content");
		return;
	}
	keep(core, 0, NULL, 0);
	tell_offer(core, types);
}

static void on_fetched(
		uint32_t id, void *heap, size_t len, enum clipboard_failure failure, void *data) {
	struct clipboard_core *core = data;
	if (id == COMPARE_ID) {
		finish_compare(core, heap, len);
		free(heap);
		return;
	}
	if (id == TEXT_ID) {
		tell_text(core, heap, len);
		free(heap);
		return;
	}
	unsigned at = 0;
	while (at < CLIPBOARD_TYPES && core->fetching[at] != id) {
		at++;
	}
	if (at == CLIPBOARD_TYPES) {
		free(heap);
		return;
	}
	const unsigned type = 1u << at;
	if (heap && type == CLIPBOARD_TEXT && core->wanted_crlf[at]) {
		heap = with_crlf(heap, &len);
	}
	if (heap && len > limit_of(core, type)) {
		free(heap);
		heap = NULL;
		failure = CLIPBOARD_FAILURE_SIZE;
	}
	if (!heap && failure != CLIPBOARD_FAILURE_NONE) {
		core->events.refused(true, failure, len, core->events.data);
	}
	answer(core, at, heap, len, failure);
}

static void on_request(struct clipboard_core *core, const struct clipboard_message *message) {
	const int at = clipboard_type_index(message->types);
	if (at < 0 || message->serial == 0) {
		return;
	}
	if (core->fetching[at] != 0) {
		/* The backend is busy with an older request, which the session gave up. */
		const struct clipboard_message none = {
			.kind = CLIPBOARD_DATA, .types = message->types, .serial = message->serial
		};
		(void)send(core, &none);
		return;
	}
	core->fetching[at] = message->serial;
	core->wanted_crlf[at] = message->crlf;
	if (!core->backend || core->secret || (core->local & message->types) == 0) {
		answer(core, (unsigned)at, NULL, 0, CLIPBOARD_FAILURE_NONE);
		return;
	}
	core->backend->table->fetch(core->backend, message->serial, message->types,
			limit_of(core, message->types));
}

static void on_offered(unsigned types, bool secret, void *data) {
	struct clipboard_core *core = data;
	const bool was_guests = core->guest != 0;
	/* Whatever it is, it is not the guest's any more. */
	forget_guest(core);
	core->comparing = 0;
	if (types == 0 && core->local == 0) {
		return;
	}
	core->local = types; /* also a secret: the user may have it typed */
	core->secret = secret;
	if (secret) {
		tell_offer(core, 0);
	} else if (was_guests && core->kept.type == CLIPBOARD_TEXT && (types & CLIPBOARD_TEXT)) {
		core->comparing = types;
		core->backend->table->fetch(
				core->backend, COMPARE_ID, CLIPBOARD_TEXT, core->kept.len + 1);
	} else {
		keep(core, 0, NULL, 0);
		tell_offer(core, types);
	}
}

/* ---- for the outside ---- */

void clipboard_core_message(struct clipboard_core *core, const struct clipboard_message *message) {
	switch (message->kind) {
	case CLIPBOARD_OFFER:
		forget_guest(core);
		keep(core, 0, NULL, 0);
		core->comparing = 0;
		core->guest = message->types;
		core->local = 0;
		if (core->backend) {
			core->backend->table->own(core->backend, message->types);
		}
		break;
	case CLIPBOARD_RELEASE:
		forget_guest(core);
		keep(core, 0, NULL, 0);
		if (core->backend) {
			core->backend->table->own(core->backend, 0);
		}
		break;
	case CLIPBOARD_REQUEST:
		on_request(core, message);
		break;
	case CLIPBOARD_DATA:
		on_data(core, message);
		break;
	}
}

void clipboard_core_ask_text(struct clipboard_core *core) {
	if (core->text_waits) {
		return;
	}
	core->text_waits = true;
	if (core->guest & CLIPBOARD_TEXT) {
		want(core, TEXT_ID, CLIPBOARD_TEXT);
	} else if (core->backend && (core->local & CLIPBOARD_TEXT)) {
		core->backend->table->fetch(core->backend, TEXT_ID, CLIPBOARD_TEXT,
				limit_of(core, CLIPBOARD_TEXT));
	} else {
		tell_text(core, NULL, 0);
	}
}

struct clipboard_backend_events clipboard_core_backend_events(struct clipboard_core *core) {
	return (struct clipboard_backend_events){
		.offered = on_offered, .fetched = on_fetched, .wanted = on_wanted, .data = core
	};
}

void clipboard_core_set_backend(struct clipboard_core *core, struct clipboard_backend *backend) {
	core->backend = backend;
	if (backend) {
		return;
	}
	core->local = 0;
	core->comparing = 0;
	forget_guest(core);
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		if (core->fetching[i] != 0) {
			answer(core, i, NULL, 0, CLIPBOARD_FAILURE_NONE);
		}
	}
	if (core->text_waits) {
		tell_text(core, NULL, 0);
	}
}

int clipboard_core_create(struct clipboard_core **ret_core, size_t max_bytes,
		const struct clipboard_core_events *events) {
	struct clipboard_core *core = calloc(1, sizeof *core);
	if (!core) {
		return -ENOMEM;
	}
	core->events = *events;
	core->max_bytes = max_bytes;
	*ret_core = core;
	return 0;
}

void clipboard_core_destroy(struct clipboard_core *core) {
	if (core) {
		free(core->kept.heap);
	}
	free(core);
}
