#include "tools/doctor/seen_packets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define IP_HEADER     20
#define UDP_HEADER    8
#define SCREAM_HEADER 5
#define SCREAM_BYTES  1152
#define PACKET_BYTES  2048
#define READ_MOST     4096 /* of one call: a flood must not hold it up */

static uint16_t word_at(const uint8_t *bytes) {
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* Rate, bits, channels and their mask, then 1152 bytes of sound. */
static bool is_scream(const uint8_t *data, size_t len) {
	return len == SCREAM_HEADER + SCREAM_BYTES && (data[0] & 0x7f) > 0 &&
	       (data[1] == 16 || data[1] == 24 || data[1] == 32) && data[2] >= 1 && data[2] <= 8;
}

void seen_packets_note(struct seen_packets *seen, const uint8_t *packet, size_t len) {
	if (len < IP_HEADER || packet[0] >> 4 != 4 || packet[9] != IPPROTO_UDP) {
		return;
	}
	const size_t header = (size_t)(packet[0] & 15) * 4;
	const bool is_first = (word_at(packet + 6) & 0x1fff) == 0;
	if (header < IP_HEADER || len < header + UDP_HEADER || !is_first) {
		return;
	}
	struct seen_kind kind = {
		.port = word_at(packet + header + 2),
		.count = 1,
		.is_scream = is_scream(packet + header + UDP_HEADER, len - header - UDP_HEADER),
	};
	memcpy(&kind.from, packet + 12, sizeof kind.from);
	memcpy(&kind.to, packet + 16, sizeof kind.to);
	for (unsigned i = 0; i < seen->kinds; i++) {
		struct seen_kind *known = &seen->kind[i];
		if (known->from == kind.from && known->to == kind.to && known->port == kind.port &&
				known->is_scream == kind.is_scream) {
			known->count++;
			return;
		}
	}
	if (seen->kinds == SEEN_KINDS) {
		seen->others++;
		return;
	}
	seen->kind[seen->kinds++] = kind;
}

int seen_packets_open(const char *interface) {
	const struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)if_nametoindex(interface),
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_IP));
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		const int error = errno;
		close(fd);
		errno = error;
		fd = -1;
	}
	return fd < 0 ? -errno : fd;
}

void seen_packets_read(struct seen_packets *seen, int fd) {
	uint8_t packet[PACKET_BYTES];
	struct sockaddr_ll from = { 0 };
	for (unsigned i = 0; i < READ_MOST; i++) {
		socklen_t len = sizeof from;
		const ssize_t n = recvfrom(
				fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &len);
		if (n < 0) {
			return;
		}
		if (from.sll_pkttype != PACKET_OUTGOING) {
			seen_packets_note(seen, packet, (size_t)n);
		}
	}
}

const struct seen_kind *seen_packets_most(const struct seen_packets *seen, bool scream) {
	const struct seen_kind *most = NULL;
	for (unsigned i = 0; i < seen->kinds; i++) {
		const struct seen_kind *kind = &seen->kind[i];
		if (kind->is_scream == scream && (!most || kind->count > most->count)) {
			most = kind;
		}
	}
	return most;
}
