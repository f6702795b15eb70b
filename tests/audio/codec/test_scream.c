#include "audio/codec/scream.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"

#define FOLDER "tests/data/scream/"

static size_t load(const char *name, uint8_t *dst, size_t room) {
	char path[300];
	snprintf(path, sizeof path, FOLDER "%s", name);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	size_t n = fread(dst, 1, room, file);
	fclose(file);
	return n;
}

static bool starts_with(const char *name, const char *prefix) {
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static void every_golden_packet_is_judged_as_its_name_says(void **state) {
	(void)state;
	static uint8_t data[20000];
	DIR *dir = opendir(FOLDER);
	assert_non_null(dir);
	unsigned good = 0;
	unsigned bad = 0;
	for (struct dirent *entry; (entry = readdir(dir));) {
		const char *name = entry->d_name;
		if (!starts_with(name, "scream-") || !strstr(name, ".bin") ||
				starts_with(name, "scream-shm-")) {
			continue;
		}
		size_t len = load(name, data, sizeof data);
		struct scream_packet packet;
		enum scream_verdict verdict = scream_parse(data, len, &packet);
		bool reject = starts_with(name, "scream-bad-") ||
			      strcmp(name, "scream-s16-48000-5.bin") == 0;
		if ((verdict == SCREAM_OK) == reject) {
			fail_msg("%s: %s", name, scream_verdict_text(verdict));
		}
		*(reject ? &bad : &good) += 1;
	}
	closedir(dir);
	CHECK_EQ(good, 17);
	CHECK_EQ(bad, 22);
}

/* Channel c holds a sine of 250 * (c + 1) Hz at a quarter of full scale. */
static void check_tone(const char *name, unsigned rate, unsigned bits, unsigned channels,
		unsigned frames) {
	uint8_t data[SCREAM_DATAGRAM_MAX];
	float out[SCREAM_FRAMES_MAX * 2];
	struct scream_packet packet;
	size_t len = load(name, data, sizeof data);
	CHECK_EQ(scream_parse(data, len, &packet), SCREAM_OK);
	CHECK_EQ(packet.format.rate, rate);
	CHECK_EQ(packet.format.bits, bits);
	CHECK_EQ(packet.format.channels, channels);
	CHECK_EQ(packet.frames, frames);
	scream_to_float(out, packet.pcm, packet.frames, &packet.format);
	for (unsigned i = 0; i < frames; i++) {
		for (unsigned c = 0; c < channels; c++) {
			double want = 0.25 * sin(2 * M_PI * 250 * (c + 1) * i / rate);
			CHECK(fabs((double)out[i * channels + c] - want) < 1.1 / 32768);
		}
	}
}

static void pcm_of_every_size_becomes_the_right_floats(void **state) {
	(void)state;
	check_tone("scream-s16-48000-2.bin", 48000, 16, 2, 288);
	check_tone("scream-s16-44100-2.bin", 44100, 16, 2, 288);
	check_tone("scream-s24-96000-2.bin", 96000, 24, 2, 192);
	check_tone("scream-s32-192000-2.bin", 192000, 32, 2, 144);
	check_tone("scream-s16-88200-2.bin", 88200, 16, 2, 288);
	check_tone("scream-s16-48000-1.bin", 48000, 16, 1, 576);
	check_tone("scream-s16-48000-6.bin", 48000, 16, 6, 96);
	check_tone("scream-s24-48000-8.bin", 48000, 24, 8, 48);
	check_tone("scream-s32-44100-8.bin", 44100, 32, 8, 36);
	check_tone("scream-s16-48000-2-short.bin", 48000, 16, 2, 100);
}

static void extremes_stay_in_range(void **state) {
	(void)state;
	const uint8_t lowest[4] = { 0, 0, 0, 0x80 };
	const uint8_t highest[4] = { 0xff, 0xff, 0xff, 0x7f };
	for (unsigned bits = 16; bits <= 32; bits += 8) {
		const struct scream_format format = { 48000, bits, 1, 4 };
		float out;
		scream_to_float(&out, lowest + 4 - bits / 8, 1, &format);
		CHECK_EQ(out, -1.0f);
		scream_to_float(&out, highest + 4 - bits / 8, 1, &format);
		CHECK(out > 0.9999f && out <= 1.0f);
	}
}

static void check_positions(unsigned channels, uint16_t mask, const int *want) {
	const struct scream_format format = { 48000, 16, channels, mask };
	enum scream_position got[SCREAM_CHANNELS_MAX];
	scream_positions(&format, got);
	for (unsigned i = 0; i < channels; i++) {
		if ((int)got[i] != want[i]) {
			fail_msg("%u channels, mask %#x: channel %u is %d, not %d", channels, mask,
					i, (int)got[i], want[i]);
		}
	}
}

static void masks_become_positions(void **state) {
	(void)state;
	check_positions(1, 0x004, (int[]){ SCREAM_MONO });
	check_positions(1, 0x003, (int[]){ SCREAM_MONO });
	check_positions(2, 0x003, (int[]){ 0, 1 });
	check_positions(2, 0x000, (int[]){ 0, 1 });
	check_positions(2, 0x001, (int[]){ 0, 1 });
	check_positions(2, 0x600, (int[]){ 9, 10 });
	check_positions(2, 0xffff, (int[]){ 0, 1 });
	check_positions(2, 0xf800, (int[]){ 0, 1 }); /* bits that no speaker has */
	check_positions(3, 0x00b, (int[]){ 0, 1, 3 });
	check_positions(3, 0x003, (int[]){ 0, 1, 2 });
	check_positions(4, 0x033, (int[]){ 0, 1, 4, 5 });
	check_positions(4, 0x107, (int[]){ 0, 1, 2, 8 });
	check_positions(4, 0x003, (int[]){ 0, 1, 4, 5 });
	check_positions(6, 0x03f, (int[]){ 0, 1, 2, 3, 4, 5 });
	check_positions(6, 0x60f, (int[]){ 0, 1, 2, 3, 9, 10 });
	check_positions(8, 0x0ff, (int[]){ 0, 1, 2, 3, 4, 5, 6, 7 });
	check_positions(8, 0x63f, (int[]){ 0, 1, 2, 3, 4, 5, 9, 10 });
	check_positions(8, 0x003, (int[]){ 0, 1, 2, 3, 4, 5, 9, 10 });
}

static void no_position_is_ever_given_twice(void **state) {
	(void)state;
	for (unsigned channels = 1; channels <= SCREAM_CHANNELS_MAX; channels++) {
		for (unsigned mask = 0; mask <= 0xffff; mask++) {
			const struct scream_format format = { 48000, 16, channels, (uint16_t)mask };
			enum scream_position got[SCREAM_CHANNELS_MAX];
			unsigned seen = 0;
			scream_positions(&format, got);
			for (unsigned i = 0; i < channels; i++) {
				CHECK(!(seen & 1u << got[i]));
				seen |= 1u << got[i];
			}
		}
	}
}

static void what_is_packed_is_read_back(void **state) {
	(void)state;
	static const unsigned rates[] = { 44100, 48000, 88200, 96000, 176400, 192000 };
	static const unsigned counts[] = { 1, 2, 3, 4, 6, 8 };
	for (size_t r = 0; r < 6; r++) {
		for (unsigned bits = 16; bits <= 32; bits += 8) {
			for (size_t c = 0; c < 6; c++) {
				const struct scream_format format = { rates[r], bits, counts[c],
					scream_default_mask(counts[c]) };
				uint8_t data[SCREAM_DATAGRAM_MAX];
				float in[SCREAM_FRAMES_MAX * 2];
				float out[SCREAM_FRAMES_MAX * 2];
				unsigned frames = scream_packet_frames(&format);
				for (unsigned i = 0; i < frames * counts[c]; i++) {
					in[i] = (float)((int)(i % 201) - 100) / 100.0f;
				}
				CHECK_EQ(scream_pack_header(data, &format), 0);
				scream_from_float(data + 5, in, frames, &format);
				struct scream_packet packet;
				CHECK_EQ(scream_parse(data,
							 5 + frames * scream_frame_bytes(&format),
							 &packet),
						SCREAM_OK);
				CHECK(scream_format_equal(&packet.format, &format));
				CHECK_EQ(packet.frames, frames);
				scream_to_float(out, packet.pcm, frames, &format);
				for (unsigned i = 0; i < frames * counts[c]; i++) {
					CHECK(fabsf(in[i] - out[i]) < 2.0f / 32768.0f);
				}
			}
		}
	}
	const struct scream_format odd = { 64000, 16, 2, 3 };
	uint8_t header[5];
	CHECK_EQ(scream_pack_header(header, &odd), -EINVAL);
}

static void silence_is_seen(void **state) {
	(void)state;
	uint8_t pcm[1152] = { 0 };
	CHECK(scream_is_silence(pcm, sizeof pcm));
	pcm[1151] = 1;
	CHECK(!scream_is_silence(pcm, sizeof pcm));
	CHECK(scream_is_silence(pcm, 1151) && scream_is_silence(pcm, 0));
}

/* Of each depth the upper 16 bits decide. */
static void what_nobody_hears_is_quiet(void **state) {
	(void)state;
	for (unsigned bits = 16; bits <= 32; bits += 8) {
		uint8_t pcm[288 * 2 * 4];
		const unsigned bytes = bits / 8;
		const struct scream_packet packet = {
			.format = { .rate = 48000, .bits = bits, .channels = 2, .mask = 3 },
			.pcm = pcm,
			.frames = 288,
		};
		memset(pcm, 0xff, sizeof pcm); /* -1 */
		CHECK(scream_is_quiet(&packet));
		pcm[575 * bytes + bytes - 2] = 30;
		pcm[575 * bytes + bytes - 1] = 0;
		CHECK(scream_is_quiet(&packet));
		pcm[575 * bytes + bytes - 2] = 40;
		CHECK(!scream_is_quiet(&packet));
		pcm[575 * bytes + bytes - 2] = 0xc0; /* -64 */
		pcm[575 * bytes + bytes - 1] = 0xff;
		CHECK(!scream_is_quiet(&packet));
	}
}

static void shared_memory_headers_are_judged(void **state) {
	(void)state;
	static uint8_t data[20000];
	static const struct {
		const char *name;
		int want;
	} cases[] = {
		{ "scream-shm-s16-48000-2.bin", 0 },
		{ "scream-shm-wrap.bin", 0 },
		{ "scream-shm-closed.bin", -EAGAIN },
		{ "scream-shm-bad-widx.bin", -EBADMSG },
		{ "scream-shm-bad-maxchunks.bin", -ERANGE },
		{ "scream-shm-bad-maxchunks0.bin", -EBADMSG },
		{ "scream-shm-bad-chunk0.bin", -EBADMSG },
		{ "scream-shm-bad-chunk-odd.bin", -EBADMSG },
		{ "scream-shm-bad-chunk-huge.bin", -EBADMSG },
		{ "scream-shm-bad-offset.bin", -EBADMSG },
		{ "scream-shm-bad-ch0.bin", -EBADMSG },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct scream_shm_header header;
		size_t len = load(cases[i].name, data, sizeof data);
		int r = scream_shm_parse(data, len, &header);
		if (r != cases[i].want) {
			fail_msg("%s: %d", cases[i].name, r);
		}
		if (r == 0) {
			CHECK_EQ(header.slots, 4);
			CHECK_EQ(header.slot_bytes, 3840);
			CHECK_EQ(header.offset, 24);
			CHECK_EQ(scream_shm_parse(data, 24 + 4 * 3840 - 1, &header), -ERANGE);
		}
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_nobody_hears_is_quiet),
		cmocka_unit_test(every_golden_packet_is_judged_as_its_name_says),
		cmocka_unit_test(pcm_of_every_size_becomes_the_right_floats),
		cmocka_unit_test(extremes_stay_in_range),
		cmocka_unit_test(masks_become_positions),
		cmocka_unit_test(no_position_is_ever_given_twice),
		cmocka_unit_test(what_is_packed_is_read_back),
		cmocka_unit_test(silence_is_seen),
		cmocka_unit_test(shared_memory_headers_are_judged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
