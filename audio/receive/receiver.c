#define LOG_MODULE "scream"
#include "audio/receive/receiver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "audio/receive/filter.h"
#include "audio/receive/interfaces.h"
#include "audio/receive/port_owner.h"
#include "audio/receive/scream_shm.h"
#include "audio/receive/scream_socket.h"
#include "audio/receive/sender_match.h"
#include "audio/receive/sound_owner.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"

#define LOOK_NS        (2 * NS_PER_S)
#define ASKED_NS       (20 * NS_PER_MS)
#define ASKED_MOST     25
#define OTHER_NS       (500 * NS_PER_MS)
#define DATAGRAMS_MAX  64 /* of one wake-up: a flood must not keep the sound server waiting */
#define HEAL_FIRST_NS  (3 * NS_PER_S)
#define HEAL_MOST_NS   (60 * NS_PER_S)
#define HEAL_WITHIN_NS (600 * NS_PER_S)
/* A quarter of what a bridge remembers ordinarily. */
#define RENEW_NS        (60 * NS_PER_S)
#define RENEW_LEAST_NS  NS_PER_S
#define RENEWALS        5 /* in the time that it lasted: the first one lasts longer than the next */
#define LAPSE_WITHIN_NS NS_PER_S
#define HINT_AFTER_NS   (5 * NS_PER_S)
/* Scream sends 77 packets a second at least; SSDP and mDNS of any Windows are far fewer. */
#define HINT_A_SECOND 60
#define REJECT_LOG_NS (60 * NS_PER_S)

struct joined {
	struct interface interface;
	uint64_t multicast; /* its counter when we joined: for the hint */
};

struct receiver {
	/* constant after receiver_create() */
	struct receiver_config config;
	uint32_t group; /* 0 = unicast */

	int epoll_fd;
	int link_fd;
	struct sound_owner *owner;
	struct scream_socket *socket;
	struct scream_shm *shm;
	struct filter filter;

	/* of this turn: what receiver_next() gives away one by one */
	struct scream_datagram datagrams[SCREAM_SOCKET_BATCH];
	int datagram_count, datagram_next, handled;
	bool polled; /* shm was looked at */

	struct joined joined[INTERFACES_MAX];
	unsigned joined_count;
	deadline look;
	struct part_status status;

	uint64_t joined_ns;
	deadline heal;
	uint64_t heal_delay_ns;
	deadline renew;
	uint64_t renew_every_ns, renewed_ns; /* when the membership was reported last */
	uint64_t lasted_ns, healed_ns;       /* so long until packets ended; joined again since */
	bool hinted;
	bool port_owner_reported;
	unsigned senders_judged;
	unsigned asked; /* times in a row */

	struct receiver_stats stats;
	uint64_t reported_ns[FILTER_VERDICTS];
};

static void set_status(struct receiver *r, enum part_state state, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

static void set_status(struct receiver *r, enum part_state state, const char *format, ...) {
	struct part_status status = { .state = state };
	va_list args;
	va_start(args, format);
	vsnprintf(status.reason, sizeof status.reason, format, args);
	va_end(args);
	if (part_status_equal(&status, &r->status)) {
		return;
	}
	r->status = status;
	log_info("%s", status.reason);
}

static void watch(struct receiver *r, int fd) {
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

/* ---- joining ---- */

static bool any_interface(const struct receiver *r) {
	return r->config.unicast &&
	       (r->config.interface[0] == '\0' || strcmp(r->config.interface, "auto") == 0);
}

static void key_of(const struct receiver *r, const char *interface, char *ret_key, size_t room) {
	snprintf(ret_key, room, "%s-%s-%u", interface,
			r->config.unicast ? "unicast" : r->config.group, r->config.port);
}

/* Two VMs on one bridge: each player has its own, and shares the bridge. */
static void key_of_sender(
		const struct receiver *r, const char *interface, char *ret_key, size_t room) {
	key_of(r, interface, ret_key, room);
	const size_t len = strlen(ret_key);
	snprintf(ret_key + len, room - len, "-%s", r->config.sender);
}

static void release(struct receiver *r, const char *interface) {
	char key[128];
	if (!r->owner) {
		return;
	}
	key_of(r, interface, key, sizeof key);
	sound_owner_release(r->owner, key);
	key_of_sender(r, interface, key, sizeof key);
	sound_owner_release(r->owner, key);
}

static enum sound_owner_state try_to_own(struct receiver *r, const char *interface, int *ret_pid) {
	char key[128];
	const bool shares = r->config.sender[0] != '\0';
	key_of(r, interface, key, sizeof key);
	const enum sound_owner_state state = sound_owner_try(r->owner, key, shares, ret_pid);
	if (!shares || state != SOUND_OWNER_HELD) {
		return state;
	}
	key_of_sender(r, interface, key, sizeof key);
	return sound_owner_try(r->owner, key, false, ret_pid);
}

static void leave(struct receiver *r, unsigned i) {
	if (r->socket) {
		scream_socket_leave(r->socket, r->joined[i].interface.index);
	}
	release(r, r->joined[i].interface.name);
	r->joined[i] = r->joined[--r->joined_count];
}

static void close_socket(struct receiver *r) {
	scream_socket_close(r->socket); /* leaves the epoll set too */
	r->socket = NULL;
}

static void tell_port_owner(struct receiver *r) {
	struct port_owner port_owner;
	const struct port_owner *before = &r->config.port_owner;
	bool found = port_owner_find(r->config.port, &port_owner);
	if (found && port_owner.pid == 0 && before->pid > 0 && kill(before->pid, 0) == 0) {
		port_owner = *before; /* a confined program does not see into others */
	}
	char reason[PART_REASON_BYTES];
	port_owner_describe(found ? &port_owner : NULL, r->config.port, reason, sizeof reason);
	set_status(r, PART_FAILED, "%s", reason);
}

static bool open_socket(struct receiver *r) {
	if (r->socket) {
		return true;
	}
	int error = scream_socket_open(&r->socket, r->group, r->config.port);
	if (error == -EADDRINUSE) {
		tell_port_owner(r);
	} else if (error < 0) {
		set_status(r, PART_FAILED, _("cannot open UDP port %u: %s"), r->config.port,
				strerrordesc_np(-error)); // NOLINT(concurrency-mt-unsafe)
	}
	if (error < 0) {
		return false;
	}
	watch(r, scream_socket_fd(r->socket));
	struct port_owner port_owner;
	if (!r->port_owner_reported && port_owner_find(r->config.port, &port_owner) &&
			strcmp(port_owner.name, "pierglass") != 0 && port_owner.pid != 0) {
		log_warn("\"%s\" (process %d) receives on port %u too: the sound may be heard twice",
				port_owner.name, port_owner.pid, r->config.port);
	}
	r->port_owner_reported = true;
	return true;
}

static bool may_have(struct receiver *r, const char *interface) {
	int pid;
	if (!r->owner) {
		return true;
	}
	enum sound_owner_state state = try_to_own(r, interface, &pid);
	if (state == SOUND_OWNER_ASKED && ++r->asked > ASKED_MOST) {
		state = SOUND_OWNER_OTHER; /* the unit has let go, but another player was first */
	}
	switch (state) {
	case SOUND_OWNER_ASKED:
		set_status(r, PART_WAITING, _("taking the sound over from the audio-only service"));
		r->look = clock_now_ns() + ASKED_NS;
		return false;
	case SOUND_OWNER_OTHER:
		r->look = clock_now_ns() + OTHER_NS;
		if (r->config.preemptible) {
			set_status(r, PART_WAITING,
					_("a player's window has the sound: waiting for it to close"));
		} else {
			set_status(r, PART_WAITING,
					_("another pierglass (process %d) plays the sound of %s"),
					pid, interface);
		}
		return false;
	case SOUND_OWNER_NONE:
	case SOUND_OWNER_HELD:
		r->asked = 0;
		break;
	}
	return true;
}

static bool has_joined(const struct receiver *r, int index) {
	for (unsigned i = 0; i < r->joined_count; i++) {
		if (r->joined[i].interface.index == index) {
			return true;
		}
	}
	return false;
}

static void join(struct receiver *r, const struct interface *interface, uint64_t now_ns) {
	if (has_joined(r, interface->index) || r->joined_count == INTERFACES_MAX ||
			!may_have(r, interface->name) || !open_socket(r)) {
		return;
	}
	int error = scream_socket_join(r->socket, interface->index);
	if (error < 0) {
		set_status(r, PART_WAITING, _("cannot join %s on %s: %s"), r->config.group,
				interface->name,
				strerrordesc_np(-error)); // NOLINT(concurrency-mt-unsafe)
		return;
	}
	r->joined[r->joined_count++] = (struct joined){
		.interface = *interface,
		.multicast = interface_multicast_count(interface->name),
	};
	r->joined_ns = now_ns;
	r->renewed_ns = now_ns;
	r->renew = now_ns + r->renew_every_ns;
	r->hinted = false;
	log_debug("joined on %s (%d)", interface->name, interface->index);
}

static void leave_missing(struct receiver *r, const struct interface *found, unsigned count) {
	for (unsigned i = r->joined_count; i-- > 0;) {
		bool there = false;
		for (unsigned k = 0; k < count; k++) {
			there |= found[k].index == r->joined[i].interface.index;
		}
		if (!there) {
			leave(r, i);
		}
	}
}

static void say_joined(struct receiver *r) {
	char names[100] = "";
	size_t used = 0;
	for (unsigned i = 0; i < r->joined_count && used < sizeof names; i++) {
		used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
				r->joined[i].interface.name);
	}
	set_status(r, PART_RUNNING, _("listening on %s"), names[0] ? names : _("every interface"));
}

/* ---- whose packets they are ---- */

/* Addresses change hands: all of them, each time. */
static void judge_senders(struct receiver *r) {
	for (unsigned i = 0; r->filter.chooses && i < r->filter.sender_count; i++) {
		filter_judge_sender(&r->filter, i,
				sender_match(r->config.sender, r->filter.senders[i].source));
	}
	r->senders_judged = r->filter.sender_count;
}

/* What is there now, and what follows from it. */
static void look(struct receiver *r, uint64_t now_ns) {
	struct interface found[INTERFACES_MAX];
	r->look = now_ns + LOOK_NS;
	judge_senders(r);
	if (any_interface(r)) {
		if (may_have(r, "any") && open_socket(r)) {
			say_joined(r);
		}
		return;
	}
	unsigned count = interfaces_find(r->config.interface, found);
	leave_missing(r, found, count);
	if (count == 0) {
		if (strcmp(r->config.interface, "auto") == 0) {
			set_status(r, PART_WAITING,
					_("no bridge virbr* yet: start the VM, or its network with "
					  "\"virsh net-start default\""));
		} else {
			set_status(r, PART_WAITING, _("no interface \"%s\" yet"),
					r->config.interface);
		}
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		join(r, &found[i], now_ns);
	}
	if (r->joined_count > 0) {
		say_joined(r);
	} else {
		close_socket(r);
	}
}

/* ---- the owner ---- */

/* Returns whether the sound was ours and is not any more. */
static bool on_owner(struct receiver *r, uint64_t now_ns) {
	if (!sound_owner_dispatch(r->owner)) {
		return false;
	}
	bool had = r->joined_count > 0 || r->socket;
	for (unsigned i = r->joined_count; i-- > 0;) {
		int pid;
		if (try_to_own(r, r->joined[i].interface.name, &pid) != SOUND_OWNER_HELD) {
			scream_socket_leave(r->socket, r->joined[i].interface.index);
			r->joined[i] = r->joined[--r->joined_count];
		}
	}
	if (any_interface(r) ? !may_have(r, "any") : r->joined_count == 0) {
		close_socket(r);
	}
	const bool yielded = had && !r->socket;
	look(r, now_ns);
	return yielded;
}

/* ---- packets ---- */

static void tell_rejected(struct receiver *r, enum filter_verdict verdict,
		const struct scream_datagram *datagram, uint64_t now_ns) {
	if (verdict == FILTER_UNAGREED ||
			(r->reported_ns[verdict] &&
					now_ns - r->reported_ns[verdict] < REJECT_LOG_NS)) {
		return;
	}
	r->reported_ns[verdict] = now_ns;
	char source[INET_ADDRSTRLEN] = "?";
	inet_ntop(AF_INET, &datagram->source, source, sizeof source);
	log_warn("ignoring packets of %s: %s", source, filter_verdict_text(&r->filter, verdict));
}

/* Packets come again as soon as we have joined anew: the membership had been forgotten. From now
 * on it is renewed before that. */
static void learn_lapse(struct receiver *r, uint64_t now_ns) {
	if (now_ns - r->healed_ns < LAPSE_WITHIN_NS &&
			r->lasted_ns / RENEWALS < r->renew_every_ns) {
		r->renew_every_ns = r->lasted_ns / RENEWALS > RENEW_LEAST_NS
						    ? r->lasted_ns / RENEWALS
						    : RENEW_LEAST_NS;
		r->renew = now_ns + r->renew_every_ns;
		log_info("the network forgets our membership after %.0f s: it is renewed each %.1f s",
				(double)r->lasted_ns * 1e-9, (double)r->renew_every_ns * 1e-9);
	}
	r->healed_ns = 0;
}

static void renew(struct receiver *r, uint64_t now_ns) {
	if (!deadline_is_over(r->renew, now_ns)) {
		return;
	}
	for (unsigned i = 0; i < r->joined_count; i++) {
		scream_socket_renew(r->socket, r->joined[i].interface.index);
	}
	r->renewed_ns = now_ns;
	r->renew = now_ns + r->renew_every_ns;
}

/* Returns whether the datagram is a packet to be played. */
static bool judge(struct receiver *r, const struct scream_datagram *datagram, uint64_t now_ns,
		struct scream_packet *ret_packet) {
	if (datagram->truncated || (!any_interface(r) && !has_joined(r, datagram->ifindex))) {
		r->stats.rejected++;
		return false;
	}
	enum filter_verdict verdict = filter_judge(&r->filter, datagram->data, datagram->len,
			datagram->source, datagram->source_port, now_ns, ret_packet);
	if (r->filter.sender_count > r->senders_judged) {
		judge_senders(r); /* a new one; what the kernel is asked it answers at once */
		r->look = deadline_first(r->look, now_ns + ASKED_NS);
	}
	if (verdict != FILTER_PLAY) {
		tell_rejected(r, verdict, datagram, now_ns);
		return false;
	}
	r->stats.packets++;
	r->stats.last_packet_ns = now_ns;
	r->heal = DEADLINE_NONE;
	if (r->healed_ns != 0) {
		learn_lapse(r, now_ns);
	}
	return true;
}

/* The next of the batch, or of another one. */
static const struct scream_datagram *next_datagram(struct receiver *r, uint64_t now_ns) {
	if (r->datagram_next == r->datagram_count) {
		const bool more = r->handled == 0 || (r->datagram_count == SCREAM_SOCKET_BATCH &&
								     r->handled < DATAGRAMS_MAX);
		r->datagram_next = r->datagram_count = 0;
		if (!r->socket || !more) {
			return NULL;
		}
		r->datagram_count = scream_socket_receive(r->socket, r->datagrams, now_ns);
		r->handled += r->datagram_count;
	}
	return r->datagram_count > 0 ? &r->datagrams[r->datagram_next++] : NULL;
}

/* ---- the membership heals, and what may be in the way is told ---- */

static void heal(struct receiver *r, uint64_t now_ns) {
	uint64_t last = r->stats.last_packet_ns;
	if (last == 0 || r->group == 0 || now_ns - last > HEAL_WITHIN_NS || r->joined_count == 0) {
		return;
	}
	if (!deadline_is_set(r->heal)) {
		r->heal = last + HEAL_FIRST_NS;
		r->heal_delay_ns = HEAL_FIRST_NS;
	}
	if (now_ns < r->heal) {
		return;
	}
	r->heal_delay_ns =
			r->heal_delay_ns * 2 < HEAL_MOST_NS ? r->heal_delay_ns * 2 : HEAL_MOST_NS;
	r->heal = now_ns + r->heal_delay_ns;
	r->lasted_ns = last > r->renewed_ns ? last - r->renewed_ns : 0;
	r->healed_ns = now_ns;
	r->renewed_ns = now_ns;
	for (unsigned i = 0; i < r->joined_count; i++) {
		scream_socket_leave(r->socket, r->joined[i].interface.index);
		scream_socket_join(r->socket, r->joined[i].interface.index);
	}
	log_debug("no packets for %llu s: joined again",
			(unsigned long long)((now_ns - last) / NS_PER_S));
}

static void hint(struct receiver *r, uint64_t now_ns) {
	if (r->hinted || r->stats.last_packet_ns != 0 || r->joined_count == 0 ||
			now_ns - r->joined_ns < HINT_AFTER_NS) {
		return;
	}
	const uint64_t least = HINT_A_SECOND * (now_ns - r->joined_ns) / NS_PER_S;
	for (unsigned i = 0; i < r->joined_count; i++) {
		const char *name = r->joined[i].interface.name;
		const uint64_t count = interface_multicast_count(name) - r->joined[i].multicast;
		if (count <= least || count > UINT32_MAX) {
			continue;
		}
		r->hinted = true;
		log_warn("%u multicast packets came over %s in %u s, as many as Scream sends, and none "
			 "of Scream's to port %u: perhaps a firewall filters it (firewall-cmd --zone=libvirt "
			 "--add-port=%u/udp, or ufw allow in on %s to any port %u proto udp), or the guest "
			 "sends to another port or group%s",
				(unsigned)count, name,
				(unsigned)((now_ns - r->joined_ns) / NS_PER_S), r->config.port,
				r->config.port, name, r->config.port,
				interface_filters_strictly(name)
						? "; or the guest's address is not of this network "
						  "(rp_filter is strict)"
						: "");
	}
}

/* ---- shared memory ---- */

static bool next_of_shm(struct receiver *r, uint64_t now_ns, struct received *ret_received) {
	char reason[PART_REASON_BYTES];
	if (!r->polled) {
		r->polled = true;
		int result = scream_shm_poll(r->shm, now_ns, reason, sizeof reason);
		set_status(r, result < 0 ? PART_WAITING : PART_RUNNING, "%s", reason);
	}
	ret_received->lost = 0;
	ret_received->is_played = scream_shm_next(
			r->shm, now_ns, &ret_received->packet, &ret_received->arrived_ns);
	if (ret_received->is_played) {
		r->stats.packets++;
		r->stats.last_packet_ns = now_ns;
	}
	return ret_received->is_played;
}

/* ---- a turn ---- */

bool receiver_next(struct receiver *r, uint64_t now_ns, struct received *ret_received) {
	if (r->shm) {
		return next_of_shm(r, now_ns, ret_received);
	}
	const struct scream_datagram *datagram;
	while ((datagram = next_datagram(r, now_ns)) != NULL) {
		ret_received->lost = datagram->dropped;
		r->stats.lost += datagram->dropped;
		ret_received->is_played = judge(r, datagram, now_ns, &ret_received->packet);
		ret_received->arrived_ns = datagram->arrived_ns;
		if (ret_received->is_played || ret_received->lost > 0) {
			return true;
		}
	}
	return false;
}

/* Returns whether the sound was yielded. */
static bool dispatch_fd(struct receiver *r, int fd, uint64_t now_ns) {
	int deleted[INTERFACES_MAX + 1];
	if (fd == r->link_fd) {
		if (!interfaces_changed(r->link_fd, deleted)) {
			return false;
		}
		for (int *index = deleted; *index; index++) {
			for (unsigned i = r->joined_count; i-- > 0;) {
				if (r->joined[i].interface.index == *index) {
					leave(r, i);
				}
			}
		}
		look(r, now_ns);
	} else if (r->owner && fd == sound_owner_fd(r->owner)) {
		return on_owner(r, now_ns);
	}
	return false;
}

bool receiver_tend(struct receiver *r, uint64_t now_ns) {
	struct epoll_event events[4];
	bool yielded = false;
	r->polled = false;
	if (r->shm) {
		return false;
	}
	/* Nearly always it was a packet: that saves asking which of them it was. */
	int n = r->handled > 0 ? 0 : epoll_wait(r->epoll_fd, events, 4, 0);
	r->handled = 0;
	for (int i = 0; i < n; i++) {
		yielded |= dispatch_fd(r, events[i].data.fd, now_ns);
	}
	renew(r, now_ns);
	if (deadline_is_over(r->look, now_ns)) {
		look(r, now_ns);
		heal(r, now_ns);
		hint(r, now_ns);
	} else if (deadline_is_over(r->heal, now_ns)) {
		heal(r, now_ns);
	}
	return yielded;
}

/* ---- life ---- */

deadline receiver_deadline(const struct receiver *r) {
	if (r->shm) {
		return scream_shm_deadline(r->shm);
	}
	return deadline_first(deadline_first(r->look, r->heal), r->renew);
}

int receiver_fd(const struct receiver *r) {
	return r->epoll_fd;
}

void receiver_retry(struct receiver *r) {
	r->look = DEADLINE_NOW;
}

void receiver_set_interface(struct receiver *r, const char *name) {
	if (r->shm || strcmp(r->config.interface, name) == 0) {
		return;
	}
	snprintf(r->config.interface, sizeof r->config.interface, "%s", name);
	while (r->joined_count > 0) {
		leave(r, 0);
	}
	close_socket(r);
	r->look = DEADLINE_NOW;
}

void receiver_set_sender(struct receiver *r, const char *senders) {
	if (r->shm || r->config.any_sender || strcmp(r->config.sender, senders) == 0) {
		return;
	}
	while (r->joined_count > 0) {
		leave(r, 0); /* with the locks of before */
	}
	release(r, "any");
	snprintf(r->config.sender, sizeof r->config.sender, "%s", senders);
	filter_choose(&r->filter, senders[0] != '\0');
	r->look = DEADLINE_NOW;
}

void receiver_status(const struct receiver *r, struct part_status *ret_status) {
	*ret_status = r->status;
}

void receiver_get_stats(const struct receiver *r, struct receiver_stats *ret_stats) {
	*ret_stats = r->stats;
	ret_stats->rejected += filter_rejected(&r->filter);
}

static int set_up(struct receiver *r) {
	struct in_addr group;
	if (r->config.shm_path[0]) {
		return scream_shm_create(&r->shm, r->config.shm_path, &r->config.owners);
	}
	if (!r->config.unicast) {
		if (inet_pton(AF_INET, r->config.group, &group) != 1 ||
				!IN_MULTICAST(ntohl(group.s_addr))) {
			return -EINVAL;
		}
		r->group = group.s_addr;
	}
	r->link_fd = interfaces_watch();
	if (r->link_fd >= 0) {
		watch(r, r->link_fd);
	}
	if (r->config.can_own) {
		int error = sound_owner_create(&r->owner, NULL, r->config.preemptible);
		if (error < 0) {
			return error;
		}
		if (sound_owner_fd(r->owner) >= 0) {
			watch(r, sound_owner_fd(r->owner));
		}
	}
	return 0;
}

int receiver_create(struct receiver **ret_receiver, const struct receiver_config *config) {
	struct receiver *r = calloc(1, sizeof *r);
	if (!r) {
		return -ENOMEM;
	}
	r->look = DEADLINE_NOW;
	r->config = *config;
	r->link_fd = -1;
	r->renew_every_ns = RENEW_NS;
	filter_init(&r->filter, config->any_sender);
	filter_choose(&r->filter, config->sender[0] != '\0' && !config->any_sender);
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	int error = r->epoll_fd < 0 ? -errno : set_up(r);
	if (error < 0) {
		receiver_destroy(r);
		return error;
	}
	*ret_receiver = r;
	return 0;
}

void receiver_destroy(struct receiver *r) {
	if (!r) {
		return;
	}
	close_socket(r);
	scream_shm_destroy(r->shm);
	sound_owner_destroy(r->owner);
	if (r->link_fd >= 0) {
		close(r->link_fd);
	}
	if (r->epoll_fd >= 0) {
		close(r->epoll_fd);
	}
	free(r);
}

uint64_t receiver_since(const struct receiver *receiver) {
	return receiver->joined_ns;
}
