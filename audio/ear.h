/*
 * An ear: what leaves the loudspeaker of a PulseAudio or PipeWire sink, and when, heard through the
 * sink's monitor. For the bench and for tests. It may bring a null sink of its own, so that nothing
 * is really heard.
 *
 * Blocks in ear_create() and ear_listen(); one thread at a time, which is a thread of the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define EAR_RATE     48000u
#define EAR_CHANNELS 2u

struct ear;

struct ear_config {
	const char *server; /* NULL = libpulse's choice */
	const char *source; /* a monitor; NULL = of a null sink that is made and goes with the ear
			     */
	const char *name;   /* of us and, with a number, of that sink */
	/* From ear_listen(): count frames of EAR_CHANNELS floats, first is the number of the first
	 * one. */
	void (*heard)(const float *frames, unsigned count, uint64_t first, void *data);
	void *data;
};

/* Connects; gives up after 5 s. -ECONNREFUSED when no server answers, -ENOENT when the source is
 * not there or no sink can be made. */
int ear_create(struct ear **ret_ear, const struct ear_config *config);
void ear_destroy(struct ear *ear); /* accepts NULL */

/* Listens until then. -ENOTCONN when the server or the source went. */
int ear_listen(struct ear *ear, uint64_t until_ns);

/* When that frame left the loudspeaker, as known by now; 0 = not known yet. */
uint64_t ear_heard_at(const struct ear *ear, uint64_t frame);
double ear_frame_ns(const struct ear *ear);
/* The sink's clock against CLOCK_MONOTONIC. */
double ear_sink_ppm(const struct ear *ear);
const char *ear_sink(const struct ear *ear); /* its own null sink's name; "" = none */
bool ear_is_pipewire(const struct ear *ear);
