#include "audio/receive/scream_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define DATAGRAM_BYTES   2048
#define RECEIVE_BUFFER   (1 << 20)
#define NOBODY           "192.0.2.1"
#define CLOCK_REFRESH_NS NS_PER_S
/* A timestamp further from now than this is not one. */
#define STAMP_PLAUSIBLE_NS (10 * NS_PER_S)

#ifndef IP_MULTICAST_ALL
#define IP_MULTICAST_ALL 49
#endif

struct scream_socket {
	int fd;
	uint32_t group;
	int64_t to_monotonic_ns;
	uint64_t clock_ns;
	uint32_t drops; /* the kernel's counter, as last seen */
	struct mmsghdr messages[SCREAM_SOCKET_BATCH];
	struct iovec vectors[SCREAM_SOCKET_BATCH];
	struct sockaddr_in sources[SCREAM_SOCKET_BATCH];
	_Alignas(struct cmsghdr) uint8_t controls[SCREAM_SOCKET_BATCH][256];
	uint8_t data[SCREAM_SOCKET_BATCH][DATAGRAM_BYTES];
};

static int set_option(int fd, int level, int option, int value) {
	return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

static int set_options(struct scream_socket *s) {
	int r = set_option(s->fd, IPPROTO_IP, IP_PKTINFO, 1);
	if (r < 0) {
		return r;
	}
	if (s->group != 0) {
		/* Every receiver on the host gets every multicast packet; with unicast the last
		 * one would take all, so there the port stays exclusive. */
		r = set_option(s->fd, SOL_SOCKET, SO_REUSEADDR, 1);
		if (r < 0) {
			return r;
		}
		/* Or packets come from interfaces that other programs have joined. */
		r = set_option(s->fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
		if (r < 0) {
			return r;
		}
	}
	/* Helpful, not needed. */
	set_option(s->fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
	set_option(s->fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	set_option(s->fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
	return 0;
}

int scream_socket_open(struct scream_socket **ret_socket, uint32_t group, uint16_t port) {
	struct scream_socket *s = calloc(1, sizeof *s);
	if (!s) {
		return -ENOMEM;
	}
	s->group = group;
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = s->fd < 0 ? -errno : set_options(s);
	if (r == 0) {
		const struct sockaddr_in address = {
			.sin_family = AF_INET,
			.sin_port = htons(port),
			/* Also with a group: what is sent to this host alone is sound, too. */
			.sin_addr.s_addr = INADDR_ANY,
		};
		r = bind(s->fd, (const struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
	}
	if (r < 0) {
		scream_socket_close(s);
		return r;
	}
	for (int i = 0; i < SCREAM_SOCKET_BATCH; i++) {
		s->vectors[i] = (struct iovec){ s->data[i], DATAGRAM_BYTES };
		s->messages[i].msg_hdr.msg_iov = &s->vectors[i];
		s->messages[i].msg_hdr.msg_iovlen = 1;
		s->messages[i].msg_hdr.msg_name = &s->sources[i];
		s->messages[i].msg_hdr.msg_control = s->controls[i];
	}
	*ret_socket = s;
	return 0;
}

void scream_socket_close(struct scream_socket *s) {
	if (!s) {
		return;
	}
	if (s->fd >= 0) {
		close(s->fd);
	}
	free(s);
}

int scream_socket_fd(const struct scream_socket *s) {
	return s->fd;
}

static int membership(const struct scream_socket *s, int option, int ifindex) {
	const struct ip_mreqn request = {
		.imr_multiaddr.s_addr = s->group,
		.imr_ifindex = ifindex,
	};
	return setsockopt(s->fd, IPPROTO_IP, option, &request, sizeof request) < 0 ? -errno : 0;
}

int scream_socket_join(struct scream_socket *s, int ifindex) {
	if (s->group == 0) {
		return 0;
	}
	int r = membership(s, IP_ADD_MEMBERSHIP, ifindex);
	return r == -EADDRINUSE ? 0 : r;
}

void scream_socket_leave(struct scream_socket *s, int ifindex) {
	if (s->group != 0) {
		membership(s, IP_DROP_MEMBERSHIP, ifindex);
	}
}

void scream_socket_renew(struct scream_socket *s, int ifindex) {
	/* Of an address that nobody has (RFC 5737): each change of the sources is reported. */
	struct group_source_req request = { .gsr_interface = (uint32_t)ifindex };
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = s->group };
	if (s->group == 0) {
		return;
	}
	memcpy(&request.gsr_group, &address, sizeof address);
	inet_pton(AF_INET, NOBODY, &address.sin_addr);
	memcpy(&request.gsr_source, &address, sizeof address);
	if (setsockopt(s->fd, IPPROTO_IP, MCAST_UNBLOCK_SOURCE, &request, sizeof request) < 0) {
		(void)setsockopt(s->fd, IPPROTO_IP, MCAST_BLOCK_SOURCE, &request, sizeof request);
	}
}

static uint64_t arrival_ns(struct scream_socket *s, const struct timespec *stamp, uint64_t now_ns) {
	if (s->clock_ns == 0 || now_ns - s->clock_ns > CLOCK_REFRESH_NS) {
		s->to_monotonic_ns = clock_realtime_to_monotonic_ns();
		s->clock_ns = now_ns;
	}
	int64_t at = (int64_t)stamp->tv_sec * (int64_t)NS_PER_S + stamp->tv_nsec +
		     s->to_monotonic_ns;
	uint64_t t_ns = (uint64_t)at;
	/* The wall clock was set: a second of doubt, not of silence. */
	return t_ns > now_ns || now_ns - t_ns > STAMP_PLAUSIBLE_NS ? now_ns : t_ns;
}

static void read_controls(struct scream_socket *s, struct msghdr *header,
		struct scream_datagram *datagram, uint64_t now_ns) {
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof info);
			datagram->ifindex = info.ipi_ifindex;
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
			struct timespec stamp;
			memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
			datagram->arrived_ns = arrival_ns(s, &stamp, now_ns);
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
			uint32_t drops;
			memcpy(&drops, CMSG_DATA(c), sizeof drops);
			datagram->dropped = drops - s->drops;
			s->drops = drops;
		}
	}
}

int scream_socket_receive(struct scream_socket *s,
		struct scream_datagram ret_datagrams[SCREAM_SOCKET_BATCH], uint64_t now_ns) {
	for (int i = 0; i < SCREAM_SOCKET_BATCH; i++) {
		s->messages[i].msg_hdr.msg_namelen = sizeof s->sources[i];
		s->messages[i].msg_hdr.msg_controllen = sizeof s->controls[i];
		s->messages[i].msg_hdr.msg_flags = 0;
	}
	int n = recvmmsg(s->fd, s->messages, SCREAM_SOCKET_BATCH, 0, NULL);
	for (int i = 0; i < n; i++) {
		struct msghdr *header = &s->messages[i].msg_hdr;
		ret_datagrams[i] = (struct scream_datagram){
			.data = s->data[i],
			.len = s->messages[i].msg_len,
			.truncated = header->msg_flags & MSG_TRUNC,
			.source = s->sources[i].sin_addr.s_addr,
			.source_port = ntohs(s->sources[i].sin_port),
			.arrived_ns = now_ns,
		};
		read_controls(s, header, &ret_datagrams[i], now_ns);
	}
	return n > 0 ? n : 0;
}
