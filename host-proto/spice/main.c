#include "host-proto/spice/main.h"

#include <errno.h>

#include "host-proto/spice/reader.h"

#define AGENT_DATA_MAX     (64u * 1024) /* 2048 is what a server may send (12) */
#define TOKENS_MAX         0x80000000u
#define CHANNEL_ID_DEFAULT 0

static uint32_t clamp_tokens(uint32_t tokens) {
	return tokens > TOKENS_MAX ? TOKENS_MAX : tokens;
}

static void read_init(struct reader *r, struct spice_main_message *m) {
	m->kind = SPICE_MAIN_KIND_INIT;
	m->session_id = read_u32(r);
	read_u32(r); /* display_channels_hint */
	m->can_be_absolute = (read_u32(r) & SPICE_MOUSE_CLIENT) != 0;
	m->absolute = read_u32(r) == SPICE_MOUSE_CLIENT;
	m->agent = read_u32(r) != 0;
	m->tokens = clamp_tokens(read_u32(r));
	read_u32(r); /* multi_media_time */
	read_u32(r); /* ram_hint */
}

static void read_channels(struct reader *r, struct spice_main_message *m) {
	m->kind = SPICE_MAIN_KIND_CHANNELS;
	uint32_t n = read_u32(r);
	if ((uint64_t)n * 2 > r->left) {
		r->failed = true;
		return;
	}
	for (uint32_t i = 0; i < n && i < SPICE_MAIN_CHANNELS_MAX; i++) {
		uint8_t type = read_u8(r);
		uint8_t id = read_u8(r);
		if (type < SPICE_CHANNEL_COUNT && id == CHANNEL_ID_DEFAULT) {
			m->channels |= 1u << type;
		}
	}
}

static void read_name(struct reader *r, struct spice_main_message *m) {
	m->kind = SPICE_MAIN_KIND_NAME;
	uint32_t len = read_u32(r);
	if (len > SPICE_NAME_BYTES) {
		r->failed = true;
		return;
	}
	m->data = read_bytes(r, len);
	m->len = len;
	if (m->data && len > 0 && m->data[len - 1] == '\0') {
		m->len--;
	}
}

int spice_common_read(
		unsigned type, const uint8_t *body, size_t len, struct spice_main_message *ret) {
	struct spice_main_message m = { .kind = SPICE_MAIN_KIND_NONE };
	struct reader r = reader_of(body, len);
	switch (type) {
	case SPICE_NOTIFY:
		m.kind = SPICE_MAIN_KIND_NOTIFY;
		read_u64(&r); /* time */
		m.severity = read_u32(&r);
		read_u32(&r); /* visibility */
		read_u32(&r); /* what */
		uint32_t text = read_u32(&r);
		m.data = read_bytes(&r, text);
		m.len = text;
		break;
	case SPICE_DISCONNECTING:
		m.kind = SPICE_MAIN_KIND_DISCONNECTING;
		read_u64(&r);
		m.reason = read_u32(&r);
		break;
	case SPICE_MIGRATE:
	case SPICE_MIGRATE_DATA:
		m.kind = SPICE_MAIN_KIND_MIGRATE;
		break;
	default:
		break;
	}
	if (!reader_ok(&r)) {
		return -EBADMSG;
	}
	*ret = m;
	return 0;
}

int spice_main_read(
		unsigned type, const uint8_t *body, size_t len, struct spice_main_message *ret) {
	struct spice_main_message m = { .kind = SPICE_MAIN_KIND_NONE };
	struct reader r = reader_of(body, len);
	switch (type) {
	case SPICE_MAIN_INIT:
		read_init(&r, &m);
		break;
	case SPICE_MAIN_CHANNELS_LIST:
		read_channels(&r, &m);
		break;
	case SPICE_MAIN_MOUSE_MODE:
		m.kind = SPICE_MAIN_KIND_MOUSE_MODE;
		m.can_be_absolute = (read_u16(&r) & SPICE_MOUSE_CLIENT) != 0;
		m.absolute = read_u16(&r) == SPICE_MOUSE_CLIENT;
		break;
	case SPICE_MAIN_AGENT_CONNECTED:
		m.kind = SPICE_MAIN_KIND_AGENT_CONNECTED;
		m.tokens = 10; /* what every server grants (4.1) */
		break;
	case SPICE_MAIN_AGENT_CONNECTED_TOKENS:
		m.kind = SPICE_MAIN_KIND_AGENT_CONNECTED;
		m.tokens = clamp_tokens(read_u32(&r));
		break;
	case SPICE_MAIN_AGENT_DISCONNECTED:
		m.kind = SPICE_MAIN_KIND_AGENT_DISCONNECTED;
		break;
	case SPICE_MAIN_AGENT_DATA:
		if (len > AGENT_DATA_MAX) {
			return -EBADMSG;
		}
		m.kind = SPICE_MAIN_KIND_AGENT_DATA;
		m.data = body;
		m.len = len;
		break;
	case SPICE_MAIN_AGENT_TOKEN:
		m.kind = SPICE_MAIN_KIND_AGENT_TOKENS;
		m.tokens = clamp_tokens(read_u32(&r));
		break;
	case SPICE_MAIN_NAME:
		read_name(&r, &m);
		break;
	case SPICE_MAIN_UUID:
		m.kind = SPICE_MAIN_KIND_UUID;
		m.data = read_bytes(&r, 16);
		m.len = 16;
		break;
	case SPICE_MAIN_MIGRATE_BEGIN:
	case SPICE_MAIN_MIGRATE_SWITCH_HOST:
	case SPICE_MAIN_MIGRATE_BEGIN_SEAMLESS:
		m.kind = SPICE_MAIN_KIND_MIGRATE;
		break;
	default:
		return spice_common_read(type, body, len, ret);
	}
	if (!reader_ok(&r)) {
		return -EBADMSG;
	}
	*ret = m;
	return 0;
}
