/*
 * An input device that the bench makes up: a socket that carries the kernel's events, behind the
 * same seam as the real ones (input/device.h). One thread sends, the session's reads.
 */
#pragma once

#include <stdbool.h>

#include "input/device.h"

struct bench_device;

/* Returns 0 or a negative errno. */
int bench_device_create(struct bench_device **ret_device);
/* After the session that reads it. Accepts NULL. */
void bench_device_destroy(struct bench_device *device);

/* Finds this device and no other. */
struct device_finder bench_device_finder(struct bench_device *device);

/* One report of the device, as the kernel would hand it out: at once. */
#define BENCH_REPORT_MAX 4
int bench_device_send(struct bench_device *device, const struct raw_event *events, unsigned count);
