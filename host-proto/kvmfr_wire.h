/*
 * Layouts of KVMFR as they lie in the guest's memory (doc/protocol/kvmfr.md). Included only by the
 * files that turn them into checked values, and by producers.
 */
#pragma once

#include "base/wire.h"

#define KVMFR_MAGIC "KVMFR---" /* 8 bytes, no NUL */

struct kvmfr_header_wire { /* kvmfr.md 1.1 */
	uint8_t magic[8];
	uint32_t version;
	char host_version[32];
	uint32_t features;
};
WIRE_AT(kvmfr_header_wire, version, 8);
WIRE_AT(kvmfr_header_wire, host_version, 12);
WIRE_AT(kvmfr_header_wire, features, 44);
WIRE_SIZE(kvmfr_header_wire, 48);

struct kvmfr_record_wire { /* 1.2; not aligned in the memory */
	uint8_t type;
	uint8_t padding[3];
	uint32_t size;
};
WIRE_SIZE(kvmfr_record_wire, 8);

#define KVMFR_RECORD_VM 1u
#define KVMFR_RECORD_OS 2u

struct kvmfr_vm_wire { /* then the model's text */
	uint8_t uuid[16];
	char capture[32];
	uint8_t cpus, cores, sockets;
};
WIRE_AT(kvmfr_vm_wire, capture, 16);
WIRE_AT(kvmfr_vm_wire, cpus, 48);
WIRE_SIZE(kvmfr_vm_wire, 51);

#define KVMFR_QUEUE_POINTER     1u
#define KVMFR_QUEUE_FRAME       2u
#define KVMFR_QUEUE_TIMEOUT     1000u /* ms */
#define KVMFR_LENGTH_POINTER    20u
#define KVMFR_LENGTH_FRAME      2u
#define KVMFR_LENGTH_POINTER_34 32u
#define KVMFR_QUEUE_OWNER       3u /* and 4, each as long as the frame queue (A.4) */
/* A.1 */
#define KVMFR_QUEUE_INPUT  5u
#define KVMFR_LENGTH_INPUT 4u

struct kvmfr_rect_wire {
	uint32_t x, y, width, height;
};
WIRE_SIZE(kvmfr_rect_wire, 16);

#define KVMFR_DAMAGE_MAX 64u

struct kvmfr_frame19_wire { /* 3.1 */
	uint32_t format_version;
	uint32_t serial;
	uint32_t type;
	uint32_t screen_width, screen_height;
	uint32_t frame_width, frame_height;
	uint32_t rotation;
	uint32_t stride;
	uint32_t pitch;
	uint32_t offset;
	uint32_t damage_count;
	struct kvmfr_rect_wire damage[KVMFR_DAMAGE_MAX];
	uint32_t flags;
};
WIRE_AT(kvmfr_frame19_wire, frame_width, 20);
WIRE_AT(kvmfr_frame19_wire, pitch, 36);
WIRE_AT(kvmfr_frame19_wire, offset, 40);
WIRE_AT(kvmfr_frame19_wire, damage, 48);
WIRE_AT(kvmfr_frame19_wire, flags, 1072);
WIRE_SIZE(kvmfr_frame19_wire, 1076);

struct kvmfr_frame20_wire { /* 3.2 */
	uint32_t format_version;
	uint32_t serial;
	uint32_t type;
	uint32_t screen_width, screen_height;
	uint32_t data_width, data_height;
	uint32_t frame_width, frame_height;
	uint32_t rotation;
	uint32_t stride;
	uint32_t pitch;
	uint32_t offset;
	uint32_t damage_count;
	struct kvmfr_rect_wire damage[KVMFR_DAMAGE_MAX];
	uint32_t flags;
};
WIRE_AT(kvmfr_frame20_wire, data_width, 20);
WIRE_AT(kvmfr_frame20_wire, frame_width, 28);
WIRE_AT(kvmfr_frame20_wire, pitch, 44);
WIRE_AT(kvmfr_frame20_wire, offset, 48);
WIRE_AT(kvmfr_frame20_wire, damage, 56);
WIRE_AT(kvmfr_frame20_wire, flags, 1080);
WIRE_SIZE(kvmfr_frame20_wire, 1084);

struct kvmfr_frame34_wire { /* A.2; the times are filled in after the post and not used */
	uint32_t format_version;
	uint32_t serial;
	uint32_t type;
	uint32_t screen_width, screen_height;
	uint32_t data_width, data_height;
	uint32_t frame_width, frame_height;
	uint32_t rotation;
	uint32_t stride;
	uint32_t pitch;
	uint32_t offset;
	uint32_t flags;
	uint32_t damage_count;
	uint32_t sdr_white_nits;
	uint64_t times[6];
	uint32_t timing_serial, timing_valid, timing_flags, reserved1;
	uint16_t hdr_primaries[3][2]; /* R G B x, y in 0.00002 */
	uint16_t hdr_white[2];
	uint32_t hdr_max_nits, hdr_min_nits_10000, hdr_max_cll, hdr_max_fall;
	uint32_t schedule_generation, schedule_epoch, schedule_deadline_serial;
	uint8_t reserved2[20];
	struct kvmfr_rect_wire damage[KVMFR_DAMAGE_MAX];
};
WIRE_AT(kvmfr_frame34_wire, flags, 52);
WIRE_AT(kvmfr_frame34_wire, sdr_white_nits, 60);
WIRE_AT(kvmfr_frame34_wire, timing_serial, 112);
WIRE_AT(kvmfr_frame34_wire, hdr_primaries, 128);
WIRE_AT(kvmfr_frame34_wire, hdr_max_nits, 144);
WIRE_AT(kvmfr_frame34_wire, schedule_generation, 160);
WIRE_AT(kvmfr_frame34_wire, damage, 192);
WIRE_SIZE(kvmfr_frame34_wire, 1216);

enum kvmfr_type { /* 3.3 */
	KVMFR_TYPE_INVALID,
	KVMFR_TYPE_BGRA,
	KVMFR_TYPE_RGBA,
	KVMFR_TYPE_RGBA10,
	KVMFR_TYPE_RGBA16F,
	KVMFR_TYPE_BGR_32, /* from 20 on */
	KVMFR_TYPE_RGB_24, /* from 20 on */
};

#define KVMFR_WRITE_POINTER_BYTES 4u /* at the frame's offset; the pixels follow (4) */
#define KVMFR_STOCK_OFFSET        4092u
#define KVMFR_COPY_STEP           1048576u

struct kvmfr_cursor_wire { /* 6.1; the shape follows */
	int16_t x, y;
	uint32_t type;
	int8_t hot_x, hot_y;
	uint8_t padding[2];
	uint32_t width, height;
	uint32_t pitch;
};
WIRE_AT(kvmfr_cursor_wire, type, 4);
WIRE_AT(kvmfr_cursor_wire, hot_x, 8);
WIRE_AT(kvmfr_cursor_wire, width, 12);
WIRE_AT(kvmfr_cursor_wire, pitch, 20);
WIRE_SIZE(kvmfr_cursor_wire, 24);

#define KVMFR_CURSOR34_BYTES 28u /* A.3: one word more (SDR white level), then the shape */

enum kvmfr_cursor_type { KVMFR_CURSOR_COLOR, KVMFR_CURSOR_MONO, KVMFR_CURSOR_MASKED };

enum kvmfr_cursor_flag { /* the LGMP udata word */
	KVMFR_CURSOR_POSITION = 0x1,
	KVMFR_CURSOR_VISIBLE = 0x2,
	KVMFR_CURSOR_SHAPE = 0x4,
	KVMFR_CURSOR_TRANSFORM = 0x8,      /* A, from 22 on: colour transform, ignored */
	KVMFR_CURSOR_VISIBLE_VALID = 0x10, /* A, from 23 on */
};

#define KVMFR_CURSOR_SHAPE_MAX 1048576u /* bytes */

#define KVMFR_MESSAGE_SET_CURSOR  0
#define KVMFR_MESSAGE_WINDOW_SIZE 1
#define KVMFR_MESSAGE_SCHEDULE    2
#define KVMFR_MESSAGE_AUDIO_CLAIM 3

struct kvmfr_window_size_wire { /* A.8 */
	uint32_t type;          /* KVMFR_MESSAGE_WINDOW_SIZE */
	uint32_t width, height;
};
WIRE_AT(kvmfr_window_size_wire, width, 4);
WIRE_SIZE(kvmfr_window_size_wire, 12);

struct kvmfr_set_cursor_wire { /* 7 */
	uint32_t type;         /* 0 */
	int32_t x, y;
};
WIRE_SIZE(kvmfr_set_cursor_wire, 12);

struct kvmfr_schedule_wire { /* A.4 */
	uint32_t type;       /* KVMFR_MESSAGE_SCHEDULE */
	uint32_t client_id;
	uint32_t generation;
	uint32_t flags; /* enum kvmfr_schedule_flag */
	uint64_t period_ns;
	uint64_t slack_ns;
	int64_t phase_error_ns;
	uint32_t frame_serial, epoch, deadline_serial;
	uint32_t lease_ms;
	uint8_t reserved[8];
};
WIRE_AT(kvmfr_schedule_wire, period_ns, 16);
WIRE_AT(kvmfr_schedule_wire, phase_error_ns, 32);
WIRE_AT(kvmfr_schedule_wire, lease_ms, 52);
WIRE_SIZE(kvmfr_schedule_wire, 64);

/* Input, A.5 */

#define KVMFR_INPUT_VERSION      3u
#define KVMFR_INPUT_ENDPOINTS    8u
#define KVMFR_INPUT_SLOTS        128u
#define KVMFR_INPUT_SLOT_BYTES   64u
#define KVMFR_ENDPOINT_AVAILABLE 0x1u
#define KVMFR_ENDPOINT_BOUND     0x2u

struct kvmfr_input_endpoint_wire {
	uint8_t descriptor[32]; /* lgmp.md A.1 */
	uint32_t bound_client_id;
	uint32_t binding_generation;
	uint32_t flags;
	uint32_t reserved;
};
WIRE_AT(kvmfr_input_endpoint_wire, bound_client_id, 32);
WIRE_AT(kvmfr_input_endpoint_wire, flags, 40);
WIRE_SIZE(kvmfr_input_endpoint_wire, 48);

struct kvmfr_input_status_wire {
	uint32_t version;
	uint32_t capabilities;
	uint32_t flags;
	uint32_t generation;
	uint32_t owner_client_id;
	uint32_t owner_generation;
	uint32_t lease_ms;
	uint32_t max_buttons;
	uint32_t stream_version;
	uint32_t endpoint_count;
	uint32_t stream_generation;
	uint8_t leds;
	uint8_t reserved[19];
	struct kvmfr_input_endpoint_wire endpoints[KVMFR_INPUT_ENDPOINTS];
};
WIRE_AT(kvmfr_input_status_wire, owner_client_id, 16);
WIRE_AT(kvmfr_input_status_wire, max_buttons, 28);
WIRE_AT(kvmfr_input_status_wire, leds, 44);
WIRE_AT(kvmfr_input_status_wire, endpoints, 64);
WIRE_SIZE(kvmfr_input_status_wire, 448);

struct kvmfr_relative_wire {
	uint32_t buttons; /* bit n: HID button n + 1 */
	int32_t dx, dy;
	int32_t wheel;
};
WIRE_SIZE(kvmfr_relative_wire, 16);

struct kvmfr_keyboard_wire {
	uint8_t modifiers; /* bit n: usage 0xe0 + n */
	uint8_t usages[6];
	uint8_t reserved[9];
};
WIRE_AT(kvmfr_keyboard_wire, usages, 1);
WIRE_SIZE(kvmfr_keyboard_wire, 16);

struct kvmfr_input_record_wire { /* what a slot of the stream holds */
	uint32_t type;           /* enum kvmfr_input_type */
	uint32_t generation;
	uint32_t sequence;
	uint32_t reserved;
	uint8_t payload[16]; /* one of the two above, or zero */
};
WIRE_AT(kvmfr_input_record_wire, payload, 16);
WIRE_SIZE(kvmfr_input_record_wire, 32);

/* Clipboard, A.6 */

#define KVMFR_QUEUE_CLIPBOARD      6u
#define KVMFR_LENGTH_CLIPBOARD     32u
#define KVMFR_CLIPBOARD_VERSION    4u
#define KVMFR_CLIPBOARD_SLOTS      4u
#define KVMFR_CLIPBOARD_SLOT_BYTES (262144u + 64u) /* with the message in front */

struct kvmfr_clipboard_message_wire {
	uint32_t version;
	uint32_t type;       /* enum kvmfr_clipboard_type */
	uint32_t generation; /* of the claim */
	uint32_t sequence;
	uint64_t content; /* generation of the clipboard's content */
	uint64_t transfer;
	uint64_t offset;
	uint64_t size; /* all ones: unknown */
	uint32_t format;
	uint32_t flags;
	uint32_t token;
	uint32_t length; /* of what follows, in a stream */
};
WIRE_AT(kvmfr_clipboard_message_wire, content, 16);
WIRE_AT(kvmfr_clipboard_message_wire, transfer, 24);
WIRE_AT(kvmfr_clipboard_message_wire, offset, 32);
WIRE_AT(kvmfr_clipboard_message_wire, size, 40);
WIRE_AT(kvmfr_clipboard_message_wire, format, 48);
WIRE_AT(kvmfr_clipboard_message_wire, length, 60);
WIRE_SIZE(kvmfr_clipboard_message_wire, 64);

struct kvmfr_clipboard_status_wire {
	uint32_t version;
	uint32_t flags;
	uint32_t generation;
	uint32_t owner_client_id;
	uint32_t owner_generation;
	uint32_t lease_ms;
	uint32_t formats; /* bit: format - 1 */
	uint32_t slot_bytes;
	uint32_t stream_version;
	uint32_t slot_count;
	uint8_t reserved[24];
	uint8_t to_client[32], to_host[32]; /* lgmp.md A.1 */
};
WIRE_AT(kvmfr_clipboard_status_wire, owner_client_id, 12);
WIRE_AT(kvmfr_clipboard_status_wire, formats, 24);
WIRE_AT(kvmfr_clipboard_status_wire, stream_version, 32);
WIRE_AT(kvmfr_clipboard_status_wire, to_client, 64);
WIRE_AT(kvmfr_clipboard_status_wire, to_host, 96);
WIRE_SIZE(kvmfr_clipboard_status_wire, 128);

/* The recovery region, A.7: at KVMFR_RECOVERY_BYTES before the end of the memory. */

#define KVMFR_RECOVERY_BYTES   65536u
#define KVMFR_RECOVERY_MAGIC   "KVMFRRCV" /* 8 bytes, no NUL */
#define KVMFR_RECOVERY_VERSION 1u

struct kvmfr_recovery_wire { /* lines 0 and 1 */
	uint8_t magic[8];
	uint16_t abi_version;
	uint16_t struct_bytes;
	uint32_t capabilities;
	uint32_t lgmp, kvmfr;
	uint64_t session;
	uint8_t uuid[16];
	uint64_t heartbeat;
	uint32_t reserved;
	uint32_t ready;
	char program[48];
	uint8_t reserved2[16];
};
WIRE_AT(kvmfr_recovery_wire, capabilities, 12);
WIRE_AT(kvmfr_recovery_wire, lgmp, 16);
WIRE_AT(kvmfr_recovery_wire, session, 24);
WIRE_AT(kvmfr_recovery_wire, uuid, 32);
WIRE_AT(kvmfr_recovery_wire, heartbeat, 48);
WIRE_AT(kvmfr_recovery_wire, ready, 60);
WIRE_AT(kvmfr_recovery_wire, program, 64);
WIRE_SIZE(kvmfr_recovery_wire, 128);

/* Audio, A.8 */

#define KVMFR_AUDIO_VERSION      2u
#define KVMFR_AUDIO_UDATA        0x41554431u /* high word of the answer's LGMP udata */
#define KVMFR_AUDIO_ANSWER_MAGIC 0x41554452u
#define KVMFR_AUDIO_BIND         0x1u
#define KVMFR_AUDIO_PLAYBACK     0x1u

struct kvmfr_audio_claim_wire {
	uint32_t type; /* KVMFR_MESSAGE_AUDIO_CLAIM */
	uint16_t version;
	uint16_t size;
	uint32_t generation; /* of the request */
	uint32_t flags;
	uint64_t token;
	uint32_t lowest, highest; /* protocol */
	uint32_t capabilities;
	uint32_t subscriptions;
	uint64_t reserved[3];
};
WIRE_AT(kvmfr_audio_claim_wire, flags, 12);
WIRE_AT(kvmfr_audio_claim_wire, lowest, 24);
WIRE_AT(kvmfr_audio_claim_wire, reserved, 40);
WIRE_SIZE(kvmfr_audio_claim_wire, 64);

struct kvmfr_audio_answer_wire {
	uint8_t cursor[28]; /* a pointer message without flags, for who does not know this one */
	uint32_t magic;
	uint16_t version;
	uint16_t size;
	uint32_t generation;
	uint32_t client_id;
	uint16_t result; /* enum kvmfr_audio_result */
	uint16_t protocol;
	uint32_t endpoint_generation;
	uint32_t reserved;
	uint64_t token;
	uint32_t granted;
	uint32_t binding_epoch, role_epoch;
	uint32_t reader_id;
	uint8_t playback[32]; /* lgmp.md A.2 */
	uint8_t streams[3][32];
};
WIRE_AT(kvmfr_audio_answer_wire, magic, 28);
WIRE_AT(kvmfr_audio_answer_wire, generation, 36);
WIRE_AT(kvmfr_audio_answer_wire, result, 44);
WIRE_AT(kvmfr_audio_answer_wire, token, 56);
WIRE_AT(kvmfr_audio_answer_wire, granted, 64);
WIRE_AT(kvmfr_audio_answer_wire, reader_id, 76);
WIRE_AT(kvmfr_audio_answer_wire, playback, 80);
WIRE_AT(kvmfr_audio_answer_wire, streams, 112);
WIRE_SIZE(kvmfr_audio_answer_wire, 208);
