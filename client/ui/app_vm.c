#define LOG_MODULE "app"
#include "client/ui/app_vm.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "client/config/config.h"
#include "client/ui/app_hud.h"
#include "client/vm/vm_apply.h"

static bool uuid_known(const uint8_t uuid[16]) {
	static const uint8_t zero[16];
	return memcmp(uuid, zero, sizeof zero) != 0;
}

/* The frame host and the SPICE server each say which VM they belong to: typing into another one
 * than is seen would be a disaster. */
void app_vm_check(struct app_hud *hud) {
	const struct video_host *host = &hud->now.video.host;
	const struct guest_link_status *session = &hud->now.session;
	bool wrong = host->session && session->connected && uuid_known(host->uuid) &&
		     uuid_known(session->uuid) && memcmp(host->uuid, session->uuid, 16) != 0;
	if (wrong == hud->now.wrong_vm) {
		return;
	}
	hud->now.wrong_vm = wrong;
	hud->dirty = true;
	if (wrong) {
		log_error("input is off because the picture is not of SPICE's VM \"%s\": "
			  "give --spice the address of the VM that is shown",
				session->name);
		app_alert(hud, OVERLAY_BAD, _("SPICE belongs to another VM (%s): input is off"),
				session->name);
	}
}

void app_vm_apply(struct vm_apply *vm, struct config *config, struct app_hud *hud,
		const struct discovery_info *info) {
	struct part_status *part = &hud->now.discovery;
	/* Without a VM's name on the command line, "no VM" and "no libvirt" are not worth a line.
	 */
	if (!config->domain[0] && info->status != DISCOVERY_FOUND &&
			info->status != DISCOVERY_AMBIGUOUS) {
		part->state = PART_OFF;
		return;
	}
	part->state = info->status == DISCOVERY_FOUND     ? PART_RUNNING
		      : info->status == DISCOVERY_WAITING ? PART_WAITING
							  : PART_FAILED;
	snprintf(part->reason, sizeof part->reason, "%s",
			info->status == DISCOVERY_FOUND ? info->domain : info->reason);
	vm_apply_info(vm, config, info);
}
