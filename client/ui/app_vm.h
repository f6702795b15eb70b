/*
 * What the app does with what the VM says about itself (vm_apply.h) and with what the frame host
 * and the SPICE server say about which VM they belong to. On pg-ui.
 */
#pragma once

struct app;
struct discovery_info;

/* Takes over memory, address and bridge where the user's options leave them open. */
void app_take_discovery(struct app *app, const struct discovery_info *info);

/* Input is off while picture and SPICE are those of different VMs. */
void app_check_vm(struct app *app);
