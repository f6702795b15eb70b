/*
 * Sentences for people about the SPICE server, one for each way in which the server is away. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/owners.h"
#include "host-proto/spice/wire.h"

struct spice_address;

/* "main", "inputs", … */
const char *spice_reason_channel(enum spice_channel_type type);

/* Why a link failed: the negative errno of spice_channel_step() or of connecting, and the link
 * error that goes with -EPROTO; owner: whose server it was, with -OWNER_REFUSED. */
void spice_reason_failed(char *reason, size_t size, int error, uint32_t link_error, uid_t owner,
		const struct spice_address *address);

/* A password that is known was refused: it may be right in a moment. */
void spice_reason_not_yet(char *reason, size_t size, const struct spice_address *address);

/* The password that was given for good, or typed, is not taken. */
void spice_reason_refused(char *reason, size_t size, const struct spice_address *address);

/* It will not get better by trying again soon: the user must act. */
bool spice_reason_is_final(int error);
