/* Checks of SPICE, the bridge, the way of the sound, and the sound server. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/i18n.h"
#include "host-proto/host_facts.h"
#include "tools/doctor/doctor.h"
#include "tools/vm-model/text.h"

static bool is_local(const char *host) {
	return host[0] == '\0' || strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
	       strcmp(host, "localhost") == 0;
}

/* It is decoded: this is for whoever wonders why the picture is soft. */
static void check_streaming(const struct domain_graphics *spice, struct report *report) {
	if (strcmp(spice->streaming, "all") != 0 && strcmp(spice->streaming, "filter") != 0) {
		return;
	}
	report_ok(report,
			_("SPICE sends what moves as a video (MJPEG): shown, but less sharp than the screen; Looking Glass's picture is not affected"));
	report_edit(report, "<streaming mode='off'/>");
	report_qemu(report, "streaming-video=off");
}

static void check_spice_config(const struct facts *facts, struct report *report) {
	const struct domain_graphics *spice = domain_spice(&facts->vm);
	char uri[400];
	char size[32];
	if (!spice) {
		report_fail(report,
				_("the VM has no SPICE server: no input, no clipboard, no picture before "
				  "Looking Glass runs"));
		report_setup(report, "all", "--max-res %s", doctor_all_size(facts, size));
		report_qemu(report, "-spice port=5900,addr=127.0.0.1,disable-ticketing=on");
		return;
	}
	if (spice->listen_none) {
		report_fail(report, _("the SPICE server listens nowhere (listen type='none')"));
		report_edit(report, "<listen type='address' address='127.0.0.1'/>%s",
				spice->gl ? _(", and take <gl enable='yes'/> out: most versions of QEMU do "
					      "not start with both")
					  : "");
		return;
	}
	domain_spice_uri(spice, uri, sizeof uri);
	if (!spice->socket[0] && !is_local(spice->host) && !spice->password) {
		report_warn(report,
				_("SPICE listens on %s without a password: anybody on the network can "
				  "type into the VM"),
				spice->host);
		report_edit(report, "<listen type='address' address='127.0.0.1'/>");
	} else if (spice->password) {
		report_ok(report, _("SPICE asks for a password"));
	} else if (uri[0]) {
		report_ok(report, _("SPICE at %s"), uri);
	} else {
		report_ok(report, _("SPICE gets its port when the VM starts"));
	}
	check_streaming(spice, report);
}

static void check_spice_reach(const struct facts *facts, struct report *report) {
	const struct facts_live *live = &facts->live;
	if (!live->spice_asked) {
		return;
	}
	if (live->spice == 0) {
		report_ok(report, _("SPICE answers at %s"), live->spice_uri);
	} else if (live->spice == EACCES) {
		report_fail(report, _("SPICE's socket refuses %s: no permission"), facts->me.name);
		report_edit(report, "<graphics type='spice' autoport='yes'><listen "
				    "type='address' address='127.0.0.1'/></graphics>");
	} else {
		report_fail(report, _("SPICE does not answer at %s: %s"), live->spice_uri,
				strerrordesc_np(live->spice));
		report_virsh(report, "domdisplay --type spice", "%s", "");
	}
}

/* A sound card needs neither a network nor a driver; Scream needs both. */
static void sound_remedy(const struct facts *facts, struct report *report) {
	report_setup(report, "audio", "%s", facts->vm.sound_count > 0 ? "" : "--card");
	report_qemu(report, "-audiodev spice,id=sound -device ich9-intel-hda "
			    "-device hda-duplex,audiodev=sound");
	report_remedy(report, _(HOST_FACTS_SCREAM_NETWORK));
	report_virsh(report, "attach-interface", "network default --model virtio --config");
	report_qemu(report, "-netdev bridge,id=net0,br=virbr0 -device virtio-net-pci,netdev=net0");
}

static void interface_line(const struct facts *facts, const struct domain_interface *interface,
		struct report *report) {
	if (strcmp(interface->type, "user") == 0) {
		report_fail(report,
				_("user-mode network: multicast never leaves the VM, no sound"));
		sound_remedy(facts, report);
	} else if (strcmp(interface->type, "direct") == 0) {
		report_fail(report,
				_("macvtap over %s: the guest cannot reach its own host, no sound"),
				interface->direct);
		sound_remedy(facts, report);
	}
}

static void check_interface(const struct facts *facts, struct report *report) {
	const struct domain *vm = &facts->vm;
	if (domain_sound_by_spice(vm)) {
		report_ok(report,
				_("the sound goes through SPICE: no network card is needed for it"));
		return;
	}
	if (domain_sound_by_qemu(vm)) {
		report_ok(report,
				_("QEMU plays the sound itself: no network card is needed for it"));
		return;
	}
	if (vm->interface_count == 0) {
		report_fail(report, _(HOST_FACTS_SCREAM_NO_CARD));
		sound_remedy(facts, report);
		return;
	}
	for (unsigned i = 0; i < vm->interface_count; i++) {
		interface_line(facts, &vm->interface[i], report);
	}
}

/* libvirt makes the bridges of its networks; another one is the host's own affair. */
static void bridge_remedy(const struct facts *facts, struct report *report) {
	const char *network = strncmp(facts->network.bridge, "virbr", 5) == 0 ? "default" : "";
	char word[DOCTOR_WORD_BYTES];
	for (unsigned i = 0; i < facts->vm.interface_count; i++) {
		if (facts->vm.interface[i].network[0]) {
			network = facts->vm.interface[i].network;
			break;
		}
	}
	if (network[0]) {
		doctor_word(network, word);
		report_command(report, "sudo virsh net-start %s && sudo virsh net-autostart %s",
				word, word);
	} else {
		report_remedy(report,
				_("create it in this machine's network settings; with NetworkManager:"));
		report_command(report, "nmcli connection add type bridge ifname %s",
				doctor_word(facts->network.bridge, word));
	}
}

static void check_bridge(const struct facts *facts, struct report *report) {
	const struct facts_network *network = &facts->network;
	bool user_mode = facts->vm.interface_count > 0 && !network->known;
	for (unsigned i = 0; i < facts->vm.interface_count; i++) {
		user_mode = user_mode &&
			    (strcmp(facts->vm.interface[i].type, "user") == 0 ||
					    strcmp(facts->vm.interface[i].type, "direct") == 0);
	}
	if (user_mode) {
		return;
	}
	if (!network->present) {
		report_fail(report, _("the bridge %s is not there%s"), network->bridge,
				network->known ? ""
					       : _(" (none is named by the VM, this is libvirt's default)"));
		bridge_remedy(facts, report);
	} else if (!network->up && facts->vm.state == DOMAIN_RUNNING) {
		report_fail(report, _("the bridge %s is down although the VM runs"),
				network->bridge);
		char word[DOCTOR_WORD_BYTES];
		report_command(report, "sudo ip link set %s up",
				doctor_word(network->bridge, word));
	} else {
		report_ok(report, _("bridge %s"), network->bridge);
	}
}

static void check_snooping(const struct facts *facts, struct report *report) {
	const struct facts_network *network = &facts->network;
	if (network->snooping == 1 && network->querier == 1 &&
			(network->firewall.ufw || network->firewall.firewalld ||
					network->firewall.nft_service)) {
		report_warn(report,
				_("%s asks for multicast members (querier) and a firewall is on: if it "
				  "drops IGMP, sound ends after 4.5 minutes"),
				network->bridge);
		char path[64];
		char word[DOCTOR_WORD_BYTES];
		report_command(report,
				"sudo nft insert rule inet filter input iifname %s ip protocol igmp accept",
				doctor_word(network->bridge, word));
		report_remedy(report, _("or turn the asking off:"));
		snprintf(path, sizeof path, "/sys/class/net/%s/bridge/multicast_querier",
				network->bridge);
		report_command(report, "echo 0 | sudo tee %s", doctor_word(path, word));
	}
	if (network->rp_filter == 1) {
		report_ok(report,
				_("rp_filter is strict: sound from a guest without an address of %s's "
				  "network (169.254.x.x) would be dropped"),
				network->bridge);
	}
}

static void rule_for(const struct facts *facts, struct report *report) {
	const struct facts_network *network = &facts->network;
	char bridge[DOCTOR_WORD_BYTES];
	char zone[DOCTOR_WORD_BYTES];
	doctor_word(network->bridge, bridge);
	doctor_word(network->firewall.zone, zone);
	if (network->firewall.ufw) {
		report_command(report, "sudo ufw allow in on %s to any port %d proto udp", bridge,
				SCREAM_PORT);
	}
	if (network->firewall.firewalld) {
		report_command(report,
				"sudo firewall-cmd --zone=%s --add-port=%d/udp && sudo "
				"firewall-cmd --permanent --zone=%s --add-port=%d/udp",
				zone, SCREAM_PORT, zone, SCREAM_PORT);
	}
	if (network->firewall.ufw || network->firewall.firewalld) {
		return;
	}
	for (unsigned i = 0; i < 4 && facts->live.nft_chains[i][0]; i++) {
		report_command(report, "sudo nft insert rule %s iifname %s udp dport %d accept",
				facts->live.nft_chains[i], bridge, SCREAM_PORT);
	}
	if (!facts->live.nft_chains[0][0]) {
		report_command(report,
				"sudo nft insert rule inet filter input iifname %s udp dport %d accept",
				bridge, SCREAM_PORT);
		report_remedy(report,
				_("another table or chain, or other packets? This names them:"));
		report_self(report, true, "doctor");
	}
}

/* None of them are the sound's: which they are. */
static void report_others(const struct facts *facts, struct report *report) {
	const struct facts_live *live = &facts->live;
	for (unsigned i = 0; i < live->seen.kinds; i++) {
		const struct seen_kind *kind = &live->seen.kind[i];
		char from[INET_ADDRSTRLEN];
		char to[INET_ADDRSTRLEN];
		if (kind->is_scream) {
			continue;
		}
		inet_ntop(AF_INET, &kind->from, from, sizeof from);
		inet_ntop(AF_INET, &kind->to, to, sizeof to);
		report_remedy(report, _("what came: %u packets from %s for %s port %u"),
				kind->count, from, to, kind->port);
	}
}

/* Scream sends nothing while nothing plays: only a person can tell the one from the other. */
static void silent_guest(const struct facts *facts, struct report *report) {
	const struct facts_live *live = &facts->live;
	if (facts->vm.state != DOMAIN_RUNNING) {
		report_ok(report, _(HOST_FACTS_SCREAM_OFF), live->listen_s);
		return;
	}
	report_skip(report, _(HOST_FACTS_SCREAM_SILENT), live->listen_s);
	report_others(facts, report);
	report_remedy(report, _(HOST_FACTS_SCREAM_MISSING));
	report_remedy(report, _(HOST_FACTS_SCREAM_DEFAULT));
	report_remedy(report, _(HOST_FACTS_SCREAM_CARD));
	report_remedy(report, _("in Windows: its own firewall blocks what goes out"));
}

/* Fewer are of something else: SSDP and mDNS, of which any Windows sends some. Scream sends 77
 * packets a second at least (44.1 kHz, mono). */
#define SCREAM_LEAST_A_SECOND 60

/* What was seen of Scream's packets before any firewall, by who may look. */
static bool report_seen(const struct facts *facts, struct report *report) {
	const struct facts_live *live = &facts->live;
	const char *bridge = facts->network.bridge;
	const struct seen_kind *kind = seen_packets_most(&live->seen, true);
	char from[INET_ADDRSTRLEN];
	char to[INET_ADDRSTRLEN];
	if (!kind || live->multicast_received > 0) {
		return false;
	}
	inet_ntop(AF_INET, &kind->from, from, sizeof from);
	inet_ntop(AF_INET, &kind->to, to, sizeof to);
	if (kind->port == SCREAM_PORT && strcmp(to, SCREAM_GROUP) == 0) {
		report_fail(report, _(HOST_FACTS_SCREAM_DROPPED), kind->count, to, kind->port, from,
				bridge, live->listen_s);
		rule_for(facts, report);
	} else if (kind->port == SCREAM_PORT && !IN_MULTICAST(ntohl(kind->to))) {
		report_ok(report, _(HOST_FACTS_SCREAM_ALONE), kind->count, from, bridge,
				live->listen_s);
	} else {
		report_fail(report, _(HOST_FACTS_SCREAM_ELSEWHERE), kind->count, from, bridge,
				live->listen_s, to, kind->port, SCREAM_GROUP, SCREAM_PORT);
		if (IN_MULTICAST(ntohl(kind->to))) {
			report_remedy(report, "pierglass --audio-group=%s --audio-port=%u", to,
					kind->port);
		} else {
			report_remedy(report, "pierglass --audio-port=%u", kind->port);
		}
	}
	return true;
}

static void check_firewall(const struct facts *facts, struct report *report) {
	const struct facts_network *network = &facts->network;
	const struct facts_live *live = &facts->live;
	if (report_seen(facts, report)) {
		return;
	}
	if (live->multicast_counted > 0 && live->multicast_received > 0) {
		report_ok(report, _(HOST_FACTS_SCREAM_ARRIVES), (long long)live->multicast_counted,
				network->bridge, (long long)live->multicast_received,
				live->listen_s);
	} else if (!live->packets_seen &&
			live->multicast_counted > SCREAM_LEAST_A_SECOND * (int64_t)live->listen_s) {
		report_fail(report, _(HOST_FACTS_SCREAM_FILTERED),
				(long long)live->multicast_counted, network->bridge, live->listen_s,
				SCREAM_PORT);
		rule_for(facts, report);
	} else if (network->firewall.ufw && !network->firewall.ufw_open) {
		report_warn(report, _(HOST_FACTS_SCREAM_UFW), SCREAM_PORT,
				facts->is_root ? "" : _(", as far as its files may be read"));
		rule_for(facts, report);
	} else if (network->firewall.firewalld && !network->firewall.firewalld_open) {
		report_warn(report, _(HOST_FACTS_SCREAM_FIREWALLD), network->bridge,
				network->firewall.zone, SCREAM_PORT);
		rule_for(facts, report);
	} else if (network->firewall.firewalld) {
		report_ok(report, _(HOST_FACTS_SCREAM_ZONE), network->firewall.zone, SCREAM_PORT);
	} else if (network->firewall.nft_service) {
		report_warn(report, _(HOST_FACTS_SCREAM_NFT), SCREAM_PORT);
		rule_for(facts, report);
	} else if (live->multicast_counted >= 0) {
		silent_guest(facts, report);
	}
}

static void check_receivers(const struct facts *facts, struct report *report) {
	const struct facts_network *network = &facts->network;
	if (facts->sound.scream_unit[0]) {
		report_warn(report,
				_("scream.service is enabled: two receivers play the same sound twice"));
		report_command(report, "systemctl --user disable --now scream.service");
	} else if (facts->sound.scream_pid) {
		report_warn(report,
				_("scream runs (pid %d): two receivers play the same sound twice"),
				facts->sound.scream_pid);
		report_command(report, "kill %d", facts->sound.scream_pid);
	} else if (network->port_taken && !network->port_is_ours) {
		report_warn(report, _("UDP port %d is in use by %s"), SCREAM_PORT,
				network->port_owner[0]
						? network->port_owner
						: _("another user's program (root could name it)"));
		report_command(report, "sudo ss -ulpn 'sport = :%d'", SCREAM_PORT);
	} else if (network->port_taken) {
		report_ok(report, _("UDP port %d: %s"), SCREAM_PORT, network->port_owner);
	} else {
		report_ok(report, _("UDP port %d is free"), SCREAM_PORT);
	}
}

/* Sound that is played and not heard. */
static void report_silent(const struct facts_live *live, const char *server, const char *sink,
		struct report *report) {
	if (strcmp(live->pulse_silent, "sink-mute") == 0) {
		report_warn(report, _("sound server %s: its default output %s is muted"), server,
				sink);
		report_command(report, "pactl set-sink-mute @DEFAULT_SINK@ 0");
	} else if (strcmp(live->pulse_silent, "sink-zero") == 0) {
		report_warn(report, _("sound server %s: the volume of its default output %s is 0"),
				server, sink);
		report_command(report, "pactl set-sink-volume @DEFAULT_SINK@ 50%%");
	} else {
		report_warn(report,
				strcmp(live->pulse_silent, "stream-mute") == 0
						? _("sound server %s: Pierglass is muted in the mixer")
						: _("sound server %s: the volume of Pierglass in the mixer is 0"),
				server);
		report_remedy(report,
				_("change that in the mixer of your desktop, under applications"));
	}
}

static void check_sound_server(const struct facts *facts, struct report *report) {
	const struct facts_live *live = &facts->live;
	if (!live->pulse_asked) {
		report_skip(report, _("the sound server was not asked"));
		return;
	}
	if (live->pulse != 0) {
		report_fail(report, _("no sound server answers at %s: %s"),
				facts->sound.socket[0] ? facts->sound.socket
						       : _("(no XDG_RUNTIME_DIR)"),
				strerrordesc_np(live->pulse));
		report_command(report,
				"systemctl --user start pipewire-pulse.socket || pulseaudio --start");
		return;
	}
	const char *server = live->pulse_server[0] ? live->pulse_server : "PulseAudio";
	const char *sink = live->pulse_sink[0] ? live->pulse_sink : "?";
	if (live->pulse_silent[0]) {
		report_silent(live, server, sink, report);
	} else if (live->pulse_latency_us > 100000) {
		report_warn(report, _("sound server %s: its default output %s plays %ld ms late"),
				server, sink, live->pulse_latency_us / 1000);
		report_remedy(report,
				_("choose another output (Bluetooth is slow), or give pierglass one "
				  "of these with --audio-sink:"));
		report_command(report, "pactl list short sinks");
	} else if (live->pulse_latency_us >= 0) {
		report_ok(report, _("sound server %s, its default output %s plays %ld ms late"),
				server, sink, live->pulse_latency_us / 1000);
	} else {
		report_warn(report, _("sound server %s: its default output %s takes no stream"),
				server, sink);
		report_command(report, "pactl list short sinks");
	}
}

const struct check checks_network[] = {
	{ N_("SPICE"), "spice", true, check_spice_config },
	{ N_("SPICE"), "spice-reachable", true, check_spice_reach },
	{ N_("Sound"), "interface", true, check_interface },
	{ N_("Sound"), "bridge", false, check_bridge },
	{ N_("Sound"), "multicast", false, check_snooping },
	{ N_("Sound"), "firewall", false, check_firewall },
	{ N_("Sound"), "receivers", false, check_receivers },
	{ N_("Sound"), "sound-server", false, check_sound_server },
	{ NULL, NULL, false, NULL },
};
