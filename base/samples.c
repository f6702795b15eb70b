#include "base/samples.h"

#include <errno.h>
#include <stdlib.h>

#include "base/json.h"

int samples_init(struct samples *samples, size_t capacity) {
	*samples = (struct samples){ .capacity = capacity, .random = 0x9e3779b97f4a7c15ull };
	samples->values = calloc(capacity, sizeof *samples->values);
	return samples->values ? 0 : -ENOMEM;
}

void samples_finish(struct samples *samples) {
	free(samples->values);
	samples->values = NULL;
}

static uint64_t next_random(struct samples *samples) {
	samples->random ^= samples->random << 13;
	samples->random ^= samples->random >> 7;
	samples->random ^= samples->random << 17;
	return samples->random;
}

void samples_add(struct samples *samples, double value) {
	if (samples->total == 0 || value > samples->max) {
		samples->max = value;
	}
	samples->sum += value;
	samples->total++;
	if (samples->count < samples->capacity) {
		samples->values[samples->count++] = value;
		return;
	}
	uint64_t at = next_random(samples) % samples->total;
	if (at < samples->capacity) {
		samples->values[at] = value;
	}
}

static int compare(const void *a, const void *b) {
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

double samples_percentile(struct samples *samples, double p) {
	if (samples->count == 0) {
		return 0;
	}
	qsort(samples->values, samples->count, sizeof *samples->values, compare);
	double position = p * (double)samples->count;
	size_t rank = (size_t)position;
	if ((double)rank < position) {
		rank++;
	}
	if (rank < 1) {
		rank = 1;
	}
	return samples->values[rank <= samples->count ? rank - 1 : samples->count - 1];
}

double samples_mean(const struct samples *samples) {
	return samples->total ? samples->sum / (double)samples->total : 0;
}

void samples_json(struct samples *samples, struct json *json, const char *name) {
	if (samples->count == 0) {
		json_null(json, name);
		return;
	}
	json_object(json, name);
	json_number(json, "p50", samples_percentile(samples, 0.50));
	json_number(json, "p95", samples_percentile(samples, 0.95));
	json_number(json, "p99", samples_percentile(samples, 0.99));
	json_number(json, "max", samples->max);
	json_end(json);
}
