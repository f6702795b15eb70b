/*
 * The VM's reports for the app: what the VM says about itself (vm_apply.h), and which VM the frame
 * host and the SPICE server say they belong to. On pg-ui.
 */
#pragma once

struct app_hud;
struct config;
struct discovery_info;
struct vm_apply;

/* Takes over memory, address and bridge where the user's options leave them open. */
void app_vm_apply(struct vm_apply *vm, struct config *config, struct app_hud *hud,
		const struct discovery_info *info);

/* Input is off while picture and SPICE are those of different VMs. */
void app_vm_check(struct app_hud *hud);
