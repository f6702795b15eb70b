/*
 * Records a PulseAudio or PipeWire sink through its monitor: which samples left the loudspeaker,
 * and when. For the bench and for tests. It may create a null sink of its own, so that nobody hears
 * anything.
 *
 * monitor_capture_create() and monitor_capture_listen() block. One thread at a time; the caller
 * brings it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CAPTURE_RATE     48000u
#define CAPTURE_CHANNELS 2u

struct monitor_capture;

struct monitor_capture_config {
	const char *server; /* NULL = libpulse's choice */
	const char *source; /* a monitor; NULL = of a null sink that is made and goes with the
			     * capture
			     */
	const char *name;   /* of us and, with a number, of that sink */
	/* From monitor_capture_listen(): count frames of CAPTURE_CHANNELS floats, first is the
	 * number of the first one. */
	void (*heard)(const float *frames, unsigned count, uint64_t first, void *data);
	void *data;
};

/* Connects; gives up after 5 s. -ECONNREFUSED when no server answers, -ENOENT when the source is
 * not there or no sink can be made. */
int monitor_capture_create(
		struct monitor_capture **ret_capture, const struct monitor_capture_config *config);
void monitor_capture_destroy(struct monitor_capture *capture); /* accepts NULL */

/* Listens until then. -ENOTCONN when the server or the source went. */
int monitor_capture_listen(struct monitor_capture *capture, uint64_t until_ns);

/* When that frame left the loudspeaker, as known by now; 0 = not known yet. */
uint64_t monitor_capture_heard_at(const struct monitor_capture *capture, uint64_t frame);
double monitor_capture_frame_ns(const struct monitor_capture *capture);
/* The sink's clock against CLOCK_MONOTONIC. */
double monitor_capture_sink_ppm(const struct monitor_capture *capture);
const char *monitor_capture_sink(
		const struct monitor_capture *capture); /* its own null sink's name; "" = none */
bool monitor_capture_is_pipewire(const struct monitor_capture *capture);
