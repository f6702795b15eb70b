#include "audio/receive/filter.h"

#include "base/clock.h"

#define TAKE_OVER_NS   NS_PER_S
#define PORT_SILENT_NS (20 * NS_PER_MS) /* a new stream of the driver has a new port (1.4) */
#define CHANGES_WITHIN (10 * NS_PER_S)
#define STAYS_NS       (200 * NS_PER_MS) /* what changes often must first have stayed */
#define RATE_TOLERANCE 1.05
#define BUCKET_S       0.3

void filter_init(struct filter *filter, bool any_sender) {
	*filter = (struct filter){ .any_sender = any_sender };
}

void filter_choose(struct filter *filter, bool chooses) {
	filter->chooses = chooses;
	filter->sender_count = 0;
	filter->locked = false;
}

void filter_judge_sender(struct filter *filter, unsigned i, enum filter_sender is) {
	filter->senders[i].is = is;
	if (is == FILTER_SENDER_UNWANTED && filter->source == filter->senders[i].source) {
		filter->locked = false;
	}
}

/* The entry of a sender; of too many, the one that was heard longest ago makes room. */
static struct filter_sender_entry *sender_of(
		struct filter *filter, uint32_t source, uint64_t now_ns) {
	struct filter_sender_entry *oldest = filter->senders;
	for (unsigned i = 0; i < filter->sender_count; i++) {
		struct filter_sender_entry *entry = &filter->senders[i];
		if (entry->source == source) {
			entry->heard_ns = now_ns;
			return entry;
		}
		oldest = entry->heard_ns < oldest->heard_ns ? entry : oldest;
	}
	if (filter->sender_count < FILTER_SENDERS) {
		oldest = &filter->senders[filter->sender_count++];
	}
	*oldest = (struct filter_sender_entry){ .source = source, .heard_ns = now_ns };
	return oldest;
}

/* Whether the one that plays is only heard because nobody knew whose it is. */
static bool is_stopgap(struct filter *filter, uint64_t now_ns) {
	return filter->chooses && filter->locked &&
	       sender_of(filter, filter->source, now_ns)->is != FILTER_SENDER_WANTED;
}

/* Silence neither takes the lock nor keeps it from who has something to say: Windows sends it for
 * minutes while a program holds the device. */
static enum filter_verdict judge_sender(struct filter *filter, uint32_t source, uint16_t port,
		bool silent, uint64_t now_ns) {
	if (filter->chooses) {
		const enum filter_sender is = sender_of(filter, source, now_ns)->is;
		if (is == FILTER_SENDER_UNWANTED) {
			return FILTER_NOT_WANTED;
		}
		if (is == FILTER_SENDER_WANTED && source != filter->source && !silent &&
				is_stopgap(filter, now_ns)) {
			return FILTER_PLAY;
		}
	}
	if (filter->any_sender || !filter->locked) {
		return FILTER_PLAY;
	}
	if (source != filter->source) {
		const bool waits = silent || now_ns - filter->sounded_ns < TAKE_OVER_NS;
		return waits ? FILTER_OTHER_SENDER : FILTER_PLAY;
	}
	return port != filter->port && now_ns - filter->heard_ns < PORT_SILENT_NS
			       ? FILTER_OTHER_STREAM
			       : FILTER_PLAY;
}

static void fill_bucket(struct filter *filter) {
	double bytes_per_s = (double)filter->format.rate * scream_frame_bytes(&filter->format);
	filter->tokens = bytes_per_s * BUCKET_S;
}

static bool take_tokens(struct filter *filter, size_t bytes, uint64_t now_ns) {
	double bytes_per_s = (double)filter->format.rate * scream_frame_bytes(&filter->format);
	double elapsed = (double)(now_ns - filter->tokens_ns) * 1e-9;
	filter->tokens_ns = now_ns;
	filter->tokens += elapsed * bytes_per_s * RATE_TOLERANCE;
	if (filter->tokens > bytes_per_s * BUCKET_S) {
		filter->tokens = bytes_per_s * BUCKET_S;
	}
	if (filter->tokens < (double)bytes) {
		return false;
	}
	filter->tokens -= (double)bytes;
	return true;
}

static void take_format(
		struct filter *filter, const struct scream_format *format, uint64_t now_ns) {
	filter->proposed_once = false;
	filter->playing = true;
	filter->format = *format;
	fill_bucket(filter);
	filter->tokens_ns = now_ns;
}

/* Two packets in a row must agree on a new format; where it changes often, it must first have
 * stayed for a while. The very first one starts a stream alone: there is none to tear down. */
static enum filter_verdict agree(
		struct filter *filter, const struct scream_format *format, uint64_t now_ns) {
	if (filter->playing && scream_format_equal(format, &filter->format)) {
		filter->proposed_once = false;
		return FILTER_PLAY;
	}
	if (!filter->playing) {
		take_format(filter, format, now_ns);
		return FILTER_PLAY;
	}
	if (!filter->proposed_once || !scream_format_equal(format, &filter->proposed)) {
		filter->proposed_once = true;
		filter->proposed = *format;
		filter->proposed_ns = now_ns;
		return FILTER_UNAGREED;
	}
	uint64_t oldest = filter->changes_ns[filter->change];
	if (oldest != 0 && now_ns - oldest < CHANGES_WITHIN &&
			now_ns - filter->proposed_ns < STAYS_NS) {
		return FILTER_MUTED;
	}
	filter->changes_ns[filter->change] = now_ns;
	filter->change = (filter->change + 1) % 4;
	take_format(filter, format, now_ns);
	return FILTER_PLAY;
}

static enum filter_verdict judge(struct filter *filter, const void *data, size_t len,
		uint32_t source, uint16_t port, uint64_t now_ns, struct scream_packet *ret_packet) {
	struct scream_packet packet;
	enum scream_verdict verdict = scream_parse(data, len, &packet);
	if (verdict != SCREAM_OK) {
		filter->malformed = verdict;
		filter->malformed_counts[verdict]++;
		return FILTER_MALFORMED;
	}
	const size_t bytes = (size_t)packet.frames * scream_frame_bytes(&packet.format);
	const bool silent = scream_is_silence(packet.pcm, bytes);
	const enum filter_verdict sender = judge_sender(filter, source, port, silent, now_ns);
	if (sender != FILTER_PLAY) {
		return sender;
	}
	if (!filter->locked || source != filter->source || port != filter->port) {
		filter->proposed_once = false;
	}
	filter->locked = true;
	filter->source = source;
	filter->port = port;
	filter->heard_ns = now_ns;
	if (!silent) {
		filter->sounded_ns = now_ns;
	}
	enum filter_verdict agreed = agree(filter, &packet.format, now_ns);
	if (agreed != FILTER_PLAY) {
		return agreed;
	}
	if (!take_tokens(filter, len, now_ns)) {
		return FILTER_TOO_FAST;
	}
	*ret_packet = packet;
	return FILTER_PLAY;
}

enum filter_verdict filter_judge(struct filter *filter, const void *data, size_t len,
		uint32_t source, uint16_t port, uint64_t now_ns, struct scream_packet *ret_packet) {
	enum filter_verdict verdict = judge(filter, data, len, source, port, now_ns, ret_packet);
	filter->counts[verdict]++;
	return verdict;
}

uint64_t filter_rejected(const struct filter *filter) {
	uint64_t all = 0;
	for (int i = FILTER_PLAY + 1; i < FILTER_VERDICTS; i++) {
		all += filter->counts[i];
	}
	return all;
}

const char *filter_verdict_text(const struct filter *filter, enum filter_verdict verdict) {
	switch (verdict) {
	case FILTER_PLAY:
		return "played";
	case FILTER_MALFORMED:
		return scream_verdict_text(filter->malformed);
	case FILTER_OTHER_SENDER:
		return "from another sender than the one that plays";
	case FILTER_NOT_WANTED:
		return "of another VM than the one whose sound is wanted";
	case FILTER_OTHER_STREAM:
		return "of another stream of the sender that plays";
	case FILTER_UNAGREED:
		return "a single packet of another format";
	case FILTER_MUTED:
		return "the format changes too often";
	case FILTER_TOO_FAST:
		return "more of them than the format needs";
	case FILTER_VERDICTS:
		break;
	}
	return "?";
}
