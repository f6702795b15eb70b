/*
 * A set of measured values and its percentiles: what --bench and --stats print. Adding allocates
 * nothing; when the array is full, each further value replaces a random older one, so that the
 * percentiles remain those of the whole run. One thread at a time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct json;

struct samples {
	double *values;
	size_t capacity;
	size_t count;   /* stored */
	uint64_t total; /* added */
	double max;     /* of all that were added */
	double sum;
	uint64_t random;
};

/* Returns 0 or -ENOMEM. */
int samples_init(struct samples *samples, size_t capacity);
void samples_finish(struct samples *samples);

void samples_add(struct samples *samples, double value);

/* The smallest stored value with at least the fraction p (0..1) of all at or below it; 0 when there
 * is none. Sorts in place. */
double samples_percentile(struct samples *samples, double p);
double samples_mean(const struct samples *samples);

/* Writes "name":{"p50":…,"p95":…,"p99":…,"max":…}; null when there is no value. */
void samples_json(struct samples *samples, struct json *json, const char *name);
