#include "host-proto/spice/playback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host-proto/spice/reader.h"
#include "tests/support/check.h"

static uint8_t bytes[64 * 1024];

static int feed(struct spice_sound *sound, unsigned type, size_t len,
		struct spice_sound_event *ret_event) {
	/* The event points into it until the next one. */
	static uint8_t *exact;
	free(exact);
	exact = malloc(len ? len : 1);
	memcpy(exact, bytes, len);
	return spice_playback_message(sound, type, exact, len, ret_event);
}

static int start(struct spice_sound *sound, uint32_t channels, unsigned format, uint32_t rate) {
	struct spice_sound_event event;
	struct writer w = writer_of(bytes, sizeof bytes);
	write_u32(&w, channels);
	write_u16(&w, (uint16_t)format);
	write_u32(&w, rate);
	write_u32(&w, 7);
	return feed(sound, SPICE_PLAYBACK_START, writer_len(&w), &event);
}

static int set_mode(struct spice_sound *sound, unsigned mode) {
	struct spice_sound_event event;
	struct writer w = writer_of(bytes, sizeof bytes);
	write_u32(&w, 7);
	write_u16(&w, (uint16_t)mode);
	return feed(sound, SPICE_PLAYBACK_MODE, writer_len(&w), &event);
}

static int data(struct spice_sound *sound, size_t len, struct spice_sound_event *ret_event) {
	memset(bytes, 0x5a, 4 + len);
	return feed(sound, SPICE_PLAYBACK_DATA, 4 + len, ret_event);
}

static void raw_blocks_are_whole_frames(void **state) {
	(void)state;
	struct spice_sound sound;
	struct spice_sound_event event;
	spice_sound_init(&sound);
	CHECK_EQ(data(&sound, 1920, &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_NONE); /* no START */
	CHECK_EQ(start(&sound, 2, SPICE_AUDIO_S16, 48000), 0);
	CHECK(sound.started);
	CHECK_EQ(data(&sound, 1920, &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_DATA);
	CHECK_EQ(event.frames, 480);
	CHECK_EQ(((const uint8_t *)event.samples)[1919], 0x5a);
	CHECK_EQ(data(&sound, 1919, &event), -EBADMSG);
	CHECK_EQ(data(&sound, 0, &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_NONE);
	CHECK_EQ(data(&sound, 32 * 1024, &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_DATA);
	CHECK_EQ(data(&sound, 32 * 1024 + 4, &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_NONE);
	CHECK_EQ(feed(&sound, SPICE_PLAYBACK_DATA, 3, &event), -EBADMSG);
	CHECK_EQ(feed(&sound, SPICE_PLAYBACK_STOP, 0, &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_STOP);
	CHECK_EQ(data(&sound, 1920, &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_NONE);
}

static void packets_of_opus_are_passed_on(void **state) {
	(void)state;
	struct spice_sound sound;
	struct spice_sound_event event;
	spice_sound_init(&sound);
	CHECK_EQ(set_mode(&sound, SPICE_AUDIO_OPUS), 0);
	CHECK_EQ(data(&sound, 150, &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_NONE); /* no START */
	CHECK_EQ(start(&sound, 2, SPICE_AUDIO_S16, 48000), 0);
	CHECK_EQ(data(&sound, 151, &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_PACKET);
	CHECK_EQ(event.packet_len, 151);
	CHECK_EQ(((const uint8_t *)event.packet)[150], 0x5a);
	CHECK_EQ(data(&sound, 0, &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_NONE);
	CHECK_EQ(data(&sound, SPICE_OPUS_PACKET_MAX, &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_PACKET);
	CHECK_EQ(data(&sound, SPICE_OPUS_PACKET_MAX + 1, &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_NONE);
	/* The mode may change in the middle; the last one counts. */
	CHECK_EQ(set_mode(&sound, SPICE_AUDIO_RAW), 0);
	CHECK_EQ(data(&sound, 8, &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_DATA);
	CHECK_EQ(event.frames, 2);
	/* One that nobody offered plays nothing. */
	CHECK_EQ(set_mode(&sound, SPICE_AUDIO_CELT), 0);
	CHECK_EQ(data(&sound, 8, &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_NONE);
	CHECK_EQ(set_mode(&sound, 0xffff), 0);
	CHECK_EQ(data(&sound, 8, &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_NONE);
}

static void odd_streams_are_not_begun(void **state) {
	(void)state;
	static const struct {
		uint32_t channels;
		unsigned format;
		uint32_t rate;
	} odd[] = { { 0, 1, 48000 }, { 9, 1, 48000 }, { UINT32_MAX, 1, 48000 }, { 2, 0, 48000 },
		{ 2, 2, 48000 }, { 2, 1, 0 }, { 2, 1, 7999 }, { 2, 1, 192001 },
		{ 2, 1, UINT32_MAX } };
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		struct spice_sound sound;
		struct spice_sound_event event;
		spice_sound_init(&sound);
		CHECK_EQ(start(&sound, odd[i].channels, odd[i].format, odd[i].rate), 0);
		CHECK(!sound.started);
		CHECK_EQ(data(&sound, 1920, &event), 0);
		CHECK_EQ(event.kind, SPICE_SOUND_NONE);
	}
}

static void the_volume_is_of_each_channel(void **state) {
	(void)state;
	struct spice_sound sound;
	struct spice_sound_event event;
	spice_sound_init(&sound);
	struct writer w = writer_of(bytes, sizeof bytes);
	write_u8(&w, 2);
	write_u16(&w, 0xbebe);
	write_u16(&w, 0x1234);
	CHECK_EQ(feed(&sound, SPICE_PLAYBACK_VOLUME, writer_len(&w), &event), 0);
	CHECK_EQ(event.kind, SPICE_SOUND_VOLUME);
	CHECK_EQ(sound.volume_count, 2);
	CHECK_EQ(sound.volume[0], 0xbebe);
	CHECK_EQ(sound.volume[1], 0x1234);
	CHECK(!sound.mute);
	CHECK_EQ(feed(&sound, SPICE_PLAYBACK_VOLUME, writer_len(&w) - 1, &event), -EBADMSG);
	CHECK_EQ(sound.volume_count, 0);
	/* More than there can be: the first ones. */
	w = writer_of(bytes, sizeof bytes);
	write_u8(&w, 200);
	for (unsigned i = 0; i < 200; i++) {
		write_u16(&w, (uint16_t)i);
	}
	CHECK_EQ(feed(&sound, SPICE_PLAYBACK_VOLUME, writer_len(&w), &event), 0);
	CHECK_EQ(sound.volume_count, SPICE_AUDIO_CHANNELS_MAX);
	CHECK_EQ(sound.volume[7], 7);
	bytes[0] = 1;
	CHECK_EQ(feed(&sound, SPICE_PLAYBACK_MUTE, 1, &event), 0);
	CHECK(sound.mute);
	CHECK_EQ(feed(&sound, SPICE_PLAYBACK_MUTE, 0, &event), -EBADMSG);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_blocks_are_whole_frames),
		cmocka_unit_test(packets_of_opus_are_passed_on),
		cmocka_unit_test(odd_streams_are_not_begun),
		cmocka_unit_test(the_volume_is_of_each_channel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
