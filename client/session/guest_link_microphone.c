#define LOG_MODULE "spice"
#include "client/session/guest_link_microphone.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "audio/audio.h"
#include "audio/server/microphone.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/pace.h"
#include "client/session/spice_session.h"
#include "host-proto/spice/playback.h"

#include "base/log.h"

#define SEND_MAX   (64u * 1024)
#define BUSY_BYTES (16u * 1024) /* 85 ms that the server does not read: leave the newest out */
#define ASK_FOR_NS (20 * NS_PER_S)
#define QUIET_NS   (300 * NS_PER_S) /* after a no: nothing is asked, whoever records */
/* A guest that starts and stops for ever does not open and close the microphone as often. */
#define STARTS_BURST 4u
#define STARTS_NS    (2 * NS_PER_S)

enum answer { ANSWER_NONE, ANSWER_YES, ANSWER_NO };

struct guest_link_microphone {
	/* constant */
	bool sync_volume;
	struct spice_session *spice;
	struct audio *audio;
	void (*changed)(void *data);
	void *data;

	enum guest_link_microphone_policy policy;
	enum answer answer;
	enum guest_link_microphone_state state;
	struct loop_source *ask_timer;
	struct loop_source *blocks;
	uint64_t quiet_until_ns;
	struct pace starts;
	struct loop_source *start_timer; /* a start that came too soon is taken then */
	bool late;
	bool asked; /* the timer of this question runs, or ran */

	struct spice_channel *channel; /* NULL: not linked */
	struct spice_sound stream;     /* as the guest wants it */
	bool begun;                    /* the server knows that blocks come */
};

static bool may(const struct guest_link_microphone *mic) {
	return mic->answer == ANSWER_YES ||
	       (mic->answer == ANSWER_NONE && mic->policy == GUEST_LINK_MICROPHONE_ON);
}

static uint32_t time_ms(void) {
	return (uint32_t)(clock_now_ns() / NS_PER_MS);
}

static const char *state_text(enum guest_link_microphone_state state) {
	switch (state) {
	case GUEST_LINK_MIC_OFF:
		return "off";
	case GUEST_LINK_MIC_READY:
		return "ready, the VM does not record";
	case GUEST_LINK_MIC_ASKING:
		return "the VM wants it, asking";
	case GUEST_LINK_MIC_DECLINED:
		return "the VM wants it and does not get it";
	case GUEST_LINK_MIC_MUTED:
		return "muted by the VM";
	case GUEST_LINK_MIC_OPEN:
		return "the VM records";
	}
	return "?";
}

static enum guest_link_microphone_state find_state(const struct guest_link_microphone *mic) {
	if (mic->policy == GUEST_LINK_MICROPHONE_OFF && mic->answer != ANSWER_YES) {
		return GUEST_LINK_MIC_OFF;
	}
	if (!mic->stream.started || mic->late) {
		return GUEST_LINK_MIC_READY;
	}
	if (!may(mic)) {
		return mic->answer == ANSWER_NO ? GUEST_LINK_MIC_DECLINED : GUEST_LINK_MIC_ASKING;
	}
	return mic->stream.mute ? GUEST_LINK_MIC_MUTED : GUEST_LINK_MIC_OPEN;
}

static void send_request(const struct guest_link_microphone *mic) {
	struct microphone_request request = {
		.on = mic->state == GUEST_LINK_MIC_OPEN || mic->state == GUEST_LINK_MIC_MUTED,
		.mute = mic->stream.mute,
		.rate = mic->stream.rate,
	};
	if (mic->sync_volume) {
		request.volume_channels =
				mic->stream.volume_count < 2 ? mic->stream.volume_count : 2;
		memcpy(request.volume, mic->stream.volume, sizeof request.volume);
	}
	audio_set_microphone(mic->audio, &request);
}

static void take_blocks(struct guest_link_microphone *mic) {
	struct microphone_block block;
	while (audio_microphone_take(mic->audio, &block)) {
		if (mic->state != GUEST_LINK_MIC_OPEN || !mic->channel) {
			continue; /* captured just before it was closed: nobody's business */
		}
		if (spice_channel_unsent(mic->channel) > BUSY_BYTES) {
			log_warn_limited("the VM does not take the sound of the microphone");
			continue;
		}
		(void)spice_record_send(mic->channel, time_ms(), block.samples, block.frames);
	}
	spice_session_sent(mic->spice, SPICE_CHANNEL_RECORD);
}

static void on_blocks(int fd, uint32_t events, void *data) {
	(void)fd;
	(void)events;
	take_blocks(data);
}

/* What follows from the guest's request, the policy and the answer. */
static void update(struct guest_link_microphone *mic) {
	enum guest_link_microphone_state state = find_state(mic);
	bool reported = state != mic->state;
	mic->state = state;
	if (state == GUEST_LINK_MIC_OPEN && !mic->begun) {
		mic->begun = true;
		(void)spice_record_begin(mic->channel, time_ms());
		spice_session_sent(mic->spice, SPICE_CHANNEL_RECORD);
	}
	if (state == GUEST_LINK_MIC_ASKING && !mic->asked) {
		mic->asked = true; /* once: a guest cannot hold the question open */
		loop_set_timer(mic->ask_timer, clock_now_ns() + ASK_FOR_NS);
	}
	send_request(mic);
	if (reported) {
		log_info("microphone: %s", state_text(state));
		mic->changed(mic->data);
	}
}

static void forget_answer(struct guest_link_microphone *mic) {
	mic->answer = ANSWER_NONE;
	mic->asked = false;
	loop_set_timer(mic->ask_timer, 0);
}

/* No answer is a no. */
static void on_ask_timer(void *data) {
	struct guest_link_microphone *mic = data;
	if (mic->answer == ANSWER_NONE && mic->policy == GUEST_LINK_MICROPHONE_ASK) {
		mic->answer = ANSWER_NO;
		mic->quiet_until_ns = clock_now_ns() + QUIET_NS;
		update(mic);
	}
}

static void on_start_timer(void *data) {
	struct guest_link_microphone *mic = data;
	mic->late = false;
	update(mic);
}

/* ---- the channel ---- */

static void on_linked(struct spice_channel *channel, void *data) {
	struct guest_link_microphone *mic = data;
	spice_sound_init(&mic->stream);
	mic->channel = channel;
	mic->begun = false;
}

static void on_closed(void *data) {
	struct guest_link_microphone *mic = data;
	spice_sound_init(&mic->stream);
	mic->channel = NULL;
	if (mic->policy == GUEST_LINK_MICROPHONE_ASK) {
		forget_answer(mic); /* another guest may be next ... */
		if (clock_now_ns() < mic->quiet_until_ns) {
			mic->answer = ANSWER_NO; /* ... or the same one that asks again */
		}
	}
	update(mic);
}

static int on_message(unsigned type, const uint8_t *body, size_t len, void *data) {
	struct guest_link_microphone *mic = data;
	struct spice_sound_event event;
	int r = spice_record_message(&mic->stream, type, body, len, &event);
	if (r < 0) {
		return r;
	}
	if (event.kind == SPICE_SOUND_START) {
		/* The server understands frames of two channels only (7). */
		mic->stream.started = mic->stream.channels == 2;
		mic->begun = false;
		const uint64_t now = clock_now_ns();
		const uint64_t wait = pace_wait_ns(&mic->starts, now, STARTS_BURST, STARTS_NS);
		mic->late = wait > 0;
		loop_set_timer(mic->start_timer, wait > 0 ? now + wait : 0);
	}
	if (event.kind != SPICE_SOUND_NONE) {
		update(mic);
	}
	return 0;
}

static void want_channel(struct guest_link_microphone *mic) {
	spice_session_want(mic->spice, SPICE_CHANNEL_RECORD,
			mic->policy != GUEST_LINK_MICROPHONE_OFF || mic->answer == ANSWER_YES);
}

void guest_link_microphone_allow(struct guest_link_microphone *mic, bool allow) {
	mic->answer = allow ? ANSWER_YES : ANSWER_NO;
	mic->quiet_until_ns = allow ? 0 : clock_now_ns() + QUIET_NS;
	update(mic);
	want_channel(mic);
}

void guest_link_microphone_set_policy(
		struct guest_link_microphone *mic, enum guest_link_microphone_policy policy) {
	mic->policy = policy;
	forget_answer(mic);
	mic->quiet_until_ns = 0;
	update(mic);
	want_channel(mic);
}

enum guest_link_microphone_state guest_link_microphone_state(
		const struct guest_link_microphone *mic) {
	return mic->state;
}

/* ---- life ---- */

int guest_link_microphone_create(struct guest_link_microphone **ret_microphone, struct loop *loop,
		struct spice_session *spice, struct audio *audio,
		const struct guest_link_microphone_config *config, void (*changed)(void *data),
		void *data) {
	struct guest_link_microphone *mic = calloc(1, sizeof *mic);
	if (!mic) {
		return -ENOMEM;
	}
	*mic = (struct guest_link_microphone){
		.sync_volume = config->sync_volume,
		.spice = spice,
		.audio = audio,
		.changed = changed,
		.data = data,
		.policy = config->policy,
	};
	mic->state = find_state(mic);
	mic->start_timer = loop_add_timer(loop, on_start_timer, mic);
	mic->ask_timer = loop_add_timer(loop, on_ask_timer, mic);
	mic->blocks = loop_add_fd(loop, audio_microphone_fd(audio), EPOLLIN, on_blocks, mic);
	if (!mic->start_timer || !mic->ask_timer || !mic->blocks) {
		guest_link_microphone_destroy(mic);
		return -ENOMEM;
	}
	const struct spice_handler handler = {
		.caps = SPICE_RECORD_CAP_VOLUME,
		.send_max = SEND_MAX,
		.linked = on_linked,
		.closed = on_closed,
		.message = on_message,
		.data = mic,
	};
	spice_session_set_handler(spice, SPICE_CHANNEL_RECORD, &handler);
	want_channel(mic);
	*ret_microphone = mic;
	return 0;
}

void guest_link_microphone_destroy(struct guest_link_microphone *mic) {
	if (!mic) {
		return;
	}
	audio_set_microphone(mic->audio, &(struct microphone_request){ .on = false });
	loop_remove(mic->start_timer);
	loop_remove(mic->ask_timer);
	loop_remove(mic->blocks);
	free(mic);
}
