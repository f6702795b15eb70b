#define LOG_MODULE "spice"
#include "client/session/guest_link_sound.h"

#include <errno.h>
#include <stdlib.h>

#include "audio/audio.h"
#include "audio/codec/opus_stream.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pace.h"
#include "client/session/spice_session.h"
#include "host-proto/spice/playback.h"

#define SEND_MAX 4096u

#define FORMATS_BURST 8u
#define FORMATS_NS    (2 * NS_PER_S)

struct guest_link_sound {
	struct audio *audio;
	bool sync_volume;
	struct spice_sound stream;
	struct opus_stream *opus; /* made with the first packet of a stream */
	bool opus_failed;

	/* A stream of another format is opened anew at the sound server. */
	struct pace formats;
	unsigned rate, channels; /* of the newest stream */
	uint64_t silent_until_ns;
};

static void end_stream(struct guest_link_sound *sound) {
	opus_stream_destroy(sound->opus);
	sound->opus = NULL;
	sound->opus_failed = false;
}

static void play_packet(struct guest_link_sound *sound, const void *packet, size_t len) {
	const struct spice_sound *stream = &sound->stream;
	if (!sound->opus && !sound->opus_failed) {
		int r = opus_stream_create(&sound->opus, stream->rate, stream->channels);
		sound->opus_failed = r < 0;
		if (r < 0) {
			log_warn_limited("SPICE sound: no Opus of %u Hz and %u channels (%s)",
					stream->rate, stream->channels, strerrordesc_np(-r));
		} else {
			log_debug("SPICE sound comes as Opus");
		}
	}
	const int16_t *samples;
	int frames = sound->opus ? opus_stream_decode(sound->opus, packet, len, &samples) : 0;
	if (frames > 0) {
		audio_push(sound->audio, samples, (unsigned)frames, stream->channels, stream->rate,
				clock_now_ns());
	}
}

static void on_linked(struct spice_channel *channel, void *data) {
	struct guest_link_sound *sound = data;
	(void)channel;
	spice_sound_init(&sound->stream);
	end_stream(sound);
	audio_push_linked(sound->audio);
}

static void on_closed(void *data) {
	struct guest_link_sound *sound = data;
	audio_push_stop(sound->audio);
}

static void on_start(struct guest_link_sound *sound) {
	const struct spice_sound *stream = &sound->stream;
	end_stream(sound);
	if (sound->rate != stream->rate || sound->channels != stream->channels) {
		const uint64_t now = clock_now_ns();
		const uint64_t wait = pace_wait_ns(&sound->formats, now, FORMATS_BURST, FORMATS_NS);
		sound->rate = stream->rate;
		sound->channels = stream->channels;
		sound->silent_until_ns = wait > 0 ? now + wait : sound->silent_until_ns;
	}
}

/* Until a format that came too soon after the others may be played. */
static bool is_silent(const struct guest_link_sound *sound) {
	return sound->silent_until_ns != 0 && clock_now_ns() < sound->silent_until_ns;
}

static int on_message(unsigned type, const uint8_t *body, size_t len, void *data) {
	struct guest_link_sound *sound = data;
	const struct spice_sound *stream = &sound->stream;
	struct spice_sound_event event;
	int r = spice_playback_message(&sound->stream, type, body, len, &event);
	if (r < 0) {
		return r;
	}
	switch (event.kind) {
	case SPICE_SOUND_DATA:
		if (is_silent(sound)) {
			break;
		}
		audio_push(sound->audio, event.samples, event.frames, stream->channels,
				stream->rate, clock_now_ns());
		break;
	case SPICE_SOUND_PACKET:
		if (!is_silent(sound)) {
			play_packet(sound, event.packet, event.packet_len);
		}
		break;
	case SPICE_SOUND_STOP:
		end_stream(sound);
		audio_push_stop(sound->audio);
		break;
	case SPICE_SOUND_VOLUME:
		if (sound->sync_volume && stream->volume_count > 0) {
			audio_push_volume(sound->audio, stream->volume_count, stream->volume,
					stream->mute);
		}
		break;
	case SPICE_SOUND_START:
		on_start(sound);
		break;
	case SPICE_SOUND_NONE:
		break;
	}
	return 0;
}

int guest_link_sound_create(struct guest_link_sound **ret_sound, struct spice_session *spice,
		struct audio *audio, bool sync_volume) {
	struct guest_link_sound *sound = calloc(1, sizeof *sound);
	if (!sound) {
		return -ENOMEM;
	}
	*sound = (struct guest_link_sound){ .audio = audio, .sync_volume = sync_volume };
	const struct spice_handler handler = {
		.caps = SPICE_PLAYBACK_CAPS,
		/* It costs the guest's machine time, saves ten times the bytes. */
		.remote_caps = opus_stream_built_in() ? SPICE_PLAYBACK_CAP_OPUS : 0u,
		.send_max = SEND_MAX,
		.linked = on_linked,
		.closed = on_closed,
		.message = on_message,
		.data = sound,
	};
	spice_session_set_handler(spice, SPICE_CHANNEL_PLAYBACK, &handler);
	spice_session_want(spice, SPICE_CHANNEL_PLAYBACK, true);
	*ret_sound = sound;
	return 0;
}

void guest_link_sound_destroy(struct guest_link_sound *sound) {
	if (sound) {
		end_stream(sound);
		free(sound);
	}
}
