#include "client/session/spice_clipboard.h"

#include "host-proto/spice/agent.h"

/* Types: ours are bits, SPICE's are numbers. */
static const struct {
	enum clipboard_type ours;
	enum spice_clipboard_type theirs;
} types[CLIPBOARD_TYPES] = {
	{ CLIPBOARD_TEXT, SPICE_CLIPBOARD_TEXT },
	{ CLIPBOARD_PNG, SPICE_CLIPBOARD_PNG },
	{ CLIPBOARD_BMP, SPICE_CLIPBOARD_BMP },
	{ CLIPBOARD_TIFF, SPICE_CLIPBOARD_TIFF },
	{ CLIPBOARD_JPEG, SPICE_CLIPBOARD_JPG },
};

unsigned spice_clipboard_types(unsigned theirs) {
	unsigned result = 0;
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		result |= (theirs & SPICE_CLIPBOARD_BIT(types[i].theirs)) ? types[i].ours : 0;
	}
	return result;
}

unsigned spice_clipboard_type(enum spice_clipboard_type theirs) {
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		if (types[i].theirs == theirs) {
			return types[i].ours;
		}
	}
	return 0;
}

static unsigned to_spice(unsigned ours) {
	unsigned result = 0;
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		result |= (ours & types[i].ours) ? SPICE_CLIPBOARD_BIT(types[i].theirs) : 0;
	}
	return result;
}

static enum spice_clipboard_type one_to_spice(enum clipboard_type ours) {
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		if (types[i].ours == ours) {
			return types[i].theirs;
		}
	}
	return SPICE_CLIPBOARD_NONE;
}

static int offer(void *data, unsigned ours) {
	return spice_agent_offer(data, to_spice(ours));
}

static int release(void *data) {
	return spice_agent_release(data);
}

static int request(void *data, enum clipboard_type type) {
	return spice_agent_request(data, one_to_spice(type));
}

static void give_up(void *data, enum clipboard_type type) {
	(void)data;
	(void)type; /* the agent knows no such word; what comes late is thrown away */
}

static int answer(void *data, enum clipboard_type type, void *heap, size_t len) {
	return spice_agent_answer(data, one_to_spice(type), heap, len);
}

static size_t receiving(void *data) {
	return spice_agent_receiving(data);
}

struct clipboard_link spice_clipboard_link(struct spice_agent *agent) {
	return (struct clipboard_link){ .data = agent,
		.crlf = spice_agent_crlf(agent),
		.offer = offer,
		.release = release,
		.request = request,
		.give_up = give_up,
		.answer = answer,
		.receiving = receiving };
}
