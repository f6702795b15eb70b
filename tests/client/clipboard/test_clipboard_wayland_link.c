/*
 * The wire of the two protocols that lend any program the clipboard. wayland-scanner makes it of
 * the XML in client/clipboard/protocols, or of the system's: both must say what compositors speak.
 */
#include <string.h>
#include <wayland-client.h>

#include "client/clipboard/clipboard_wayland_internal.h"
#include "tests/support/check.h"

struct line {
	const char *name, *signature, *type; /* type: without the prefix; NULL = none */
};

static void check_lines(const char *prefix, const struct wl_message *got, int count,
		const struct line *want, int want_count) {
	CHECK_EQ(count, want_count);
	for (int i = 0; i < count; i++) {
		assert_string_equal(got[i].name, want[i].name);
		assert_string_equal(got[i].signature, want[i].signature);
		if (want[i].type) {
			char type[80];
			snprintf(type, sizeof type, "%s_%s_v1", prefix, want[i].type);
			assert_string_equal(got[i].types[0]->name, type);
		}
	}
}

static const struct line manager_requests[] = { { "create_data_source", "n", "source" },
	{ "get_data_device", "no", "device" }, { "destroy", "", NULL } };
static const struct line device_requests[] = { { "set_selection", "?o", "source" },
	{ "destroy", "", NULL }, { "set_primary_selection", "?o", "source" } };
static const struct line device_events[] = { { "data_offer", "n", "offer" },
	{ "selection", "?o", "offer" }, { "finished", "", NULL },
	{ "primary_selection", "?o", "offer" } };
static const struct line source_requests[] = { { "offer", "s", NULL }, { "destroy", "", NULL } };
static const struct line source_events[] = { { "send", "sh", NULL }, { "cancelled", "", NULL } };
static const struct line offer_requests[] = { { "receive", "sh", NULL }, { "destroy", "", NULL } };
static const struct line offer_events[] = { { "offer", "s", NULL } };

#define COUNT(lines) (int)(sizeof(lines) / sizeof(lines)[0])

static void check_protocol(
		const struct wayland_protocol *protocol, const char *prefix, int device_count) {
	const struct wl_interface *manager = protocol->manager;
	const struct wl_interface *source = manager->methods[0].types[0];
	const struct wl_interface *device = manager->methods[1].types[0];
	const struct wl_interface *offer = device->events[0].types[0];
	char name[80];
	snprintf(name, sizeof name, "%s_manager_v1", prefix);
	assert_string_equal(manager->name, name);
	CHECK(protocol->control && protocol->version_max == 1);
	CHECK_EQ(manager->methods[1].types[1], &wl_seat_interface);
	check_lines(prefix, manager->methods, manager->method_count, manager_requests,
			COUNT(manager_requests));
	CHECK_EQ(manager->event_count, 0);
	check_lines(prefix, device->methods, device->method_count, device_requests, device_count);
	check_lines(prefix, device->events, device->event_count, device_events,
			COUNT(device_events));
	check_lines(prefix, source->methods, source->method_count, source_requests,
			COUNT(source_requests));
	check_lines(prefix, source->events, source->event_count, source_events,
			COUNT(source_events));
	check_lines(prefix, offer->methods, offer->method_count, offer_requests,
			COUNT(offer_requests));
	check_lines(prefix, offer->events, offer->event_count, offer_events, COUNT(offer_events));
}

static void both_speak_what_compositors_do(void **state) {
	(void)state;
	check_protocol(&wayland_ext, "ext_data_control", 3);
	check_protocol(&wayland_wlr, "zwlr_data_control", 2); /* the third is of version 2 */
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_speak_what_compositors_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
