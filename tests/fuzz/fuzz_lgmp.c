/*
 * A whole session: the input is a list of things that the host does to the memory between looks of
 * the client. 8 bytes each: what, where (3 bytes), value (4 bytes). First byte: which host (3),
 * that it was subscribed before (4), by one that looks only (8), in a file that is too small (16),
 * with a host that offers all (32).
 *
 * Covers: host-proto/lgmp_client.c host-proto/lgmp_find.c host-proto/lgmp_layout.c
 * host-proto/lgmp_queue.c host-proto/lgmp_session.c host-proto/lgmp_by_pending.c
 * host-proto/lgmp_by_position.c host-proto/shm.c
 */
#include <stdint.h>

#include "host-proto/kvmfr_schedule.h"
#include "tests/support/hostile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct guest guest;
static char small_path[] = "/tmp/pierglass-fuzz-XXXXXX";
static bool offers_schedule;
static volatile uint32_t sink;
static struct hostile_reader reader;

static void remove_file(void) {
	unlink(guest.path);
	unlink(small_path);
}

/* Another file of that name, as a VM makes it that starts anew; the host goes on in the old one. */
static void replace_file(void) {
	char kept[80];
	snprintf(kept, sizeof kept, "%s.kept", guest.path);
	if (rename(guest.path, kept) == 0) {
		const int fd = open(guest.path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
		CHECK(fd >= 0);
		close(fd);
	}
}

static void put_file_back(void) {
	char kept[80];
	snprintf(kept, sizeof kept, "%s.kept", guest.path);
	(void)rename(kept, guest.path);
}

static void set_up(void) {
	if (!guest.shm) {
		guest_file(&guest, HOSTILE_MEMORY);
		const int fd = mkstemp(small_path);
		CHECK(fd >= 0 && ftruncate(fd, 4096) == 0);
		close(fd);
		atexit(remove_file);
		CHECK_EQ(shm_map(&guest.shm, guest.path), 0);
		hostile_reader_init(&reader);
	}
}

static void produce(struct lgmp_client *client, uint32_t value) {
	struct kvmfr_host_owner owner = { .epoch = value >> 18 & 3, .generation = value };
	uint32_t session;
	struct frame frame = guest_frame(16 + (value & 63), 16 + (value >> 8 & 63));
	struct kvmfr_host_frame at;
	static const uint8_t pixels[16 * 16 * 4];
	const struct kvmfr_host_shape shape = {
		.type = value >> 16 & 3, .width = 16, .height = 16, .pitch = 64, .data = pixels
	};
	if (value >> 20 & 1 && offers_schedule) {
		lgmp_client_identity(client, &session, &owner.client_id);
	}
	kvmfr_host_set_owner(guest.host, &owner);
	if (kvmfr_host_post_frame(guest.host, &frame, guest_ms(&guest), &at) == 0) {
		kvmfr_host_written(&at, frame.pitch * frame.rows);
	}
	kvmfr_host_post_pointer(guest.host, true, true, 1, 1, &shape, guest_ms(&guest));
}

/* Frames by the schedule of this client come on queues of its own, where those exist. */
static void drain_own(struct lgmp_client *client) {
	for (unsigned i = 0; i < 4; i++) {
		struct lgmp_message message;
		const enum lgmp_queue queue = i & 1 ? LGMP_QUEUE_OWNER_A : LGMP_QUEUE_OWNER_B;
		if (lgmp_client_next(client, queue, &message) > 0) {
			hostile_read_frame(&reader, &message);
			lgmp_client_finish(client, &message);
		}
	}
}

/* The host takes what the client has said. */
static void hear(void) {
	uint8_t bytes[64];
	struct lgmp_host *host = kvmfr_host_lgmp(guest.host);
	const unsigned queue = kvmfr_host_pointer_queue(guest.host);
	for (unsigned i = 0; i < 16 && lgmp_host_read_data(host, queue, bytes) >= 0; i++) {
		sink += bytes[0];
	}
}

static void look(struct lgmp_client *client, const struct lgmp_layout *layout, uint32_t later) {
	hostile_drain(&reader, client);
	drain_own(client);
	guest.now_ns += 10 * NS_PER_MS + (uint64_t)(later & 15) * 200 * NS_PER_MS;
	(void)kvmfr_host_periodic(guest.host, guest_ms(&guest));
	if (!(later & 0x80)) {
		hear();
	}
	lgmp_store64(lgmp_at64(shm_base(guest.shm), layout->timestamp), guest_ms(&guest));
	lgmp_client_step(client, guest.now_ns);
	struct frame frame;
	if (lgmp_client_peek_frame(client, &frame) == 0) { /* of those that look only */
		sink = frame.serial + frame.pixels[(size_t)frame.pitch * frame.rows - 1];
	}
}

/* What the other parts of the program ask of the session. */
static void ask_host(struct lgmp_client *client, uint32_t value) {
	static const enum lgmp_queue queues[] = { LGMP_QUEUE_FRAME, LGMP_QUEUE_POINTER };
	const struct kvmfr_audio_answer answer = { .result = KVMFR_AUDIO_BUSY };
	const uint32_t *word;
	uint32_t ours;
	switch (value & 7) {
	case 0:
	case 1:
		lgmp_client_move_pointer(client, (int32_t)value, 0, guest.now_ns);
		break;
	case 2:
		lgmp_client_window_size(client, value >> 3, value >> 5, guest.now_ns);
		break;
	case 3:
		if (value & 8) {
			const struct kvmfr_schedule schedule = { .generation = value,
				.flags = KVMFR_SCHEDULE_ACTIVE,
				.period_ns = value };
			lgmp_client_schedule(client, &schedule);
		} else {
			lgmp_client_claim_audio(client, guest.now_ns);
		}
		break;
	case 4:
		lgmp_client_audio_answered(client, &answer);
		if (value & 8) {
			sink = (uint32_t)lgmp_client_send(
					client, LGMP_QUEUE_INPUT, &answer, sizeof answer);
		}
		if (value & 16) {
			replace_file();
		}
		break;
	case 5:
		sink = lgmp_client_request_state(
				client, (value >> 3) % LGMP_REQUESTS, guest.now_ns);
		break;
	case 6:
		if (lgmp_client_doorbell(client, queues[value >> 3 & 1], &word, &ours)) {
			sink = *word - ours;
		}
		break;
	default:
		guest.now_ns += 200 * NS_PER_MS + (uint64_t)(value >> 3 & 15) * NS_PER_S;
		lgmp_client_step(client, guest.now_ns); /* without a beat of the heart */
		break;
	}
	lgmp_client_identity(client, &ours, &ours);
	sink = (uint32_t)lgmp_state_name(lgmp_client_status(client)->state)[0];
}

static void act(const uint8_t *what, struct lgmp_client *client, const struct lgmp_layout *layout) {
	uint32_t where = 0;
	uint32_t value;
	memcpy(&where, what + 1, 3);
	memcpy(&value, what + 4, 4);
	const uint64_t queue = layout->queues + (uint64_t)(what[0] >> 4 & 1) * layout->queue_bytes;
	uint64_t at = 0;
	switch (what[0] & 7) {
	case 0:
		produce(client, value);
		return;
	case 1:
		look(client, layout, value);
		return;
	case 2:
		ask_host(client, value);
		return;
	case 3:
		at = where; /* anywhere */
		break;
	case 4:
		at = queue + where % layout->queue_bytes;
		break;
	case 5:
		at = layout->header_bytes + where % 8192; /* rings, small blocks */
		break;
	default: { /* the payload of a message, or with 0x80 its place in the ring */
		const uint32_t ring = lgmp_load32(lgmp_at32(shm_base(guest.shm),
						      queue + layout->ring_offset)) %
				      (HOSTILE_MEMORY - 4096);
		const uint64_t entry = (ring & ~3u) + (uint64_t)(where & 3) * layout->entry_bytes;
		if (what[0] & 0x80) {
			at = entry + layout->entry_offset;
			break;
		}
		at = lgmp_load32(lgmp_at32(shm_base(guest.shm), entry + layout->entry_offset)) +
		     (where >> 2) % 1216;
		break;
	}
	}
	at &= ~3ull;
	/* A lock that is held costs 100 ms; it has a test of its own. */
	if (at + 4 <= HOSTILE_MEMORY && at != queue + layout->lock &&
			at != queue + layout->data_lock) {
		lgmp_store32(lgmp_at32(shm_base(guest.shm), at), value);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static const unsigned versions[] = { 20, 19, 34, 20 };
	struct lgmp_client *client;
	if (size < 1 || size > 1024) {
		return 0;
	}
	set_up();
	const unsigned kvmfr = versions[data[0] & 3];
	struct kvmfr_info info = guest_info(kvmfr);
	offers_schedule = kvmfr == 34;
	if (offers_schedule) {
		info.features |= KVMFR_FEATURE_FRAME_SCHEDULE;
	}
	if (offers_schedule && data[0] & 32) {
		info.features |= KVMFR_FEATURE_AUDIO | KVMFR_FEATURE_WINDOW_SIZE;
	}
	CHECK_EQ(kvmfr_host_create(&guest.host, guest.shm, &info), 0);
	CHECK_EQ(kvmfr_host_begin(guest.host, 5, guest_ms(&guest)), 0);
	CHECK_EQ(lgmp_client_create(&client, data[0] & 16 ? small_path : guest.path), 0);
	lgmp_client_want(client, LGMP_QUEUE_OWNER_A);
	lgmp_client_want(client, LGMP_QUEUE_OWNER_B);
	if (data[0] & 8) {
		const struct owners owners = { .anybody = true };
		lgmp_client_set_owners(client, &owners);
		lgmp_client_look_only(client);
	}
	for (unsigned i = 0; data[0] & 4 && i < 4; i++) {
		look(client, hostile_layout(kvmfr), 0); /* lies begin after it was subscribed */
	}
	for (size_t i = 1; i + 8 <= size; i += 8) {
		act(data + i, client, hostile_layout(kvmfr));
	}
	look(client, hostile_layout(kvmfr), 0);
	lgmp_client_destroy(client);
	put_file_back();
	kvmfr_host_destroy(guest.host);
	guest.host = NULL;
	return 0;
}
