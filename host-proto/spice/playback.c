#include "host-proto/spice/playback.h"

#include <errno.h>

#include "host-proto/spice/channel.h"
#include "host-proto/spice/reader.h"

#define DATA_MAX (32u * 1024)
#define RATE_MIN 8000u
#define RATE_MAX 192000u

void spice_sound_init(struct spice_sound *sound) {
	*sound = (struct spice_sound){ .mode = SPICE_AUDIO_RAW };
}

static void on_start(struct spice_sound *sound, struct reader *r, struct spice_sound_event *event) {
	const uint32_t channels = read_u32(r);
	const uint16_t format = read_u16(r);
	const uint32_t rate = read_u32(r);
	sound->started = reader_ok(r) && channels >= 1 && channels <= SPICE_AUDIO_CHANNELS_MAX &&
			 format == SPICE_AUDIO_S16 && rate >= RATE_MIN && rate <= RATE_MAX;
	if (sound->started) {
		sound->channels = channels;
		sound->rate = rate;
		event->kind = SPICE_SOUND_START;
	}
}

static int on_data(struct spice_sound *sound, struct reader *r, struct spice_sound_event *event) {
	read_u32(r); /* the server's clock: we keep our own */
	if (!reader_ok(r)) {
		return -EBADMSG;
	}
	if (sound->started && sound->mode == SPICE_AUDIO_OPUS) {
		if (r->left > 0 && r->left <= SPICE_OPUS_PACKET_MAX) {
			event->kind = SPICE_SOUND_PACKET;
			event->packet = r->at;
			event->packet_len = r->left;
		}
		return 0;
	}
	if (!sound->started || sound->mode != SPICE_AUDIO_RAW || r->left > DATA_MAX) {
		return 0;
	}
	const size_t frame = 2 * (size_t)sound->channels;
	if (r->left % frame != 0) {
		return -EBADMSG;
	}
	if (r->left > 0) {
		event->kind = SPICE_SOUND_DATA;
		event->frames = (unsigned)(r->left / frame);
		event->samples = r->at;
	}
	return 0;
}

static void on_volume(
		struct spice_sound *sound, struct reader *r, struct spice_sound_event *event) {
	const unsigned count = read_u8(r);
	unsigned used = 0;
	for (unsigned i = 0; i < count; i++) {
		const uint16_t volume = read_u16(r);
		if (used < SPICE_AUDIO_CHANNELS_MAX) {
			sound->volume[used++] = volume;
		}
	}
	sound->volume_count = reader_ok(r) ? used : 0;
	event->kind = SPICE_SOUND_VOLUME;
}

static void on_mute(struct spice_sound *sound, struct reader *r, struct spice_sound_event *event) {
	sound->mute = read_u8(r) != 0;
	event->kind = SPICE_SOUND_VOLUME;
}

static void on_stop(struct spice_sound *sound, struct spice_sound_event *event) {
	sound->started = false;
	event->kind = SPICE_SOUND_STOP;
}

int spice_playback_message(struct spice_sound *sound, unsigned type, const uint8_t *body,
		size_t len, struct spice_sound_event *ret_event) {
	struct reader r = reader_of(body, len);
	*ret_event = (struct spice_sound_event){ .kind = SPICE_SOUND_NONE };
	switch (type) {
	case SPICE_PLAYBACK_DATA:
		return on_data(sound, &r, ret_event);
	case SPICE_PLAYBACK_MODE:
		read_u32(&r);
		sound->mode = (enum spice_audio_mode)read_u16(&r); /* others play nothing */
		break;
	case SPICE_PLAYBACK_START:
		on_start(sound, &r, ret_event);
		break;
	case SPICE_PLAYBACK_STOP:
		on_stop(sound, ret_event);
		break;
	case SPICE_PLAYBACK_VOLUME:
		on_volume(sound, &r, ret_event);
		break;
	case SPICE_PLAYBACK_MUTE:
		on_mute(sound, &r, ret_event);
		break;
	default:
		break;
	}
	return reader_ok(&r) ? 0 : -EBADMSG;
}

int spice_record_message(struct spice_sound *sound, unsigned type, const uint8_t *body, size_t len,
		struct spice_sound_event *ret_event) {
	struct reader r = reader_of(body, len);
	*ret_event = (struct spice_sound_event){ .kind = SPICE_SOUND_NONE };
	switch (type) {
	case SPICE_RECORD_START:
		on_start(sound, &r, ret_event);
		break;
	case SPICE_RECORD_STOP:
		on_stop(sound, ret_event);
		break;
	case SPICE_RECORD_VOLUME:
		on_volume(sound, &r, ret_event);
		break;
	case SPICE_RECORD_MUTE:
		on_mute(sound, &r, ret_event);
		break;
	default:
		break;
	}
	return reader_ok(&r) ? 0 : -EBADMSG;
}

int spice_record_begin(struct spice_channel *channel, uint32_t time_ms) {
	uint8_t body[6];
	struct writer w = writer_of(body, sizeof body);
	write_u32(&w, time_ms);
	write_u16(&w, SPICE_AUDIO_RAW);
	int r = spice_channel_send(channel, SPICE_RECORD_MODE, body, writer_len(&w));
	return r < 0 ? r : spice_channel_send(channel, SPICE_RECORD_START_MARK, body, 4);
}

int spice_record_send(struct spice_channel *channel, uint32_t time_ms, const int16_t *samples,
		unsigned frames) {
	uint8_t body[4 + SPICE_RECORD_FRAMES * 4];
	struct writer w = writer_of(body, sizeof body);
	write_u32(&w, time_ms);
	write_bytes(&w, samples, (size_t)frames * 4);
	return writer_len(&w) == 0 ? -EINVAL
				   : spice_channel_send(channel, SPICE_RECORD_DATA, body,
						     writer_len(&w));
}
