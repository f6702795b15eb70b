/*
 * Messages between the two sides of the clipboard: the desktop's (clipboard.h, on pg-clip) and the
 * guest's (the agent, on pg-io). Both ways the same four messages:
 *
 *	OFFER    my side has new content, in these types; it replaces any offer before
 *	RELEASE  my side has nothing any more
 *	REQUEST  send me your content in this type; always answered by DATA with the same serial.
 *	         One of each type at a time: an older one that waits is answered with nothing
 *	DATA     the content, or why there is none
 *
 * Content is transferred only when somebody pastes, changes hands instead of being copied, and is
 * never decoded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum clipboard_message_kind {
	CLIPBOARD_OFFER,
	CLIPBOARD_RELEASE,
	CLIPBOARD_REQUEST,
	CLIPBOARD_DATA
};

/* When one side's clipboard may go to the other. */
enum clipboard_policy {
	CLIPBOARD_NO,
	CLIPBOARD_ALWAYS,
	/* While the window has the focus, or the guest the devices: what was copied before that
	 * follows then. */
	CLIPBOARD_FOCUS,
	/* Each content when the user says so: the question is clipboard_question. */
	CLIPBOARD_ASK,
};

/* What the guest wants and the user has not answered. */
enum clipboard_question {
	CLIPBOARD_QUESTION_NONE,
	CLIPBOARD_QUESTION_TO_VM,    /* to read what was copied here */
	CLIPBOARD_QUESTION_TO_LOCAL, /* to replace it by what was copied there */
};

/* Types as bits, so that an offer is one word. */
enum clipboard_type {
	CLIPBOARD_TEXT = 1 << 0, /* UTF-8 */
	CLIPBOARD_PNG = 1 << 1,
	CLIPBOARD_BMP = 1 << 2,
	CLIPBOARD_TIFF = 1 << 3,
	CLIPBOARD_JPEG = 1 << 4,
};
#define CLIPBOARD_TYPES 5u

/* Why DATA has no data. */
enum clipboard_failure {
	CLIPBOARD_FAILURE_NONE, /* the owner has nothing of that type (any more) */
	CLIPBOARD_FAILURE_SIZE, /* more than clipboard-max; len tells how much, 0 = not known */
	CLIPBOARD_FAILURE_TIME, /* the owner did not answer in time */
};

struct clipboard_message {
	enum clipboard_message_kind kind;
	enum clipboard_failure failure; /* DATA */
	unsigned types;  /* OFFER: enum clipboard_type; REQUEST and DATA: one of them */
	uint32_t serial; /* REQUEST and DATA: of the side that asks */
	/* Text. REQUEST: it is to have CR LF at its line ends. DATA: it has, instead of LF. */
	bool crlf;
	void *data; /* DATA: heap, goes to the receiver; NULL = none */
	size_t len;
};
