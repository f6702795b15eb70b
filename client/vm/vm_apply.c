#define LOG_MODULE "discovery"
#include "client/vm/vm_apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audio/audio.h"
#include "base/log.h"
#include "client/config/config.h"
#include "client/session/guest_link.h"
#include "client/video/video.h"
#include "client/vm/vm_profile.h"

void vm_apply_start(struct discovery **ret_discovery, struct loop *loop,
		const struct config *config, discovery_fn fn, void *data) {
	*ret_discovery = NULL;
	if (!config->discover || config->demo) {
		return;
	}
	const struct discovery_config wanted = {
		.domain = config->domain[0] ? config->domain : NULL,
		.uri = config->connect_uri[0] ? config->connect_uri : NULL,
		.owner = config->vm_owner,
	};
	int r = discovery_start(ret_discovery, loop, &wanted, fn, data);
	if (r == -ENOENT && config->domain[0]) {
		log_error("\"%s\" cannot be looked up: pierglass-vm-info is not installed",
				config->domain);
	} else if (r < 0 && r != -ENOENT) {
		log_warn("virtual machines cannot be looked up: %s", strerrordesc_np(-r));
	}
}

/* Whether what the VM says changes what is in force: it is new, and the user's own options, which
 * are stronger, leave it open. */
static bool take(struct config *config, const char *option, const char *value, const char *before) {
	char error[CONFIG_ERROR_BYTES];
	if (!value[0] || strcmp(value, before) == 0) {
		return false;
	}
	int r = config_apply_discovery(config, option, value, error);
	if (r < 0) {
		log_warn("the VM's %s \"%s\" cannot be used: %s", option, value, error);
	}
	return r > 0;
}

/* Another VM may have none: then its sound comes over the network again. */
static bool take_scream_shm(struct config *config, const char *path, const char *before) {
	char error[CONFIG_ERROR_BYTES];
	return path[0] ? take(config, "audio-shm", path, before)
		       : before[0] && config_apply_discovery(config, "audio-shm", "", error) > 0;
}

/* The session owns the text once it has taken the command. */
static void tell_session(
		struct guest_link *session, enum guest_link_command_kind kind, const char *text) {
	struct guest_link_command command = { .kind = kind, .text = strdup(text) };
	if (!command.text || guest_link_command(session, &command) < 0) {
		free(command.text);
	}
}

/* Two that grab one device exclude each other: who does it here should be no riddle. */
static void tell_devices(const struct discovery_info *info) {
	log_info("QEMU itself takes %u input devices of this VM (%s, ...; toggled by %s): they are "
		 "left to it. --evdev can have them once `pierglass setup input` took them out of "
		 "the VM",
			info->evdev_count, info->evdev[0],
			info->evdev_toggle[0] ? info->evdev_toggle : "ctrl-ctrl");
}

void vm_apply_info(struct vm_apply *vm_apply, struct config *config,
		const struct discovery_info *info) {
	const struct discovery_info *last = &vm_apply->last;
	if (info->status != DISCOVERY_FOUND) {
		return;
	}
	if (take(config, "shm", info->shm, last->shm) && vm_apply->video) {
		video_set_shm_path(vm_apply->video, config->video.shm_path);
	}
	if (take(config, "spice", info->spice, last->spice) && vm_apply->session) {
		tell_session(vm_apply->session, SESSION_URI, config->session.uri);
	}
	if (take(config, "audio-interface", info->bridge, last->bridge) && vm_apply->audio) {
		audio_set_interface(vm_apply->audio, config->audio.interface);
	}
	if (take(config, "audio-sender", info->sender, last->sender) && vm_apply->audio) {
		audio_set_sender(vm_apply->audio, config->audio.sender);
	}
	if (take_scream_shm(config, info->scream_shm, last->scream_shm) && vm_apply->audio) {
		audio_set_shm_path(vm_apply->audio, config->audio.shm_path);
	}
	if (info->spice_password[0] && vm_apply->needs_password && vm_apply->session) {
		log_info("the SPICE server's password is known to libvirt");
		tell_session(vm_apply->session, GUEST_LINK_PASSWORD, info->spice_password);
	}
	if (info->evdev_count > 0 && last->evdev_count == 0) {
		tell_devices(info);
	}
	if (strcmp(info->domain, last->domain) != 0) {
		vm_profile_missed(config, info->domain);
	}
	vm_apply->last = *info;
	explicit_bzero(vm_apply->last.spice_password, sizeof vm_apply->last.spice_password);
}

void vm_apply_session(struct vm_apply *vm_apply, const struct guest_link_status *status,
		struct discovery *discovery) {
	vm_apply->needs_password = status->needs_password;
	if (status->connected) {
		vm_apply->password_asked = false;
	}
	/* Once for each time that it is missing: one that the server refuses is not tried for ever,
	 * and a user may type another meanwhile. */
	if (status->needs_password && !vm_apply->password_asked && discovery) {
		vm_apply->password_asked = true;
		discovery_ask_password(discovery);
	}
}
