#define LOG_MODULE "config"
#include "client/vm/vm_profile.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "client/vm/discovery.h"

#define WAIT_NS (2 * NS_PER_S)

struct look {
	struct loop *loop;
	bool answered;
	char name[sizeof((struct discovery_info *)NULL)->domain];
};

static void on_block(const struct discovery_info *info, void *data) {
	struct look *look = data;
	if (info->status == DISCOVERY_FOUND) {
		memcpy(look->name, info->domain, sizeof look->name);
	}
	look->answered = true;
	loop_quit(look->loop, 0);
}

static void on_late(void *data) {
	loop_quit(((struct look *)data)->loop, 0);
}

/* Digits alone, or a UUID: then the profile is not found by what the user wrote. */
static bool is_id(const char *domain) {
	size_t len = strspn(domain, "0123456789abcdefABCDEF-");
	bool number = strspn(domain, "0123456789") == strlen(domain);
	return domain[len] == '\0' && (number || len == 36);
}

static bool is_wanted(const struct config *config) {
	if (!config->discover || config->demo || (config->domain[0] && !is_id(config->domain))) {
		return false;
	}
	switch (config->mode) {
	case RUN_PLAY:
	case RUN_SCREENSHOT:
		return true;
	case RUN_CONFIG:
		return !config->import;
	case RUN_AUDIO_ONLY: /* looks no VM up that was not named */
		return config->domain[0] != '\0';
	case RUN_DEMO:
	case RUN_BENCH:
	case RUN_DOCTOR:
	case RUN_SETUP:
	case RUN_VM_INFO:
	case RUN_SCREAM:
	case RUN_HELP:
	case RUN_VERSION:
	case RUN_LICENSE:
	case RUN_COMPLETIONS:
		return false;
	}
	return false;
}

static void look_up(struct look *look, const struct config *config) {
	const struct discovery_config wanted = {
		.domain = config->domain[0] ? config->domain : NULL,
		.uri = config->connect_uri[0] ? config->connect_uri : NULL,
		.owner = config->vm_owner,
	};
	struct discovery *discovery = NULL;
	if (loop_create(&look->loop) < 0) {
		return;
	}
	struct loop_source *late = loop_add_timer(look->loop, on_late, look);
	/* What keeps it from being asked is said when the VM is looked up for good. */
	if (late && discovery_start(&discovery, look->loop, &wanted, on_block, look) == 0) {
		loop_set_timer(late, clock_now_ns() + WAIT_NS);
		loop_run(look->loop);
		discovery_stop(discovery);
	}
	loop_destroy(look->loop);
	if (discovery && !look->answered) {
		log_warn("libvirt did not say within 2 s which VM is meant: its settings (vms/NAME.ini) are not read; name the VM: pierglass NAME");
	}
}

int vm_profile_load(struct config *config, char error[static CONFIG_ERROR_BYTES]) {
	struct look look = { 0 };
	if (!is_wanted(config) || !config_has_profiles(NULL)) {
		return 0;
	}
	look_up(&look, config);
	if (!look.name[0] || strcmp(look.name, config->domain) == 0) {
		return 0;
	}
	int r = config_apply_profile(config, look.name, NULL, error);
	if (r > 0) {
		log_info("settings of the VM %s: %s", look.name,
				config->files[config->file_count - 1]);
		log_set_level(config->log_level);
	}
	return r < 0 ? r : 0;
}

void vm_profile_missed(const struct config *config, const char *vm_name) {
	char path[sizeof config->files[0]];
	if (config_profile_unread(config, vm_name, NULL, path, sizeof path)) {
		log_info("%s is read at the start only: start again, or as `pierglass %s`", path,
				vm_name);
	}
}
