/*
 * The clipboard over the host's own streams (doc/protocol/kvmfr.md A.6): the host's status and
 * messages, read and checked, and messages for the host. Both are hostile input; what is returned
 * was checked. Pure.
 *
 * Text and images alone: how a file is named in the messages for files is not recorded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host-proto/lgmp_stream.h"

#define KVMFR_CLIPBOARD_BYTES        64u          /* of a message */
#define KVMFR_CLIPBOARD_PIECE        65536u       /* of content, at most */
#define KVMFR_CLIPBOARD_SIZE_UNKNOWN UINT64_MAX   /* of the content, until its end */
#define KVMFR_CLIPBOARD_OF_GUEST     (1ull << 63) /* of a transfer: the guest chose its number */

/* High word of the LGMP udata of what the host posts. */
enum kvmfr_clipboard_kind { KVMFR_CLIPBOARD_KIND_STATUS = 1, KVMFR_CLIPBOARD_KIND_MESSAGE = 2 };

enum kvmfr_clipboard_type {
	KVMFR_CLIPBOARD_NONE,
	KVMFR_CLIPBOARD_CLAIM,
	KVMFR_CLIPBOARD_RELEASE,
	KVMFR_CLIPBOARD_KEEP_ALIVE,
	KVMFR_CLIPBOARD_OFFER, /* token: formats */
	KVMFR_CLIPBOARD_CLEAR,
	KVMFR_CLIPBOARD_REQUEST,
	KVMFR_CLIPBOARD_DATA,
	KVMFR_CLIPBOARD_CANCEL,
	KVMFR_CLIPBOARD_TYPE_LAST = 14, /* those after CANCEL are about files */
};

enum kvmfr_clipboard_format {
	KVMFR_CLIPBOARD_TEXT = 1,
	KVMFR_CLIPBOARD_PNG,
	KVMFR_CLIPBOARD_BMP,
	KVMFR_CLIPBOARD_TIFF,
	KVMFR_CLIPBOARD_JPEG,
	KVMFR_CLIPBOARD_FORMATS = KVMFR_CLIPBOARD_JPEG, /* those above are not read */
};
#define KVMFR_CLIPBOARD_BIT(format) (1u << ((format)-1))

enum kvmfr_clipboard_flag { KVMFR_CLIPBOARD_BEGIN = 0x1, KVMFR_CLIPBOARD_END = 0x2 };

enum kvmfr_clipboard_status_flag {
	KVMFR_CLIPBOARD_AVAILABLE = 0x1,
	KVMFR_CLIPBOARD_HAS_OWNER = 0x2,
};

struct kvmfr_clipboard_status {
	unsigned flags; /* enum kvmfr_clipboard_status_flag */
	uint32_t owner_client_id, owner_generation;
	uint32_t lease_ms; /* 100 … 10000 */
	unsigned formats;  /* KVMFR_CLIPBOARD_BIT() of those that we know, too */
	struct lgmp_stream_place to_client, to_host;
};

/* -ERANGE (outside the mapping), -EBADMSG, -EPROTONOSUPPORT (another version). ret_status is zero
 * then. */
int kvmfr_clipboard_status_read(const struct shm *shm, uint64_t offset, uint32_t size,
		struct kvmfr_clipboard_status *ret_status);
/* In one line, whatever it is: what could not be understood. */
void kvmfr_clipboard_status_describe(
		const struct shm *shm, uint64_t offset, uint32_t size, char *text, size_t room);

struct kvmfr_clipboard_message {
	enum kvmfr_clipboard_type type;
	uint32_t generation, sequence;
	uint64_t content;  /* generation of the clipboard's content */
	uint64_t transfer; /* chosen by who asks */
	uint64_t offset, size;
	uint32_t format; /* enum kvmfr_clipboard_format, or one that we do not know */
	uint32_t flags;  /* enum kvmfr_clipboard_flag */
	uint32_t token;
	uint32_t length;
};

/* A copy of at least KVMFR_CLIPBOARD_BYTES; what is more are `length` bytes of content. -EBADMSG,
 * -EPROTONOSUPPORT. */
int kvmfr_clipboard_message_read(
		const void *bytes, size_t size, struct kvmfr_clipboard_message *ret_message);
void kvmfr_clipboard_message_write(
		const struct kvmfr_clipboard_message *message, uint8_t *ret_bytes);
