/*
 * Every state of a ring of LGMP 12 with 2 slots and 3 clients: our producer and our readers, the
 * real code, in every order of post (to all, to one), look, finish (of any message that is held),
 * leave, join, processing and time-out. What must hold in each state is said by a model beside it
 * that knows only who has to get what. Then the same with one fault planted for each of the rules:
 * a walk that would not find it would show nothing.
 */
#include <errno.h>
#include <stdlib.h>

#include "tests/support/ring.h"

#define SLOTS   2u
#define CLIENTS 3u
#define NOW_MS  5000u
#define OWNED   320 /* bytes of a queue descriptor that are not client data */
#define KEY     32
#define SET     (1u << 20)

/* What goes wrong on purpose. */
enum fault {
	FAULT_NONE,
	FAULT_TWICE,  /* a reader forgets that it gave a message out */
	FAULT_MISSED, /* a post leaves a subscriber out */
	FAULT_LOST,   /* a finished message goes on counting */
	FAULT_EARLY,  /* who finishes does it for the others that hold it, too */
	FAULT_BAD,    /* a client that owes nothing is marked bad */
	FAULT_READER, /* the reader of LGMP 5 and 6 */
	FAULT_COUNT,
};

/* What breaks: the rule that does not hold any more. */
static const char *const no_rule = "none";
static const char *const twice = "nothing is delivered twice";
static const char *const missed = "nothing is missed while subscribed";
static const char *const lost = "no slot is lost";
static const char *const early = "no message leaves the ring before all have finished it";
static const char *const bad = "nobody is evicted who owes nothing";

/* A message in the ring, by the model. Masks are of clients. */
struct message {
	uint8_t id; /* 0 = no message */
	uint8_t to, delivered, finished;
	uint8_t index;
};

struct client {
	bool joined, evicted;
	uint32_t position, taken, slot, bit;
};

struct state {
	unsigned char queue[OWNED];
	unsigned char entries[SLOTS * 32];
	struct message messages[SLOTS]; /* in the order of posting */
	struct client clients[CLIENTS];
};

struct walk {
	struct ring ring;
	struct lgmp_subscription subs[CLIENTS];
	struct state now;
	enum fault fault;
	const char *broken;

	struct state *stack;
	size_t depth, most;
	unsigned char (*seen)[KEY];
	size_t states, steps;
};

static unsigned char *queue_of(const struct walk *walk) {
	return shm_base(walk->ring.shm) + walk->ring.layout.queues;
}
static unsigned char *entries_of(const struct walk *walk) {
	return shm_base(walk->ring.shm) +
	       lgmp_load32(lgmp_at32(queue_of(walk), walk->ring.layout.ring_offset));
}
static uint32_t *word(const struct walk *walk, uint32_t offset) {
	return lgmp_at32(queue_of(walk), offset);
}
static uint32_t *pending(const struct walk *walk, unsigned slot) {
	return lgmp_at32(entries_of(walk), slot * 32 + walk->ring.layout.entry_pending);
}

static void broke(struct walk *walk, const char *rule) {
	if (walk->broken == no_rule) {
		walk->broken = rule;
	}
}

/* Clients that get messages: subscribed and, as far as the model knows, not evicted. */
static uint8_t getting(const struct walk *walk) {
	uint8_t mask = 0;
	for (unsigned c = 0; c < CLIENTS; c++) {
		const struct client *client = &walk->now.clients[c];
		mask |= client->joined && !client->evicted ? (uint8_t)(1u << c) : 0;
	}
	return mask;
}

/* ---- a state into the memory, and out of it ---- */

static void load(struct walk *walk, const struct state *state) {
	walk->now = *state;
	memcpy(queue_of(walk), state->queue, OWNED);
	memcpy(entries_of(walk), state->entries, sizeof state->entries);
	walk->ring.now_ms = NOW_MS;
	lgmp_store64(lgmp_at64(shm_base(walk->ring.shm), walk->ring.layout.timestamp), NOW_MS);
	CHECK_EQ(lgmp_host_attach(walk->ring.host), 0);
	for (unsigned c = 0; c < CLIENTS; c++) {
		struct lgmp_subscription *sub = &walk->subs[c];
		sub->active = state->clients[c].joined;
		sub->position = state->clients[c].position;
		sub->taken[0] = state->clients[c].taken;
		sub->slot = state->clients[c].slot;
		sub->bit = state->clients[c].bit;
	}
}

/* Deadlines are fresh or over; time itself stands still. */
static void settle_time(struct walk *walk, uint32_t offset, bool counts) {
	uint64_t *at = lgmp_at64(queue_of(walk), offset);
	*at = counts && *at >= walk->ring.now_ms ? NOW_MS + 1000 : 0;
}

static void save(struct walk *walk) {
	const struct lgmp_layout *layout = &walk->ring.layout;
	settle_time(walk, layout->message_timeout, lgmp_load32(word(walk, layout->count)) > 0);
	for (unsigned slot = 0; slot < layout->slots_max; slot++) {
		settle_time(walk, layout->timeout + slot * 8, true);
	}
	*word(walk, layout->new_subscribers) = 0;
	for (unsigned i = 0; i < SLOTS; i++) {
		struct message *message = &walk->now.messages[i];
		message->to &= getting(walk);
		message->delivered &= message->to;
		message->finished &= message->to;
	}
	memcpy(walk->now.queue, queue_of(walk), OWNED);
	memcpy(walk->now.entries, entries_of(walk), sizeof walk->now.entries);
	for (unsigned c = 0; c < CLIENTS; c++) {
		walk->now.clients[c].position = walk->subs[c].position;
		walk->now.clients[c].taken = walk->subs[c].taken[0];
		walk->now.clients[c].slot = walk->subs[c].slot;
		walk->now.clients[c].bit = walk->subs[c].bit;
	}
}

/* Which slot a client has makes no difference, nor what stands in unused entries; what the client
 * still owes and gets does. */
static void key_of(const struct walk *walk, unsigned char key[KEY]) {
	const struct lgmp_layout *layout = &walk->ring.layout;
	const struct lgmp_subs subs = lgmp_subs_load(layout, queue_of(walk) + layout->subs);
	const uint32_t start = lgmp_load32(word(walk, layout->start));
	uint32_t ours = 0;
	unsigned at = 0;
	memset(key, 0, KEY);
	key[at++] = (unsigned char)(1 + start * 16 + lgmp_load32(word(walk, layout->count)));
	key[at++] = lgmp_load64(lgmp_at64(queue_of(walk), layout->message_timeout)) != 0;
	for (unsigned c = 0; c < CLIENTS; c++) {
		const struct client *client = &walk->now.clients[c];
		const bool gets = client->joined && !client->evicted;
		ours |= gets ? client->bit : 0;
		key[at++] = (unsigned char)(client->joined + 2 * client->evicted +
					    4 * (gets ? client->taken & 3 : 0));
		key[at++] = (unsigned char)(walk->fault == FAULT_READER ? client->position : 0);
	}
	for (unsigned i = 0; i < SLOTS && walk->now.messages[i].id; i++) {
		const struct message *message = &walk->now.messages[i];
		const uint32_t bits = *pending(walk, message->index);
		key[at++] = (unsigned char)(128 + message->to + 8 * message->index);
		key[at++] = (unsigned char)(message->delivered * 8 + message->finished);
		key[at++] = (unsigned char)(((bits & ~ours) != 0) +
					    2 * ((bits & ~ours & subs.on & ~subs.bad) != 0));
		for (unsigned c = 0; c < CLIENTS; c++) {
			const struct client *client = &walk->now.clients[c];
			key[at++] = client->joined && bits & client->bit & ours;
		}
	}
	for (unsigned slot = 0; slot < layout->slots_max; slot++) {
		if ((subs.on & ~ours) & 1u << slot) {
			const bool over =
					*lgmp_at64(queue_of(walk), layout->timeout + slot * 8) == 0;
			key[over ? KEY - 1 : KEY - 2] = 1;
		}
	}
}

static void visit(struct walk *walk) {
	unsigned char key[KEY];
	uint64_t hash = 14695981039346656037u;
	save(walk);
	key_of(walk, key);
	for (unsigned i = 0; i < KEY; i++) {
		hash = (hash ^ key[i]) * 1099511628211u;
	}
	size_t at = (size_t)(hash >> 20) % SET;
	while (walk->seen[at][0] != 0) {
		if (memcmp(walk->seen[at], key, KEY) == 0) {
			return;
		}
		at = (at + 1) % SET;
	}
	memcpy(walk->seen[at], key, KEY);
	CHECK(++walk->states < SET / 2);
	if (walk->depth == walk->most) {
		walk->most = walk->most ? 2 * walk->most : 1024;
		walk->stack = realloc(walk->stack, walk->most * sizeof *walk->stack);
		CHECK(walk->stack != NULL);
	}
	walk->stack[walk->depth++] = walk->now;
}

/* ---- the model ---- */

/* Whether the message is not done with: somebody who still gets messages owes it. */
static uint8_t owed_by(const struct walk *walk, const struct message *message) {
	return (uint8_t)(message->to & ~message->finished & getting(walk));
}

static bool in_ring(const struct walk *walk, const struct message *message) {
	const struct lgmp_layout *layout = &walk->ring.layout;
	const uint32_t start = lgmp_load32(word(walk, layout->start));
	const uint32_t count = lgmp_load32(word(walk, layout->count));
	return (message->index + SLOTS - start) % SLOTS < count &&
	       *lgmp_at64(entries_of(walk), message->index * 32u) == message->id;
}

/* After each step: the ring is whole, and what left it was done with. */
static void look_at_ring(struct walk *walk) {
	const struct lgmp_layout *layout = &walk->ring.layout;
	const uint32_t start = lgmp_load32(word(walk, layout->start));
	const uint32_t count = lgmp_load32(word(walk, layout->count));
	if (count > SLOTS || (start + count) % SLOTS != lgmp_load32(word(walk, layout->position))) {
		broke(walk, lost);
	}
	struct message *messages = walk->now.messages;
	for (unsigned i = 0; i < SLOTS; i++) {
		if (messages[i].id && !in_ring(walk, &messages[i])) {
			if (owed_by(walk, &messages[i])) {
				broke(walk, early);
			}
			messages[i].id = 0;
		}
	}
	if (!messages[0].id) {
		messages[0] = messages[1];
		messages[1] = (struct message){ 0 };
	}
}

/* ---- the steps ---- */

static void post(struct walk *walk, uint32_t client_id) {
	const struct lgmp_layout *layout = &walk->ring.layout;
	const uint32_t before = lgmp_load32(word(walk, layout->count));
	const uint32_t index = lgmp_load32(word(walk, layout->position));
	struct message *messages = walk->now.messages;
	const uint8_t id = messages[0].id == 1 ? 2 : 1;
	const uint8_t to = client_id ? getting(walk) & (uint8_t)(1u << (client_id - 1))
				     : getting(walk);
	int r = ring_post(&walk->ring, id, client_id);
	if (client_id && !to) {
		if (r != 0 || lgmp_load32(word(walk, layout->count)) != before) {
			broke(walk, lost);
		}
		return;
	}
	if (before == SLOTS) {
		if (r != -ENOBUFS) {
			broke(walk, early);
		}
		return;
	}
	if (r != (to != 0)) {
		broke(walk, lost);
	}
	messages[messages[0].id ? 1 : 0] =
			(struct message){ .id = id, .to = to, .index = (uint8_t)index };
	if (walk->fault == FAULT_MISSED && to & 1) {
		*pending(walk, index) &= ~walk->subs[0].bit;
	}
}

/* The oldest message that the client has not got. */
static struct message *due(struct walk *walk, unsigned c) {
	for (unsigned i = 0; i < SLOTS; i++) {
		struct message *message = &walk->now.messages[i];
		if (message->id && message->to & ~message->delivered & 1u << c) {
			return message;
		}
	}
	return NULL;
}

static bool look(struct walk *walk, unsigned c) {
	struct client *client = &walk->now.clients[c];
	struct lgmp_entry entry;
	struct message *message = due(walk, c);
	int r = lgmp_subscription_next(&walk->subs[c], &entry);
	if (r < 0) {
		if (!client->evicted) {
			broke(walk, r == -ETIME ? bad : missed);
		}
		client->joined = client->evicted = false;
		walk->subs[c].active = false;
		walk->subs[c].taken[0] = 0;
		return false;
	}
	if (client->evicted || (r == 0 && message)) {
		broke(walk, missed);
	} else if (r == 1 &&
			(!message || entry.udata != message->id || entry.index != message->index)) {
		broke(walk, message ? missed : twice);
	} else if (r == 1) {
		message->delivered |= (uint8_t)(1u << c);
	}
	if (walk->fault == FAULT_TWICE && r == 1) {
		walk->subs[c].taken[0] = 0;
	}
	return r == 1;
}

static void finish(struct walk *walk, unsigned c, struct message *message) {
	int r = lgmp_subscription_finish(&walk->subs[c], message->index);
	if (walk->now.clients[c].evicted) {
		return; /* told with the next look */
	}
	if (r != 0) {
		broke(walk, r == -ESTALE ? early : lost);
	}
	message->finished |= (uint8_t)(1u << c);
	if (walk->fault == FAULT_LOST) {
		lgmp_add32(word(walk, walk->ring.layout.count), 1);
	} else if (walk->fault == FAULT_EARLY) {
		for (unsigned other = 0; other < CLIENTS; other++) {
			if (message->delivered & 1u << other) {
				*pending(walk, message->index) &= ~walk->subs[other].bit;
			}
		}
		ring_tick(&walk->ring, 0);
	}
}

static void leave(struct walk *walk, unsigned c) {
	lgmp_unsubscribe(&walk->subs[c]);
	walk->subs[c].taken[0] = 0;
	walk->now.clients[c].joined = walk->now.clients[c].evicted = false;
}

static void join(struct walk *walk, unsigned c) {
	ring_join(&walk->ring, &walk->subs[c], c + 1);
	walk->now.clients[c].joined = true;
	walk->now.clients[c].evicted = false;
	for (unsigned i = 0; i < SLOTS; i++) {
		struct message *message = &walk->now.messages[i];
		message->to &= (uint8_t) ~(1u << c);
		message->delivered &= (uint8_t) ~(1u << c);
		message->finished &= (uint8_t) ~(1u << c);
	}
}

/* The host processes its queue; late: the deadline of the oldest message is over. */
static void process(struct walk *walk, bool late) {
	const struct lgmp_layout *layout = &walk->ring.layout;
	const uint8_t owing = owed_by(walk, &walk->now.messages[0]);
	ring_tick(&walk->ring, late ? RING_LATE_MS : 0);
	if (walk->fault == FAULT_BAD && late && walk->now.clients[2].joined) {
		struct lgmp_subs subs = lgmp_subs_load(layout, queue_of(walk) + layout->subs);
		subs.bad |= walk->subs[2].bit;
		lgmp_subs_store(layout, queue_of(walk) + layout->subs, subs);
	}
	const struct lgmp_subs subs = lgmp_subs_load(layout, queue_of(walk) + layout->subs);
	for (unsigned c = 0; c < CLIENTS; c++) {
		struct client *client = &walk->now.clients[c];
		const bool is_bad = client->joined && subs.bad & walk->subs[c].bit;
		const bool owes = walk->now.messages[0].id && owing & 1u << c;
		if (client->evicted) {
			continue; /* its slot may be another's by now */
		}
		if (is_bad != (late && owes && client->joined)) {
			broke(walk, bad);
		}
		client->evicted = is_bad;
	}
}

/* All look and finish until nothing is left: then the ring is empty, and takes two again. */
static void drain(struct walk *walk) {
	for (unsigned c = 0; c < CLIENTS; c++) {
		for (unsigned i = 0; i < 2 * SLOTS && walk->now.clients[c].joined; i++) {
			(void)look(walk, c);
		}
		for (unsigned i = 0; i < SLOTS && walk->now.clients[c].joined; i++) {
			struct message *message = &walk->now.messages[i];
			if (message->id && message->delivered & ~message->finished & 1u << c) {
				finish(walk, c, message);
			}
		}
	}
	process(walk, false);
	look_at_ring(walk);
	if (lgmp_load32(word(walk, walk->ring.layout.count)) != 0) {
		broke(walk, lost);
	}
	for (unsigned i = 0; i < SLOTS; i++) {
		post(walk, 0);
	}
}

/* ---- the walk ---- */

/* The n-th step from the state that is loaded; false when it does not apply. */
static bool step(struct walk *walk, unsigned n) {
	const unsigned c = n / 6;
	if (c >= CLIENTS) {
		process(walk, n % 6 == 1);
		return true;
	}
	const struct client *client = &walk->now.clients[c];
	struct message *message = &walk->now.messages[n % 6 == 3];
	switch (n % 6) {
	case 0:
		post(walk, c + 1);
		return true;
	case 1:
		return client->joined && (look(walk, c), true);
	case 2:
	case 3:
		return client->joined && message->id &&
		       message->to & message->delivered & ~message->finished & 1u << c &&
		       (finish(walk, c, message), true);
	case 4:
		client->joined ? leave(walk, c) : join(walk, c);
		return true;
	default:
		return c == 0 && (post(walk, 0), true);
	}
}

static void walk_all(struct walk *walk) {
	while (walk->depth > 0 && walk->broken == no_rule) {
		const struct state from = walk->stack[--walk->depth];
		for (unsigned n = 0; n < 6 * CLIENTS + 2 && walk->broken == no_rule; n++) {
			load(walk, &from);
			if (step(walk, n)) {
				look_at_ring(walk);
				walk->steps++;
				visit(walk);
			}
		}
		if (walk->broken == no_rule) {
			load(walk, &from);
			drain(walk);
		}
	}
}

static const char *run(enum fault fault, size_t *ret_states, size_t *ret_steps) {
	static struct walk walk;
	memset(&walk, 0, sizeof walk);
	walk.fault = fault;
	walk.broken = no_rule;
	walk.seen = calloc(SET, KEY);
	CHECK(walk.seen != NULL);
	ring_open(&walk.ring, SLOTS);
	if (fault == FAULT_READER) {
		walk.ring.layout.reader = lgmp_layout_find(6)->reader;
	}
	for (unsigned c = 0; c < CLIENTS; c++) {
		join(&walk, c);
	}
	visit(&walk);
	walk_all(&walk);
	*ret_states = walk.states;
	*ret_steps = walk.steps;
	ring_close(&walk.ring);
	free(walk.stack);
	free(walk.seen);
	return walk.broken;
}

static void every_rule_holds_in_every_state(void **state) {
	(void)state;
	size_t states;
	size_t steps;
	const char *broken = run(FAULT_NONE, &states, &steps);
	print_message("%zu states, %zu steps of a ring of %u with %u clients; broken: %s\n", states,
			steps, SLOTS, CLIENTS, broken);
	CHECK_EQ(broken, no_rule);
	CHECK(states > 1000);
}

static void a_planted_fault_is_found(void **state) {
	(void)state;
	const char *const rule[FAULT_COUNT] = { [FAULT_TWICE] = twice,
		[FAULT_MISSED] = missed,
		[FAULT_LOST] = lost,
		[FAULT_EARLY] = early,
		[FAULT_BAD] = bad };
	for (enum fault fault = FAULT_TWICE; fault < FAULT_COUNT; fault++) {
		size_t states;
		size_t steps;
		const char *broken = run(fault, &states, &steps);
		print_message("fault %u is found after %zu states: %s\n", fault, states, broken);
		CHECK(fault == FAULT_READER ? broken != no_rule : broken == rule[fault]);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_holds_in_every_state),
		cmocka_unit_test(a_planted_fault_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
