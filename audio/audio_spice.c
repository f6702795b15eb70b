#define LOG_MODULE "audio"
#include "audio/audio_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "audio/server/microphone.h"
#include "base/clock.h"

#include "base/log.h"

#define REPORT_NS          (10 * NS_PER_S)
#define SPICE_BLOCKS       64
#define SPICE_CHANNELS_MAX 2
#define MICROPHONE_BLOCKS  32 /* of 10.7 ms */

/* ---- on pg-audio ---- */

static void change_source(struct audio *audio, enum sound_source source, uint64_t now_ns) {
	if (audio->source != SOURCE_NONE) {
		playout_break(audio->playout, now_ns);
	}
	if (audio->source_reported_ns == 0 || now_ns - audio->source_reported_ns > REPORT_NS) {
		log_info("playing %s sound", source == SOURCE_SPICE ? "SPICE" : "Scream");
		audio->source_reported_ns = now_ns;
	}
	audio->source = source;
	playout_set_reliable(audio->playout, source == SOURCE_SPICE);
	if (audio->spice_mute) {
		/* Of one card, not of the other. */
		sink_pulse_set_guest_mute(audio->sink, source == SOURCE_SPICE);
	}
}

void audio_play(struct audio *audio, enum sound_source source, const struct scream_packet *packet,
		uint64_t arrived_ns, uint64_t now_ns) {
	const size_t bytes = (size_t)packet->frames * scream_frame_bytes(&packet->format);
	if (!source_choice_block(&audio->choice, source, scream_is_silence(packet->pcm, bytes),
			    now_ns)) {
		return;
	}
	if (audio->source != source) {
		change_source(audio, source, now_ns);
	}
	playout_listens(audio->playout, source == SOURCE_SPICE ? atomic_load(&audio->spice_since_ns)
							       : receiver_since(audio->receiver));
	playout_packet(audio->playout, packet, arrived_ns, now_ns);
}

static void play_pushed(struct audio *audio, uint64_t now_ns) {
	struct spice_block block;
	struct spice_volume volume;
	while (queue_pop(&audio->spice, &block)) {
		if (block.stop) {
			source_choice_stopped(&audio->choice, SOURCE_SPICE);
			if (audio->source == SOURCE_SPICE) {
				playout_break(audio->playout, now_ns);
			}
			continue;
		}
		const struct scream_packet packet = {
			.format = block.format,
			.pcm = block.pcm,
			.frames = block.frames,
		};
		audio_play(audio, SOURCE_SPICE, &packet, block.arrived_ns, now_ns);
	}
	if (audio->source == SOURCE_SPICE && audio->config.output == AUDIO_OUTPUT_PULSE &&
			mailbox_take(&audio->volume, &volume)) {
		audio->spice_mute = volume.mute;
		sink_pulse_set_volume(audio->sink, volume.channels, volume.volume, volume.mute);
	}
}

/* Nobody takes them: the newest are left out, so that nothing grows old. */
static void on_block(const struct microphone_block *block, void *data) {
	struct audio *audio = data;
	const uint64_t one = 1;
	audio->microphone_frames += block->frames;
	if (queue_push(&audio->microphone_blocks, block) == 0) {
		(void)!write(audio->microphone_fd, &one, sizeof one);
	}
}

static void run_microphone(struct audio *audio, uint64_t now_ns) {
	struct microphone_request request;
	if (mailbox_take(&audio->microphone_request, &request)) {
		microphone_set(audio->microphone, &request);
	}
	if (deadline_is_over(microphone_deadline(audio->microphone), now_ns)) {
		microphone_tick(audio->microphone, now_ns);
	}
}

void audio_spice_run(struct audio *audio, uint64_t now_ns) {
	if (audio->takes_spice) {
		play_pushed(audio, now_ns);
	}
	if (audio->microphone) {
		run_microphone(audio, now_ns);
	}
}

deadline audio_spice_deadline(const struct audio *audio) {
	return audio->microphone ? microphone_deadline(audio->microphone) : DEADLINE_NONE;
}

/* ---- life ---- */

static int create_microphone(struct audio *audio) {
	const struct microphone_events events = { .block = on_block, .data = audio };
	int r = queue_init(&audio->microphone_blocks, sizeof(struct microphone_block),
			MICROPHONE_BLOCKS, NULL, NULL);
	if (r < 0) {
		return r;
	}
	audio->microphone_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (audio->microphone_fd < 0) {
		queue_finish(&audio->microphone_blocks);
		return -errno;
	}
	return microphone_create(&audio->microphone, pulse_loop_api(audio->pulse),
			audio->config.server, &events);
}

int audio_spice_create(struct audio *audio) {
	int r = mailbox_init(&audio->volume, sizeof(struct spice_volume), audio_wake, audio);
	if (r == 0) {
		r = mailbox_init(&audio->microphone_request, sizeof(struct microphone_request),
				audio_wake, audio);
	}
	if (r == 0 && audio->config.microphone) {
		r = create_microphone(audio);
	}
	if (r < 0 || !audio->playout ||
			(audio->config.scream && !audio->config.spice_when_silent)) {
		return r;
	}
	r = queue_init(&audio->spice, sizeof(struct spice_block), SPICE_BLOCKS, audio_wake, audio);
	audio->takes_spice = r == 0;
	return r;
}

void audio_spice_destroy(struct audio *audio) {
	microphone_destroy(audio->microphone);
	if (audio->microphone_fd >= 0) {
		close(audio->microphone_fd);
		queue_finish(&audio->microphone_blocks);
	}
	if (audio->takes_spice) {
		queue_finish(&audio->spice);
	}
	mailbox_finish(&audio->microphone_request);
	mailbox_finish(&audio->volume);
}

/* ---- from any thread ---- */

void audio_push(struct audio *audio, const void *samples, unsigned frames, unsigned channels,
		unsigned rate, uint64_t arrived_ns) {
	if (!audio->takes_spice || channels < 1 || channels > SPICE_CHANNELS_MAX || rate < 8000 ||
			rate > SCREAM_RATE_MAX) {
		return;
	}
	struct spice_block block = {
		.format = { .rate = rate,
				.bits = 16,
				.channels = channels,
				.mask = scream_default_mask(channels) },
	};
	unsigned frame = channels * 2;
	unsigned most = PLAYOUT_BLOCK_BYTES / frame;
	most = most < SCREAM_FRAMES_MAX ? most : SCREAM_FRAMES_MAX;
	const uint8_t *from = samples;
	while (frames > 0) {
		block.frames = frames < most ? frames : most;
		frames -= block.frames;
		/* As if each piece had come when its last frame was due. */
		block.arrived_ns = arrived_ns - frames * NS_PER_S / rate;
		memcpy(block.pcm, from, (size_t)block.frames * frame);
		from += (size_t)block.frames * frame;
		if (queue_push(&audio->spice, &block) < 0) {
			return; /* counted there */
		}
	}
}

void audio_push_stop(struct audio *audio) {
	const struct spice_block block = { .stop = true };
	if (audio->takes_spice) {
		queue_push(&audio->spice, &block);
	}
}

void audio_push_linked(struct audio *audio) {
	atomic_store(&audio->spice_since_ns, clock_now_ns());
}

void audio_push_volume(struct audio *audio, unsigned channels, const uint16_t *volume, bool mute) {
	struct spice_volume set = { .mute = mute };
	set.channels = channels < SCREAM_CHANNELS_MAX ? channels : SCREAM_CHANNELS_MAX;
	memcpy(set.volume, volume, set.channels * sizeof *volume);
	if (audio->takes_spice && set.channels > 0) {
		mailbox_put(&audio->volume, &set);
	}
}

void audio_set_microphone(struct audio *audio, const struct microphone_request *request) {
	mailbox_put(&audio->microphone_request, request);
}

int audio_microphone_fd(const struct audio *audio) {
	return audio->microphone_fd;
}

bool audio_microphone_take(struct audio *audio, struct microphone_block *ret_block) {
	uint64_t count;
	if (queue_pop(&audio->microphone_blocks, ret_block)) {
		return true;
	}
	(void)!read(audio->microphone_fd, &count, sizeof count);
	/* What came between the two looks has set it again, or is here. */
	return queue_pop(&audio->microphone_blocks, ret_block);
}
