/*
 * The built-in sink: a device with its own clock that plays to nobody, or to a listener. For tests
 * (with a fake clock; faults in sink_null_fault.h), and for --bench=audio where there is no sound
 * server. It behaves as PulseAudio does with prebuf 0 (scream-audio.md 3.5).
 *
 * It has no thread: sink_null_run() plays what is due.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "audio/playout/sink.h"
#include "base/deadline.h"

struct sink_null_config {
	unsigned rate;
	unsigned block_frames;   /* renders so many at a time */
	unsigned quantum_frames; /* reports its position as pipewire-pulse does; 0 = as PulseAudio
				  */
	double ppm;              /* of its clock against the caller's */
	uint64_t idle_ns;  /* corked for so long, the device is suspended until it is uncorked;
			    * 0 = never */
	uint64_t start_ns; /* from being uncorked until it takes something */
	/* Every rendered block, with the time at which its first frame is heard. May be NULL. */
	void (*heard)(const float *frames, unsigned count, unsigned channels, uint64_t at_ns,
			double frame_ns, void *data);
	void *data;
};

int sink_null_create(struct sink **ret_sink, const struct sink_null_config *config);

/* Plays up to now and delivers the events that are due. */
void sink_null_run(struct sink *sink, uint64_t now_ns);
/* When to run it next. */
deadline sink_null_deadline(const struct sink *sink);
