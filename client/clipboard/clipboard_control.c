#include "client/clipboard/clipboard_control.h"

#include <stddef.h>

#define CONTROL_PROTOCOL(prefix)                                                             \
	static const struct wl_interface prefix##_offer;                                     \
	static const struct wl_interface *prefix##_types[] = { NULL, NULL, &prefix##_source, \
		&prefix##_device, &wl_seat_interface, &prefix##_offer };                     \
	static const struct wl_message prefix##_manager_requests[] = {                       \
		{ "create_data_source", "n", prefix##_types + 2 },                           \
		{ "get_data_device", "no", prefix##_types + 3 },                             \
		{ "destroy", "", prefix##_types },                                           \
	};                                                                                   \
	const struct wl_interface prefix##_manager = { #prefix "_manager_v1", 1, 3,          \
		prefix##_manager_requests, 0, NULL };                                        \
	static const struct wl_message prefix##_device_requests[] = {                        \
		{ "set_selection", "?o", prefix##_types + 2 },                               \
		{ "destroy", "", prefix##_types },                                           \
	};                                                                                   \
	static const struct wl_message prefix##_device_events[] = {                          \
		{ "data_offer", "n", prefix##_types + 5 },                                   \
		{ "selection", "?o", prefix##_types + 5 },                                   \
		{ "finished", "", prefix##_types },                                          \
		{ "primary_selection", "?o", prefix##_types + 5 },                           \
	};                                                                                   \
	const struct wl_interface prefix##_device = { #prefix "_device_v1", 1, 2,            \
		prefix##_device_requests, 4, prefix##_device_events };                       \
	static const struct wl_message prefix##_source_requests[] = {                        \
		{ "offer", "s", prefix##_types },                                            \
		{ "destroy", "", prefix##_types },                                           \
	};                                                                                   \
	static const struct wl_message prefix##_source_events[] = {                          \
		{ "send", "sh", prefix##_types },                                            \
		{ "cancelled", "", prefix##_types },                                         \
	};                                                                                   \
	const struct wl_interface prefix##_source = { #prefix "_source_v1", 1, 2,            \
		prefix##_source_requests, 2, prefix##_source_events };                       \
	static const struct wl_message prefix##_offer_requests[] = {                         \
		{ "receive", "sh", prefix##_types },                                         \
		{ "destroy", "", prefix##_types },                                           \
	};                                                                                   \
	static const struct wl_message prefix##_offer_events[] = {                           \
		{ "offer", "s", prefix##_types },                                            \
	};                                                                                   \
	static const struct wl_interface prefix##_offer = { #prefix "_offer_v1", 1, 2,       \
		prefix##_offer_requests, 1, prefix##_offer_events };

CONTROL_PROTOCOL(ext_data_control)
CONTROL_PROTOCOL(zwlr_data_control)
