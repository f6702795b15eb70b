/* The clipboard between the agent and the desktop's side: who owns what, which answer belongs to
 * which request, and that everybody who asks is answered. */
#include "base/clock.h"
#include "base/loop.h"
#include "client/session/guest_link_clipboard.h"
#include "client/session/spice_clipboard.h"
#include "tests/support/agent_pair.h"
#include "tests/support/loop_wait.h"

#define TIMEOUT_NS (40 * NS_PER_MS)
#define LIMIT      (64u << 10)

struct fixture {
	struct agent_pair pair; /* first: the agents' data */
	struct loop *loop;
	struct guest_link_clipboard *clipboard;

	/* what came to the desktop's side */
	struct clipboard_message message;
	char text[64];
	unsigned messages, kinds[4];

	/* what came to the guest */
	unsigned offered, offers, content_type, contents, wanted;
	char content[64];
	bool elsewhere; /* the agent is not the way */
};

static void on_message(const struct clipboard_message *message, void *data) {
	struct fixture *f = data;
	f->message = *message;
	f->messages++;
	f->kinds[message->kind]++;
	snprintf(f->text, sizeof f->text, "%.*s", (int)(message->len < 60 ? message->len : 60),
			message->data ? (const char *)message->data : "");
	free(message->data);
	f->message.data = NULL;
}

static void on_offer(unsigned types, void *data) {
	struct fixture *f = data;
	if (!f->elsewhere) {
		guest_link_clipboard_offer(f->clipboard, spice_clipboard_types(types));
	}
}

static void on_wanted(enum spice_clipboard_type type, void *data) {
	guest_link_clipboard_wanted(((struct fixture *)data)->clipboard,
			(enum clipboard_type)spice_clipboard_type(type));
}

static void on_content(enum spice_clipboard_type type, uint8_t *heap, size_t len, void *data) {
	guest_link_clipboard_content(((struct fixture *)data)->clipboard,
			(enum clipboard_type)spice_clipboard_type(type), heap, len);
}

static void on_ready(void *data) {
	(void)data;
}

static void on_file(uint32_t id, uint32_t result, uint64_t detail, void *data) {
	(void)id;
	(void)result;
	(void)detail;
	(void)data;
}

static void guest_offered(unsigned types, void *data) {
	((struct fixture *)data)->offered = types;
	((struct fixture *)data)->offers++;
}

static void guest_wanted(unsigned type, void *data) {
	(void)type;
	((struct fixture *)data)->wanted++;
}

static void guest_content(unsigned type, const uint8_t *bytes, size_t len, void *data) {
	struct fixture *f = data;
	f->contents++;
	f->content_type = type;
	snprintf(f->content, sizeof f->content, "%.*s", (int)len, (const char *)bytes);
}

static void set_link(struct fixture *f) {
	const struct clipboard_link link = spice_clipboard_link(f->pair.client);
	guest_link_clipboard_set_link(f->clipboard, &link, 0);
}

static void start(struct fixture *f, enum clipboard_policy to_vm, enum clipboard_policy to_local) {
	const struct guest_link_clipboard_config config = {
		.to_vm = to_vm, .to_local = to_local, .timeout_ns = TIMEOUT_NS
	};
	const struct spice_agent_events client = { .send = agent_pair_from_client,
		.has_room = agent_pair_has_room,
		.ready = on_ready,
		.offer = on_offer,
		.wanted = on_wanted,
		.content = on_content,
		.file = on_file,
		.drained = on_ready,
		.data = f };
	const struct peer_agent_events guest = { .send = agent_pair_from_guest,
		.offered = guest_offered,
		.wanted = guest_wanted,
		.content = guest_content,
		.data = f };
	*f = (struct fixture){ 0 };
	CHECK_EQ(loop_create(&f->loop), 0);
	CHECK_EQ(guest_link_clipboard_create(&f->clipboard, f->loop, &config, on_message, f), 0);
	agent_pair_start(&f->pair, &client, &guest, PEER_AGENT_LINUX, LIMIT);
	set_link(f);
}

static void stop(struct fixture *f) {
	guest_link_clipboard_destroy(f->clipboard);
	agent_pair_stop(&f->pair);
	loop_destroy(f->loop);
}

static void local(struct fixture *f, enum clipboard_message_kind kind, unsigned types,
		uint32_t serial, const char *text) {
	const struct clipboard_message message = { .kind = kind,
		.types = types,
		.serial = serial,
		.data = text ? strdup(text) : NULL,
		.len = text ? strlen(text) : 0 };
	guest_link_clipboard_local(f->clipboard, &message);
	agent_pair_turn(&f->pair);
}

static void the_guest_pastes_what_the_desktop_has(void **state) {
	struct fixture f;
	(void)state;
	start(&f, CLIPBOARD_ALWAYS, CLIPBOARD_ALWAYS);
	local(&f, CLIPBOARD_OFFER, CLIPBOARD_TEXT | CLIPBOARD_PNG, 0, NULL);
	CHECK_EQ(f.offered, SPICE_CLIPBOARD_BIT(SPICE_CLIPBOARD_TEXT) |
					    SPICE_CLIPBOARD_BIT(SPICE_CLIPBOARD_PNG));
	peer_agent_request(f.pair.guest, SPICE_CLIPBOARD_TEXT);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.kinds[CLIPBOARD_REQUEST], 1);
	CHECK_EQ(f.message.types, (unsigned)CLIPBOARD_TEXT);
	CHECK_EQ(f.contents, 0); /* it waits for the desktop */
	const uint32_t serial = f.message.serial;
	local(&f, CLIPBOARD_DATA, CLIPBOARD_TEXT, serial + 1, "of another request");
	CHECK_EQ(f.contents, 0);
	local(&f, CLIPBOARD_DATA, CLIPBOARD_TEXT, serial, "hello");
	CHECK_EQ(f.contents, 1);
	assert_string_equal(f.content, "hello");
	local(&f, CLIPBOARD_DATA, CLIPBOARD_TEXT, serial, "again");
	CHECK_EQ(f.contents, 1);

	/* What the desktop does not have is answered at once, without asking it. */
	peer_agent_request(f.pair.guest, SPICE_CLIPBOARD_BMP);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.kinds[CLIPBOARD_REQUEST], 1);
	CHECK_EQ(f.contents, 2);
	CHECK_EQ(f.content_type, 0u);
	local(&f, CLIPBOARD_RELEASE, 0, 0, NULL);
	CHECK_EQ(f.offered, 0u);
	stop(&f);
}

static void the_desktop_pastes_what_the_guest_has(void **state) {
	struct fixture f;
	(void)state;
	start(&f, CLIPBOARD_ALWAYS, CLIPBOARD_ALWAYS);
	peer_agent_offer(f.pair.guest, SPICE_CLIPBOARD_BIT(SPICE_CLIPBOARD_TEXT));
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.kinds[CLIPBOARD_OFFER], 1);
	CHECK_EQ(f.message.types, (unsigned)CLIPBOARD_TEXT);
	local(&f, CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 7, NULL);
	CHECK_EQ(f.wanted, 1);
	CHECK_EQ(peer_agent_answer(f.pair.guest, SPICE_CLIPBOARD_TEXT, "moin", 4), 0);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.kinds[CLIPBOARD_DATA], 1);
	CHECK_EQ(f.message.serial, 7u);
	assert_string_equal(f.text, "moin");

	/* A second request of one type: the first gets nothing, the answer is for the second. */
	local(&f, CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 8, NULL);
	local(&f, CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 9, NULL);
	CHECK_EQ(f.kinds[CLIPBOARD_DATA], 2);
	CHECK_EQ(f.message.serial, 8u);
	CHECK_EQ(f.message.failure, CLIPBOARD_FAILURE_NONE);
	CHECK_EQ(peer_agent_answer(f.pair.guest, SPICE_CLIPBOARD_TEXT, "zwei", 4), 0);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.message.serial, 9u);
	assert_string_equal(f.text, "zwei");
	stop(&f);
}

static void large_content_fails_with_its_size(void **state) {
	struct fixture f;
	static char large[LIMIT + 1];
	(void)state;
	memset(large, 'x', sizeof large);
	start(&f, CLIPBOARD_ALWAYS, CLIPBOARD_ALWAYS);
	peer_agent_offer(f.pair.guest, SPICE_CLIPBOARD_BIT(SPICE_CLIPBOARD_TEXT));
	agent_pair_turn(&f.pair);
	local(&f, CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 1, NULL);
	CHECK_EQ(peer_agent_answer(f.pair.guest, SPICE_CLIPBOARD_TEXT, large, sizeof large), 0);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.message.failure, CLIPBOARD_FAILURE_SIZE);
	CHECK_EQ(f.message.len, sizeof large);
	stop(&f);
}

static void a_silent_guest_is_waited_for_so_long(void **state) {
	struct fixture f;
	(void)state;
	start(&f, CLIPBOARD_ALWAYS, CLIPBOARD_ALWAYS);
	peer_agent_offer(f.pair.guest, SPICE_CLIPBOARD_BIT(SPICE_CLIPBOARD_TEXT));
	agent_pair_turn(&f.pair);
	const uint64_t asked_ns = clock_now_ns();
	local(&f, CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 3, NULL);
	while (f.kinds[CLIPBOARD_DATA] == 0) {
		CHECK(loop_run_once(f.loop, 5000) >= 0);
	}
	CHECK(clock_now_ns() - asked_ns >= TIMEOUT_NS);
	CHECK_EQ(f.message.failure, CLIPBOARD_FAILURE_TIME);
	CHECK_EQ(f.message.serial, 3u);
	/* Its late answer is for nobody. */
	CHECK_EQ(peer_agent_answer(f.pair.guest, SPICE_CLIPBOARD_TEXT, "late", 4), 0);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.kinds[CLIPBOARD_DATA], 1);
	stop(&f);
}

static void a_closed_direction_says_nothing(void **state) {
	struct fixture f;
	(void)state;
	start(&f, CLIPBOARD_NO, CLIPBOARD_NO);
	local(&f, CLIPBOARD_OFFER, CLIPBOARD_TEXT, 0, NULL);
	peer_agent_request(f.pair.guest, SPICE_CLIPBOARD_TEXT);
	peer_agent_offer(f.pair.guest, SPICE_CLIPBOARD_BIT(SPICE_CLIPBOARD_TEXT));
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.offers, 0);
	CHECK_EQ(f.messages, 0);
	CHECK_EQ(f.contents, 1); /* with nothing */
	CHECK_EQ(f.content_type, 0u);
	stop(&f);
}

static void directions_change_while_it_runs(void **state) {
	struct fixture f;
	(void)state;
	start(&f, CLIPBOARD_NO, CLIPBOARD_NO);
	local(&f, CLIPBOARD_OFFER, CLIPBOARD_TEXT, 0, NULL);
	CHECK_EQ(f.offers, 0);
	guest_link_clipboard_set_policy(f.clipboard, CLIPBOARD_ALWAYS, CLIPBOARD_ALWAYS);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.offers, 1); /* what was copied before */
	CHECK(f.offered != 0);
	peer_agent_request(f.pair.guest, SPICE_CLIPBOARD_TEXT);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.kinds[CLIPBOARD_REQUEST], 1);
	guest_link_clipboard_set_policy(f.clipboard, CLIPBOARD_NO, CLIPBOARD_NO);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.offered, 0u); /* taken back */
	const unsigned messages = f.messages;
	peer_agent_offer(f.pair.guest, SPICE_CLIPBOARD_BIT(SPICE_CLIPBOARD_TEXT));
	peer_agent_request(f.pair.guest, SPICE_CLIPBOARD_TEXT);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.messages, messages);
	stop(&f);
}

static void focus_opens_and_closes(void **state) {
	struct fixture f;
	(void)state;
	start(&f, CLIPBOARD_FOCUS, CLIPBOARD_FOCUS);
	local(&f, CLIPBOARD_OFFER, CLIPBOARD_TEXT, 0, NULL);
	CHECK_EQ(f.offers, 0);
	guest_link_clipboard_set_focus(f.clipboard, true);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.offers, 1); /* what was copied before follows */
	guest_link_clipboard_set_focus(f.clipboard, false);
	peer_agent_request(f.pair.guest, SPICE_CLIPBOARD_TEXT);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.kinds[CLIPBOARD_REQUEST], 0);
	CHECK_EQ(f.content_type, 0u);
	CHECK_EQ(guest_link_clipboard_read_unfocused(f.clipboard), 0u);
	stop(&f);
}

static void when_the_agent_goes_everybody_is_answered(void **state) {
	struct fixture f;
	(void)state;
	start(&f, CLIPBOARD_ALWAYS, CLIPBOARD_ALWAYS);
	peer_agent_offer(f.pair.guest, SPICE_CLIPBOARD_BIT(SPICE_CLIPBOARD_TEXT));
	agent_pair_turn(&f.pair);
	local(&f, CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 4, NULL);
	guest_link_clipboard_set_link(f.clipboard, NULL, 0);
	CHECK_EQ(f.kinds[CLIPBOARD_DATA], 1);
	CHECK_EQ(f.kinds[CLIPBOARD_RELEASE], 1);
	local(&f, CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 5, NULL);
	CHECK_EQ(f.kinds[CLIPBOARD_DATA], 2);
	CHECK_EQ(f.message.serial, 5u);

	/* A new one hears what the desktop has by then. */
	local(&f, CLIPBOARD_OFFER, CLIPBOARD_PNG, 0, NULL);
	CHECK_EQ(f.offers, 0);
	set_link(&f);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.offered, SPICE_CLIPBOARD_BIT(SPICE_CLIPBOARD_PNG));
	stop(&f);
}

/* Another way to the same guest, which only counts. */
struct other_way {
	unsigned offered, requested, given_up;
};

static int other_offer(void *data, unsigned types) {
	((struct other_way *)data)->offered = types;
	return 0;
}

static int other_release(void *data) {
	((struct other_way *)data)->offered = 0;
	return 0;
}

static int other_request(void *data, enum clipboard_type type) {
	((struct other_way *)data)->requested |= type;
	return 0;
}

static void other_give_up(void *data, enum clipboard_type type) {
	((struct other_way *)data)->given_up |= type;
}

static int other_answer(void *data, enum clipboard_type type, void *heap, size_t len) {
	(void)data;
	(void)type;
	(void)len;
	free(heap);
	return 0;
}

static size_t other_receiving(void *data) {
	(void)data;
	return 0;
}

static void a_change_of_ways_loses_nothing(void **state) {
	struct fixture f;
	struct other_way other = { 0 };
	const struct clipboard_link way = { .data = &other,
		.offer = other_offer,
		.release = other_release,
		.request = other_request,
		.give_up = other_give_up,
		.answer = other_answer,
		.receiving = other_receiving };
	(void)state;
	start(&f, CLIPBOARD_ALWAYS, CLIPBOARD_ALWAYS);

	/* The desktop's is the newest: the old way forgets it, the new one hears of it. */
	local(&f, CLIPBOARD_OFFER, CLIPBOARD_TEXT, 0, NULL);
	peer_agent_request(f.pair.guest, SPICE_CLIPBOARD_TEXT);
	agent_pair_turn(&f.pair);
	CHECK(!guest_link_clipboard_is_guests(f.clipboard));
	guest_link_clipboard_leave_link(f.clipboard);
	guest_link_clipboard_set_link(f.clipboard, &way, CLIPBOARD_PNG);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.offered, 0u);
	CHECK_EQ(f.contents, 1); /* with nothing: nobody waits on the old way */
	CHECK_EQ(other.offered, (unsigned)CLIPBOARD_TEXT);

	/* The guest's is the newest: a paste under way is asked for on the new way. */
	guest_link_clipboard_offer(f.clipboard, CLIPBOARD_TEXT);
	CHECK(guest_link_clipboard_is_guests(f.clipboard));
	local(&f, CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 7, NULL);
	CHECK_EQ(other.requested, (unsigned)CLIPBOARD_TEXT);
	f.elsewhere = true;
	peer_agent_offer(f.pair.guest, SPICE_CLIPBOARD_BIT(SPICE_CLIPBOARD_TEXT));
	agent_pair_turn(&f.pair);
	f.elsewhere = false;
	const struct clipboard_link link = spice_clipboard_link(f.pair.client);
	guest_link_clipboard_set_link(f.clipboard, &link, CLIPBOARD_TEXT);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.kinds[CLIPBOARD_RELEASE], 0);
	CHECK_EQ(f.kinds[CLIPBOARD_DATA], 0);
	CHECK_EQ(f.wanted, 1);
	CHECK_EQ(peer_agent_answer(f.pair.guest, SPICE_CLIPBOARD_TEXT, "hello", 5), 0);
	agent_pair_turn(&f.pair);
	CHECK_EQ(f.kinds[CLIPBOARD_DATA], 1);
	CHECK_EQ(f.message.serial, 7u);
	assert_string_equal(f.text, "hello");

	/* Whoever answers too late is told. */
	guest_link_clipboard_set_link(f.clipboard, &way, CLIPBOARD_TEXT);
	local(&f, CLIPBOARD_REQUEST, CLIPBOARD_TEXT, 8, NULL);
	loop_run_for(f.loop, 80);
	CHECK_EQ(f.message.failure, CLIPBOARD_FAILURE_TIME);
	CHECK_EQ(other.given_up, (unsigned)CLIPBOARD_TEXT);
	stop(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_guest_pastes_what_the_desktop_has),
		cmocka_unit_test(the_desktop_pastes_what_the_guest_has),
		cmocka_unit_test(large_content_fails_with_its_size),
		cmocka_unit_test(a_silent_guest_is_waited_for_so_long),
		cmocka_unit_test(a_closed_direction_says_nothing),
		cmocka_unit_test(directions_change_while_it_runs),
		cmocka_unit_test(focus_opens_and_closes),
		cmocka_unit_test(when_the_agent_goes_everybody_is_answered),
		cmocka_unit_test(a_change_of_ways_loses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
