/*
 * What the two sides of the clipboard tell each other: the local one (clipboard.h, on pg-ui) and
 * the guest's (the agent, on pg-io). Both ways the same four messages:
 *
 *	OFFER    my side has new content, in these types; it replaces any offer before
 *	RELEASE  my side has nothing any more
 *	REQUEST  send me your content in this type; always answered by DATA with the same serial
 *	DATA     the content; no data = it cannot be had (gone, too large, timed out)
 *
 * Content is transferred only when somebody pastes. Nothing is decoded on the way.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum clip_kind { CLIP_OFFER, CLIP_RELEASE, CLIP_REQUEST, CLIP_DATA };

/* Types as bits, so that an offer is one word. */
enum clip_type {
	CLIP_TEXT = 1 << 0, /* UTF-8, line feeds */
	CLIP_PNG = 1 << 1,
	CLIP_BMP = 1 << 2,
	CLIP_TIFF = 1 << 3,
	CLIP_JPEG = 1 << 4,
};
#define CLIP_TYPES 5u

struct clip_message {
	enum clip_kind kind;
	unsigned types;  /* OFFER: enum clip_type; REQUEST and DATA: one of them */
	uint32_t serial; /* REQUEST and DATA: of the side that asks */
	void *data;      /* DATA: heap, goes to the receiver; NULL = none */
	size_t len;
};
