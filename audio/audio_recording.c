/* What is played, for a recording: mixed down to stereo, with the time at which it is heard. */
#include "audio/audio_internal.h"

#include "recording/recording_memory.h"

/* How much of a channel is on the left and on the right. */
struct share {
	float left, right;
};

static struct share share_of(enum scream_position position) {
	switch (position) {
	case SCREAM_FRONT_LEFT:
		return (struct share){ 1, 0 };
	case SCREAM_FRONT_RIGHT:
		return (struct share){ 0, 1 };
	case SCREAM_BACK_LEFT:
	case SCREAM_SIDE_LEFT:
	case SCREAM_FRONT_LEFT_OF_CENTER:
		return (struct share){ 0.7f, 0 };
	case SCREAM_BACK_RIGHT:
	case SCREAM_SIDE_RIGHT:
	case SCREAM_FRONT_RIGHT_OF_CENTER:
		return (struct share){ 0, 0.7f };
	case SCREAM_FRONT_CENTER:
	case SCREAM_BACK_CENTER:
		return (struct share){ 0.7f, 0.7f };
	case SCREAM_MONO:
		return (struct share){ 1, 1 };
	case SCREAM_LFE: /* as most players have it */
		break;
	}
	return (struct share){ 0, 0 };
}

static void listen_to(const float *frames, unsigned count, const struct sink_format *format,
		unsigned rate, uint64_t at_ns, void *data) {
	struct audio *audio = data;
	struct recording_memory *memory = recording_seat_look(&audio->recording);
	struct share shares[SCREAM_CHANNELS_MAX];
	float stereo[2 * RECORDING_BLOCK_FRAMES];
	const unsigned channels = format->channels;
	if (!memory || channels == 0 || channels > SCREAM_CHANNELS_MAX) {
		return;
	}
	for (unsigned c = 0; c < channels; c++) {
		shares[c] = share_of(channels == 1 ? SCREAM_MONO : format->position[c]);
	}
	while (count > 0) {
		const unsigned n = count < RECORDING_BLOCK_FRAMES ? count : RECORDING_BLOCK_FRAMES;
		for (unsigned i = 0; i < n; i++, frames += channels) {
			float left = 0, right = 0;
			for (unsigned c = 0; c < channels; c++) {
				left += shares[c].left * frames[c];
				right += shares[c].right * frames[c];
			}
			stereo[2 * i] = left;
			stereo[2 * i + 1] = right;
		}
		recording_sound_put(memory, stereo, n, rate, at_ns);
		at_ns = 0; /* the rest follows on */
		count -= n;
	}
}

void audio_listen(struct audio *audio) {
	playout_set_listener(audio->playout, listen_to, audio);
}

void audio_record(struct audio *audio, struct recording_memory *memory) {
	recording_seat_put(&audio->recording, memory);
	audio_wake(audio);
}
