/*
 * A connection to libvirt that is being opened. libvirt's call has no time limit: a daemon that
 * accepts and is silent holds its caller for ever. The call therefore runs in a thread of its own,
 * which is left behind if the call does not return. Private to virt.c; only with libvirt.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <libvirt/libvirt.h>

#include "tools/vm-model/virt.h"

struct opening;

/* NULL if no thread can be started. */
struct opening *opening_start(const char *uri, enum virt_right right);

/* Waits for at most wait_ms. 0: *ret_connection is the caller's; -ENOTCONN: refused, error has
 * libvirt's words; in both cases the opening is freed. -EAGAIN: not yet. */
int opening_take(struct opening *opening, unsigned wait_ms, virConnectPtr *ret_connection,
		bool *ret_manages, char *error, size_t error_size);

/* Nobody waits any more: what it still opens is closed. NULL is allowed. */
void opening_abandon(struct opening *opening);
