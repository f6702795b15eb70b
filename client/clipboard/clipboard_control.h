/*
 * ext-data-control-v1 and wlr-data-control-unstable-v1, which lend the clipboard to any program:
 * alike but for their names. What wayland-scanner would make of their XML, in version 1; the
 * packages that bring the XML are younger than the systems that this builds on.
 */
#pragma once

#include <wayland-client.h>

enum control_manager { MANAGER_CREATE_SOURCE, MANAGER_GET_DEVICE };
enum control_device { DEVICE_SET_SELECTION, DEVICE_DESTROY };
enum control_source { SOURCE_OFFER, SOURCE_DESTROY };
enum control_offer { OFFER_RECEIVE, OFFER_DESTROY };

extern const struct wl_interface ext_data_control_manager, ext_data_control_device,
		ext_data_control_source;
extern const struct wl_interface zwlr_data_control_manager, zwlr_data_control_device,
		zwlr_data_control_source;
