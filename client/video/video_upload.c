#include "client/video/video_upload.h"

#include "client/render/renderer.h"
#include "host-proto/frame.h"

#include "base/clock.h"
#include "base/cpu_wait.h"
#include "base/thread_place.h"

/* A host copies 1 MiB in 150 us or so, and its upload takes nearly as long: what is left to wait
 * for is worth no sleep, whose end may come 50 us late. */
#define SPIN_NS      (60 * NS_PER_US)
#define NAP_NS       (25 * NS_PER_US)
#define GIVE_UP_NS   (100 * NS_PER_MS)
#define ASK_EVERY_NS (3 * NS_PER_MS)
/* A call into GL costs some microseconds: do not make it for a few rows. */
#define STRIPE_BYTES (256u * 1024u)

struct follower {
	const struct frame *frame;
	const struct video_follow *how;
	uint64_t written;     /* bytes, as seen last */
	uint64_t progress_ns; /* when it was raised; 0 = did not wait yet */
	uint64_t asked_ns;    /* when go_on was */
};

static void nap(const struct follower *follower) {
	const uint64_t begin_ns = clock_now_ns();
	clock_sleep_ns(NAP_NS);
	const uint64_t end_ns = clock_now_ns();
	if (follower->how->place && end_ns - begin_ns > NAP_NS) {
		thread_place_late(follower->how->place, end_ns - begin_ns - NAP_NS, end_ns);
	}
}

/* Waits until more than `bytes` are written. */
static bool wait_beyond(struct follower *follower, uint64_t bytes) {
	uint64_t now_ns = clock_now_ns();
	const uint64_t spin_until_ns = now_ns + SPIN_NS;
	follower->progress_ns = now_ns;
	for (;;) {
		const uint64_t written = frame_written(follower->frame);
		if (written > bytes) {
			follower->written = written;
			return true;
		}
		now_ns = clock_now_ns();
		if (written > follower->written) {
			follower->written = written;
			follower->progress_ns = now_ns;
		}
		if (now_ns < spin_until_ns) {
			cpu_pause();
			continue;
		}
		if (now_ns - follower->progress_ns > GIVE_UP_NS) {
			return false;
		}
		if (now_ns - follower->asked_ns > ASK_EVERY_NS) {
			follower->asked_ns = now_ns;
			if (!follower->how->go_on(follower->how->data)) {
				return false;
			}
		}
		nap(follower);
	}
}

/* How far rows are there, at least one stripe beyond y or up to `end`. 0: they do not come. */
static uint32_t rows_there(struct follower *follower, uint32_t y, uint32_t end) {
	const uint32_t pitch = follower->frame->pitch;
	const uint32_t stripe = STRIPE_BYTES / pitch + 1;
	const uint64_t want = (uint64_t)(end - y > stripe ? y + stripe : end) * pitch;
	if (follower->written < want) {
		follower->written = frame_written(follower->frame);
	}
	if (follower->written < want && !wait_beyond(follower, want - 1)) {
		return 0;
	}
	/* Everything that is there, not only what was waited for. */
	const uint64_t there = follower->written / pitch;
	return there < end ? (uint32_t)there : end;
}

/* From the top, as they are written: by their lower edge. */
static void order_damage(const struct frame *frame, unsigned char ret_order[FRAME_DAMAGE_MAX]) {
	for (unsigned i = 0; i < frame->damage_count; i++) {
		const struct frame_rect *rect = &frame->damage[i];
		unsigned at = i;
		while (at > 0) {
			const struct frame_rect *other = &frame->damage[ret_order[at - 1]];
			if (other->y + other->height <= rect->y + rect->height) {
				break;
			}
			ret_order[at] = ret_order[at - 1];
			at--;
		}
		ret_order[at] = (unsigned char)i;
	}
}

bool video_upload_wait(const struct frame *frame, const struct video_follow *follow) {
	struct follower follower = { .frame = frame, .how = follow };
	const uint64_t all = (uint64_t)frame->pitch * frame->rows;
	return wait_beyond(&follower, all - 1);
}

bool video_upload(struct renderer *renderer, const struct frame *frame, bool all,
		const struct video_follow *follow, uint64_t *ret_spent_ns) {
	struct follower follower = { .frame = frame, .how = follow };
	const struct frame_rect whole = { 0, 0, frame->width, frame->rows };
	unsigned char order[FRAME_DAMAGE_MAX] = { 0 };
	order_damage(frame, order);
	uint64_t spent_ns = 0;
	for (unsigned i = 0; i < (all ? 1 : frame->damage_count); i++) {
		const struct frame_rect *rect = all ? &whole : &frame->damage[order[i]];
		const uint32_t below = rect->y + rect->height;
		const uint32_t end = below < frame->rows ? below : frame->rows;
		for (uint32_t y = rect->y, there; y < end; y = there) {
			there = rows_there(&follower, y, end);
			if (there == 0) {
				*ret_spent_ns = spent_ns;
				return false;
			}
			const struct frame_rect part = { rect->x, y, rect->width, there - y };
			const uint64_t begin_ns = clock_now_ns();
			renderer_upload(renderer, frame->pixels, frame->pitch, &part);
			spent_ns += clock_now_ns() - begin_ns;
		}
	}
	*ret_spent_ns = spent_ns;
	return true;
}
