/* Who gets the microphone: the session against our server peer, the audio part without a sound
 * server. What is heard then is tests/integration/microphone. */
#include "client/session/guest_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "audio/audio.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "host-proto/sim/peer.h"
#include "host-proto/spice/reader.h"
#include "tests/support/check.h"
#include "tests/support/loop_wait.h"

struct fixture {
	struct loop *loop;
	struct audio *audio;
	struct guest_link *session;
	struct guest_link_status status;
	char folder[64], path[96];
	struct spice_peer *peer;
	struct loop_source *peer_source;
	unsigned links, modes, marks, data;
};

static void on_peer(int fd, uint32_t events, void *data) {
	(void)fd;
	(void)events;
	CHECK_EQ(spice_peer_step(((struct fixture *)data)->peer), 0);
}

static void on_linked(enum spice_channel_type channel, void *data) {
	((struct fixture *)data)->links += channel == SPICE_CHANNEL_RECORD;
}

static void on_message(enum spice_channel_type channel, unsigned type, const uint8_t *body,
		size_t len, void *data) {
	struct fixture *f = data;
	(void)body;
	(void)len;
	if (channel == SPICE_CHANNEL_RECORD) {
		f->modes += type == SPICE_RECORD_MODE;
		f->marks += type == SPICE_RECORD_START_MARK;
		f->data += type == SPICE_RECORD_DATA;
	}
}

static void on_status(const struct guest_link_status *status, void *data) {
	((struct fixture *)data)->status = *status;
}

static void start(struct fixture *f, enum guest_link_microphone_policy policy) {
	struct guest_link_config config = {
		.microphone = policy, .grab_toggle = "ctrl-ctrl", .escape_key = "scrolllock"
	};
	const struct audio_config audio = {
		.output = AUDIO_OUTPUT_NONE, .microphone = true, .server = "unix:/nonexistent/pulse"
	};
	const struct audio_events no_events = { 0 };
	const struct guest_link_events events = { .status = on_status, .data = f };
	const struct spice_peer_events peer_events = {
		.linked = on_linked, .message = on_message, .data = f
	};
	log_set_level(LOG_NONE);
	strcpy(f->folder, "/tmp/pierglass-microphone-XXXXXX");
	CHECK(mkdtemp(f->folder));
	snprintf(f->path, sizeof f->path, "%s/spice.sock", f->folder);
	snprintf(config.uri, sizeof config.uri, "unix:%s", f->path);
	const struct spice_peer_config peer = { .unix_path = f->path,
		.channels = 1u << SPICE_CHANNEL_RECORD };
	CHECK_EQ(loop_create(&f->loop), 0);
	CHECK_EQ(spice_peer_create(&f->peer, &peer, &peer_events), 0);
	f->peer_source = loop_add_fd(f->loop, spice_peer_fd(f->peer), EPOLLIN, on_peer, f);
	CHECK_EQ(audio_start(&f->audio, &audio, &no_events), 0);
	CHECK_EQ(guest_link_create(&f->session, f->loop, &config, NULL, f->audio, &events), 0);
}

static void stop(struct fixture *f) {
	guest_link_destroy(f->session);
	audio_stop(f->audio);
	loop_remove(f->peer_source);
	spice_peer_destroy(f->peer);
	loop_destroy(f->loop);
	unlink(f->path);
	rmdir(f->folder);
}

#define WAIT(condition) WAIT_ON(f.loop, condition, 5)

static void guest_records(struct fixture *f, uint32_t channels) {
	uint8_t body[10];
	struct writer w = writer_of(body, sizeof body);
	write_u32(&w, channels);
	write_u16(&w, SPICE_AUDIO_S16);
	write_u32(&w, 48000);
	CHECK_EQ(spice_peer_send(f->peer, SPICE_CHANNEL_RECORD, SPICE_RECORD_START, body,
				 sizeof body),
			0);
}

static void guest_stops(struct fixture *f) {
	CHECK_EQ(spice_peer_send(f->peer, SPICE_CHANNEL_RECORD, SPICE_RECORD_STOP, NULL, 0), 0);
}

static void guest_mutes(struct fixture *f, uint8_t mute) {
	CHECK_EQ(spice_peer_send(f->peer, SPICE_CHANNEL_RECORD, SPICE_RECORD_MUTE, &mute, 1), 0);
}

static void command(struct fixture *f, enum guest_link_command_kind kind, int value) {
	const struct guest_link_command c = { .kind = kind, .on = value != 0, .value = value };
	CHECK_EQ(guest_link_command(f->session, &c), 0);
}

static void off_does_not_even_link_it(void **state) {
	(void)state;
	struct fixture f = { 0 };
	start(&f, GUEST_LINK_MICROPHONE_OFF);
	WAIT(f.status.has_record);
	loop_run_for(f.loop, 50);
	CHECK_EQ(f.links, 0);
	CHECK_EQ(f.status.microphone, GUEST_LINK_MIC_OFF);
	/* The user's key is stronger than the policy, both ways. */
	command(&f, GUEST_LINK_MICROPHONE, 1);
	WAIT(f.links == 1 && f.status.microphone == GUEST_LINK_MIC_READY);
	guest_records(&f, 2);
	WAIT(f.status.microphone == GUEST_LINK_MIC_OPEN && f.marks == 1);
	command(&f, GUEST_LINK_MICROPHONE, 0);
	WAIT(f.status.microphone == GUEST_LINK_MIC_OFF);
	CHECK_EQ(f.data, 0);
	stop(&f);
}

/* NOLINTNEXTLINE(readability-function-cognitive-complexity): the loops are WAIT() */
static void ask_waits_for_the_user(void **state) {
	(void)state;
	struct fixture f = { 0 };
	start(&f, GUEST_LINK_MICROPHONE_ASK);
	WAIT(f.links == 1);
	CHECK_EQ(f.status.microphone, GUEST_LINK_MIC_READY);
	guest_records(&f, 2);
	WAIT(f.status.microphone == GUEST_LINK_MIC_ASKING);
	loop_run_for(f.loop, 50);
	CHECK_EQ(f.modes, 0);
	CHECK_EQ(f.marks, 0);
	command(&f, GUEST_LINK_MICROPHONE, 1);
	WAIT(f.modes == 1 && f.marks == 1);
	CHECK_EQ(f.status.microphone, GUEST_LINK_MIC_OPEN);
	/* It may record again without another question. */
	guest_stops(&f);
	WAIT(f.status.microphone == GUEST_LINK_MIC_READY);
	guest_records(&f, 2);
	WAIT(f.status.microphone == GUEST_LINK_MIC_OPEN && f.marks == 2);
	/* Whoever is there after a reconnect is asked for anew. */
	spice_peer_close(f.peer, SPICE_CHANNEL_NONE);
	WAIT(f.status.microphone == GUEST_LINK_MIC_READY);
	command(&f, GUEST_LINK_RECONNECT, 1);
	WAIT(f.links == 2);
	guest_records(&f, 2);
	WAIT(f.status.microphone == GUEST_LINK_MIC_ASKING);
	command(&f, GUEST_LINK_MICROPHONE, 0);
	WAIT(f.status.microphone == GUEST_LINK_MIC_DECLINED);
	guest_stops(&f);
	guest_records(&f, 2);
	loop_run_for(f.loop, 50);
	CHECK_EQ(f.status.microphone, GUEST_LINK_MIC_DECLINED);
	CHECK_EQ(f.marks, 2);
	command(&f, GUEST_LINK_MICROPHONE_POLICY, GUEST_LINK_MICROPHONE_ON);
	WAIT(f.status.microphone == GUEST_LINK_MIC_OPEN && f.marks == 3);
	command(&f, GUEST_LINK_MICROPHONE_POLICY, GUEST_LINK_MICROPHONE_OFF);
	WAIT(f.status.microphone == GUEST_LINK_MIC_OFF);
	CHECK_EQ(spice_peer_state(f.peer)->errors, 0);
	stop(&f);
}

static void on_follows_the_guest(void **state) {
	(void)state;
	struct fixture f = { 0 };
	start(&f, GUEST_LINK_MICROPHONE_ON);
	WAIT(f.links == 1);
	guest_mutes(&f, 1);
	guest_records(&f, 2);
	WAIT(f.status.microphone == GUEST_LINK_MIC_MUTED);
	CHECK_EQ(f.marks, 0);
	guest_mutes(&f, 0);
	WAIT(f.status.microphone == GUEST_LINK_MIC_OPEN && f.marks == 1);
	guest_stops(&f);
	WAIT(f.status.microphone == GUEST_LINK_MIC_READY);
	/* Frames of one channel cannot be told to a server. */
	guest_records(&f, 1);
	loop_run_for(f.loop, 50);
	CHECK_EQ(f.status.microphone, GUEST_LINK_MIC_READY);
	CHECK_EQ(f.marks, 1);
	stop(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(off_does_not_even_link_it),
		cmocka_unit_test(ask_waits_for_the_user),
		cmocka_unit_test(on_follows_the_guest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
