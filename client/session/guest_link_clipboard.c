#define LOG_MODULE "clipboard"
#include "client/session/guest_link_clipboard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/log.h"
#include "base/loop.h"
#include "client/clipboard/clipboard_message.h"
#include "client/session/clipboard_link.h"

#define TIMEOUT_NS (5 * NS_PER_S)
#define GRACE_NS   (2 * NS_PER_S)
/* The local side gives up by itself: this is for one that hangs. */
#define LOCAL_FACTOR 8u
#define QUESTION_NS  (30 * NS_PER_S)
#define SEEN_NS      (10 * NS_PER_S)

/* A request that waits for its answer. */
struct waiting {
	uint32_t serial; /* 0 = none */
	uint64_t deadline_ns;
};

struct guest_link_clipboard {
	struct loop *loop;
	struct guest_link_clipboard_config config;
	void (*send)(const struct clipboard_message *message, void *data);
	void *data;
	struct clipboard_link link;
	bool has_link;
	struct loop_source *timer;

	bool focus;
	uint64_t unfocused_ns; /* since when it has none; 0 = since ever */
	bool offer_waits;      /* the local offer is told with the focus */
	unsigned held_types;   /* of the guest's offer, which is taken with the focus; 0 = none */
	unsigned read_unfocused;
	bool was_used;    /* without the focus, and not seen yet ... */
	uint64_t seen_ns; /* ... by a user who has the focus until then; 0 = who has not */

	/* CLIPBOARD_ASK */
	bool allowed, declined; /* the local content there is */
	bool guest_declined;    /* no question for the guest's, until the focus changes */
	unsigned wants;         /* enum clipboard_type: the guest waits for a yes */
	enum clipboard_question question;
	uint64_t question_ns; /* deadline */

	unsigned local_types; /* of the newest local offer; 0 = none */
	unsigned guest_types;
	size_t received; /* of the message that comes in, at the last look */

	/* One of each type at a time: bit 1 << index of enum clipboard_type. */
	struct waiting waiting[CLIPBOARD_TYPES]; /* the local side for the guest */
	struct waiting asked[CLIPBOARD_TYPES];   /* the guest for the local side */
	uint32_t next_serial;
};

static enum clipboard_type type_at(unsigned index) {
	return (enum clipboard_type)(1u << index);
}

static int index_of(unsigned type) {
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		if (type == (unsigned)type_at(i)) {
			return (int)i;
		}
	}
	return -1;
}

/* ---- time limits ---- */

static deadline limit_of(const struct waiting *waiting) {
	return waiting->serial ? waiting->deadline_ns : DEADLINE_NONE;
}

static void arm(struct guest_link_clipboard *clipboard) {
	deadline first = DEADLINE_NONE;
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		first = deadline_first(first, limit_of(&clipboard->waiting[i]));
		first = deadline_first(first, limit_of(&clipboard->asked[i]));
	}
	if (clipboard->question != CLIPBOARD_QUESTION_NONE) {
		first = deadline_first(first, clipboard->question_ns);
	}
	if (clipboard->was_used) {
		first = deadline_first(first, clipboard->seen_ns);
	}
	loop_set_timer(clipboard->timer, first);
}

/* Answers the local request of that type. heap: the content, handed on; NULL = failure says why. */
static void deliver(struct guest_link_clipboard *clipboard, unsigned index, void *heap, size_t len,
		enum clipboard_failure failure) {
	const struct clipboard_message message = { .kind = CLIPBOARD_DATA,
		.failure = failure,
		.types = type_at(index),
		.serial = clipboard->waiting[index].serial,
		.crlf = clipboard->has_link && clipboard->link.crlf,
		.data = heap,
		.len = len };
	clipboard->waiting[index].serial = 0;
	clipboard->send(&message, clipboard->data);
}

/* heap is taken over. */
static void answer_guest(
		struct guest_link_clipboard *clipboard, unsigned index, void *heap, size_t len) {
	clipboard->asked[index].serial = 0;
	if (clipboard->has_link) {
		(void)clipboard->link.answer(clipboard->link.data, type_at(index), heap, len);
	} else {
		free(heap);
	}
}

static void tell(const struct guest_link_clipboard *clipboard) {
	if (clipboard->config.changed) {
		clipboard->config.changed(clipboard->config.data);
	}
}

static void mark_used(struct guest_link_clipboard *clipboard) {
	if (!clipboard->focus) {
		clipboard->was_used = true;
		clipboard->seen_ns = 0;
		tell(clipboard);
	}
}

static void ask(struct guest_link_clipboard *clipboard, enum clipboard_question question) {
	if (clipboard->question == CLIPBOARD_QUESTION_NONE) {
		clipboard->question = question;
		clipboard->question_ns = clock_now_ns() + clipboard->config.question_ns;
		tell(clipboard);
	}
}

static void end_question(struct guest_link_clipboard *clipboard) {
	if (clipboard->question != CLIPBOARD_QUESTION_NONE) {
		clipboard->question = CLIPBOARD_QUESTION_NONE;
		tell(clipboard);
	}
}

/* The guest waits no longer for a yes. */
static void refuse_wants(struct guest_link_clipboard *clipboard) {
	const unsigned wants = clipboard->wants;
	clipboard->wants = 0;
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		if (wants & 1u << i) {
			answer_guest(clipboard, i, NULL, 0);
		}
	}
}

/* Other content than the one that was asked about. */
static void forget_answer(struct guest_link_clipboard *clipboard) {
	clipboard->allowed = clipboard->declined = false;
	refuse_wants(clipboard);
	if (clipboard->question == CLIPBOARD_QUESTION_TO_VM) {
		end_question(clipboard);
	}
}

static void expire_question(struct guest_link_clipboard *clipboard, uint64_t now) {
	if (clipboard->question == CLIPBOARD_QUESTION_NONE || clipboard->question_ns > now) {
		return;
	}
	if (clipboard->question == CLIPBOARD_QUESTION_TO_VM) {
		clipboard->declined = true;
		refuse_wants(clipboard);
	} else {
		clipboard->guest_declined = true;
	}
	end_question(clipboard);
}

static void give_up(struct guest_link_clipboard *clipboard, enum clipboard_type type) {
	if (clipboard->has_link) {
		clipboard->link.give_up(clipboard->link.data, type);
	}
}

static void on_timer(void *data) {
	struct guest_link_clipboard *clipboard = data;
	const uint64_t now = clock_now_ns();
	/* Large content over few tokens takes longer than the limit: progress counts. */
	const size_t received =
			clipboard->has_link ? clipboard->link.receiving(clipboard->link.data) : 0;
	const bool progress = received != 0 && received != clipboard->received;
	clipboard->received = received;
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		struct waiting *waiting = &clipboard->waiting[i];
		if (waiting->serial && waiting->deadline_ns <= now && progress) {
			waiting->deadline_ns = now + clipboard->config.timeout_ns;
		} else if (waiting->serial && waiting->deadline_ns <= now) {
			log_info("the guest did not send its clipboard in time");
			deliver(clipboard, i, NULL, 0, CLIPBOARD_FAILURE_TIME);
			give_up(clipboard, type_at(i));
		}
		if (clipboard->asked[i].serial && clipboard->asked[i].deadline_ns <= now) {
			log_info("the local clipboard did not answer in time");
			answer_guest(clipboard, i, NULL, 0);
		}
	}
	expire_question(clipboard, now);
	if (clipboard->was_used && clipboard->seen_ns != 0 && clipboard->seen_ns <= now) {
		clipboard->was_used = false;
		tell(clipboard);
	}
	arm(clipboard);
}

/* ---- focus ---- */

static bool may(const struct guest_link_clipboard *clipboard, enum clipboard_policy policy) {
	return policy == CLIPBOARD_ALWAYS || (policy == CLIPBOARD_FOCUS && clipboard->focus);
}

/* What the guest's user copied just before leaving the window comes a moment after. */
static bool can_own(const struct guest_link_clipboard *clipboard) {
	return may(clipboard, clipboard->config.to_local) ||
	       (clipboard->config.to_local == CLIPBOARD_FOCUS && clipboard->unfocused_ns != 0 &&
			       clock_now_ns() - clipboard->unfocused_ns < GRACE_NS);
}

/* That there is something is no secret where the content is asked for. */
static void offer_local(struct guest_link_clipboard *clipboard) {
	clipboard->offer_waits = clipboard->config.to_vm != CLIPBOARD_ASK &&
				 !may(clipboard, clipboard->config.to_vm);
	if (clipboard->has_link && !clipboard->offer_waits) {
		(void)clipboard->link.offer(clipboard->link.data, clipboard->local_types);
	}
}

void guest_link_clipboard_set_focus(struct guest_link_clipboard *clipboard, bool focus) {
	if (clipboard->focus == focus) {
		return;
	}
	clipboard->focus = focus;
	clipboard->unfocused_ns = focus ? 0 : clock_now_ns();
	clipboard->seen_ns = focus && clipboard->was_used ? clock_now_ns() + SEEN_NS : 0;
	clipboard->guest_declined = false;
	arm(clipboard);
	if (clipboard->config.to_local == CLIPBOARD_ASK) {
		return; /* the guest's offer waits for a yes */
	}
	const unsigned held = clipboard->held_types;
	clipboard->held_types = 0;
	if (focus && held != 0) {
		guest_link_clipboard_offer(clipboard, held);
	} else if (focus && clipboard->offer_waits && clipboard->local_types != 0) {
		offer_local(clipboard);
	}
}

void guest_link_clipboard_set_policy(struct guest_link_clipboard *clipboard,
		enum clipboard_policy to_vm, enum clipboard_policy to_local) {
	struct guest_link_clipboard_config *config = &clipboard->config;
	const bool opens = to_vm != CLIPBOARD_NO && to_vm != config->to_vm;
	const bool closes = to_vm == CLIPBOARD_NO && config->to_vm != CLIPBOARD_NO;
	if (to_vm == config->to_vm && to_local == config->to_local) {
		return;
	}
	forget_answer(clipboard);
	end_question(clipboard);
	clipboard->held_types = 0;
	config->to_vm = to_vm;
	config->to_local = to_local;
	if (closes && clipboard->local_types != 0 && clipboard->has_link) {
		(void)clipboard->link.release(clipboard->link.data);
	} else if (opens && clipboard->local_types != 0) {
		offer_local(clipboard);
	}
	arm(clipboard);
}

unsigned guest_link_clipboard_read_unfocused(const struct guest_link_clipboard *clipboard) {
	return clipboard->read_unfocused;
}

bool guest_link_clipboard_was_used(const struct guest_link_clipboard *clipboard) {
	return clipboard->was_used;
}

enum clipboard_question guest_link_clipboard_question(
		const struct guest_link_clipboard *clipboard) {
	return clipboard->question;
}

/* ---- life ---- */

int guest_link_clipboard_create(struct guest_link_clipboard **ret_clipboard, struct loop *loop,
		const struct guest_link_clipboard_config *config,
		void (*send)(const struct clipboard_message *message, void *data), void *data) {
	struct guest_link_clipboard *clipboard = calloc(1, sizeof *clipboard);
	if (!clipboard) {
		return -ENOMEM;
	}
	clipboard->loop = loop;
	clipboard->config = *config;
	if (clipboard->config.timeout_ns == 0) {
		clipboard->config.timeout_ns = TIMEOUT_NS;
	}
	if (clipboard->config.question_ns == 0) {
		clipboard->config.question_ns = QUESTION_NS;
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

void guest_link_clipboard_destroy(struct guest_link_clipboard *clipboard) {
	if (clipboard) {
		loop_remove(clipboard->timer);
		free(clipboard);
	}
}

static void send_kind(struct guest_link_clipboard *clipboard, enum clipboard_message_kind kind,
		unsigned ours, uint32_t serial) {
	const struct clipboard_message message = { .kind = kind,
		.types = ours,
		.serial = serial,
		.crlf = clipboard->has_link && clipboard->link.crlf };
	clipboard->send(&message, clipboard->data);
}

/* Whoever waits for the guest gets nothing. */
static void fail_waiting(struct guest_link_clipboard *clipboard) {
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		if (clipboard->waiting[i].serial) {
			deliver(clipboard, i, NULL, 0, CLIPBOARD_FAILURE_NONE);
		}
	}
}

/* The guest has on the new way what it had on the old one: whoever waits is asked for again. */
static void ask_again(struct guest_link_clipboard *clipboard) {
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		struct waiting *waiting = &clipboard->waiting[i];
		waiting->deadline_ns = clock_now_ns() + clipboard->config.timeout_ns;
		if (waiting->serial &&
				clipboard->link.request(clipboard->link.data, type_at(i)) < 0) {
			deliver(clipboard, i, NULL, 0, CLIPBOARD_FAILURE_NONE);
		}
	}
}

/* Nothing goes on: the guest of the new way, if there is one, begins. */
static void start_anew(struct guest_link_clipboard *clipboard, unsigned guest_types) {
	fail_waiting(clipboard);
	if (clipboard->guest_types != 0) {
		clipboard->guest_types = 0;
		send_kind(clipboard, CLIPBOARD_RELEASE, 0, 0);
	}
	if (clipboard->has_link && clipboard->local_types != 0) {
		offer_local(clipboard);
	} else if (clipboard->has_link && guest_types != 0) {
		guest_link_clipboard_offer(clipboard, guest_types);
	}
}

void guest_link_clipboard_set_link(struct guest_link_clipboard *clipboard,
		const struct clipboard_link *link, unsigned guest_types) {
	clipboard->has_link = link != NULL;
	clipboard->link = link ? *link : (struct clipboard_link){ .data = NULL };
	clipboard->wants = 0;
	clipboard->held_types = 0;
	end_question(clipboard);
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		clipboard->asked[i].serial = 0;
	}
	if (link && clipboard->guest_types != 0 && can_own(clipboard) &&
			(clipboard->guest_types & guest_types) == clipboard->guest_types) {
		ask_again(clipboard);
	} else {
		start_anew(clipboard, guest_types);
	}
	arm(clipboard);
}

void guest_link_clipboard_leave_link(struct guest_link_clipboard *clipboard) {
	refuse_wants(clipboard);
	for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
		if (clipboard->asked[i].serial) {
			answer_guest(clipboard, i, NULL, 0);
		}
	}
	if (clipboard->has_link && clipboard->local_types != 0 && clipboard->config.to_vm) {
		(void)clipboard->link.release(clipboard->link.data);
	}
}

bool guest_link_clipboard_is_guests(const struct guest_link_clipboard *clipboard) {
	return clipboard->guest_types != 0;
}

/* ---- the guest ---- */

/* The guest's content is the newest; 0 = it has none any more. */
static void take_offer(struct guest_link_clipboard *clipboard, unsigned ours) {
	fail_waiting(clipboard);
	if (ours == 0 && clipboard->guest_types == 0) {
		return;
	}
	clipboard->guest_types = ours;
	if (ours != 0) {
		forget_answer(clipboard);
		mark_used(clipboard);
		clipboard->local_types = 0; /* the newest owner is the guest */
		send_kind(clipboard, CLIPBOARD_OFFER, ours, 0);
	} else {
		send_kind(clipboard, CLIPBOARD_RELEASE, 0, 0);
	}
	arm(clipboard);
}

void guest_link_clipboard_offer(struct guest_link_clipboard *clipboard, unsigned types) {
	if (!clipboard->config.to_local) {
		return;
	}
	if (can_own(clipboard)) {
		take_offer(clipboard, types);
		return;
	}
	clipboard->held_types = types;
	if (clipboard->config.to_local == CLIPBOARD_ASK && types != 0 &&
			!clipboard->guest_declined) {
		ask(clipboard, CLIPBOARD_QUESTION_TO_LOCAL);
		arm(clipboard);
	} else if (types == 0 && clipboard->question == CLIPBOARD_QUESTION_TO_LOCAL) {
		end_question(clipboard);
	}
}

static void pass_on(struct guest_link_clipboard *clipboard, unsigned index) {
	clipboard->read_unfocused += !clipboard->focus;
	mark_used(clipboard);
	clipboard->next_serial += clipboard->next_serial == UINT32_MAX ? 2 : 1;
	clipboard->asked[index].serial = clipboard->next_serial;
	clipboard->asked[index].deadline_ns =
			clock_now_ns() + LOCAL_FACTOR * clipboard->config.timeout_ns;
	send_kind(clipboard, CLIPBOARD_REQUEST, type_at(index), clipboard->next_serial);
}

void guest_link_clipboard_wanted(struct guest_link_clipboard *clipboard, enum clipboard_type type) {
	const int index = index_of(type);
	const bool there = index >= 0 && (clipboard->local_types & type) != 0;
	const bool asks = clipboard->config.to_vm == CLIPBOARD_ASK && !clipboard->allowed;
	if (there && asks && !clipboard->declined && clipboard->has_link) {
		clipboard->wants |= 1u << index;
		ask(clipboard, CLIPBOARD_QUESTION_TO_VM);
	} else if (there && !asks &&
			(clipboard->allowed || may(clipboard, clipboard->config.to_vm))) {
		pass_on(clipboard, (unsigned)index);
	} else if (clipboard->has_link) {
		(void)clipboard->link.answer(clipboard->link.data, type, NULL, 0);
	}
	arm(clipboard);
}

void guest_link_clipboard_allow(struct guest_link_clipboard *clipboard) {
	const bool takes = clipboard->config.to_local == CLIPBOARD_ASK &&
			   clipboard->held_types != 0 &&
			   clipboard->question != CLIPBOARD_QUESTION_TO_VM;
	end_question(clipboard);
	if (takes) {
		const unsigned held = clipboard->held_types;
		clipboard->held_types = 0;
		take_offer(clipboard, held);
	} else if (clipboard->config.to_vm == CLIPBOARD_ASK && clipboard->local_types != 0) {
		const unsigned wants = clipboard->wants;
		clipboard->allowed = true;
		clipboard->wants = 0;
		for (unsigned i = 0; i < CLIPBOARD_TYPES; i++) {
			if (wants & 1u << i) {
				pass_on(clipboard, i);
			}
		}
	}
	arm(clipboard);
}

void guest_link_clipboard_content(struct guest_link_clipboard *clipboard, enum clipboard_type type,
		uint8_t *heap, size_t len) {
	const int index = index_of(type);
	if (index >= 0 && clipboard->waiting[index].serial) {
		deliver(clipboard, (unsigned)index, heap, len,
				!heap && len > 0 ? CLIPBOARD_FAILURE_SIZE : CLIPBOARD_FAILURE_NONE);
	} else {
		free(heap);
	}
	arm(clipboard);
}

/* ---- the local side ---- */

static void on_local_request(
		struct guest_link_clipboard *clipboard, const struct clipboard_message *message) {
	const int index = index_of(message->types);
	if (index < 0 || message->serial == 0) {
		return; /* a mistake of ours: there is nobody to answer */
	}
	struct waiting *waiting = &clipboard->waiting[index];
	const bool outstanding = waiting->serial != 0;
	if (outstanding) {
		deliver(clipboard, (unsigned)index, NULL, 0, CLIPBOARD_FAILURE_NONE);
	}
	waiting->serial = message->serial;
	waiting->deadline_ns = clock_now_ns() + clipboard->config.timeout_ns;
	if (!clipboard->has_link || (clipboard->guest_types & message->types) == 0 ||
			(!outstanding && clipboard->link.request(clipboard->link.data,
							 type_at((unsigned)index)) < 0)) {
		deliver(clipboard, (unsigned)index, NULL, 0, CLIPBOARD_FAILURE_NONE);
	}
	arm(clipboard);
}

void guest_link_clipboard_local(
		struct guest_link_clipboard *clipboard, const struct clipboard_message *message) {
	switch (message->kind) {
	case CLIPBOARD_OFFER:
		forget_answer(clipboard);
		clipboard->local_types = message->types;
		clipboard->guest_types = 0;
		fail_waiting(clipboard);
		clipboard->held_types = 0;
		if (clipboard->question == CLIPBOARD_QUESTION_TO_LOCAL) {
			end_question(clipboard);
		}
		offer_local(clipboard);
		break;
	case CLIPBOARD_RELEASE:
		forget_answer(clipboard);
		if (clipboard->local_types != 0 && clipboard->has_link && clipboard->config.to_vm) {
			(void)clipboard->link.release(clipboard->link.data);
		}
		clipboard->local_types = 0;
		clipboard->offer_waits = false;
		break;
	case CLIPBOARD_REQUEST:
		on_local_request(clipboard, message);
		break;
	case CLIPBOARD_DATA: {
		const int index = index_of(message->types);
		if (index >= 0 && message->serial != 0 &&
				clipboard->asked[index].serial == message->serial) {
			answer_guest(clipboard, (unsigned)index, message->data, message->len);
		} else {
			free(message->data);
		}
		break;
	}
	}
	arm(clipboard);
}
