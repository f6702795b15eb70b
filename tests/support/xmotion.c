/*
 * A mouse on an X server, by XTEST, and an independent witness of what that server hands out.
 *
 *   usage: xmotion [--watch|--other-pointer] HZ SECONDS DX DY
 *
 * Moves by DX, DY so often and prints one JSON object: what was sent, and what another client of
 * the same server was told by XInput 2 (raw, in counts). --watch: moves nothing; another injector
 * does, for so many seconds. --other-pointer: a second pointer comes (and goes at the end), and
 * that one is moved.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xcb/xcb.h>
#include <xcb/xinput.h>
#include <xcb/xtest.h>

#include "base/clock.h"

#define FIRST_POINTER 2 /* the number of every server's first master */

struct witness {
	xcb_connection_t *connection;
	double sum[2];
	unsigned reports;
};

static xcb_window_t root_of(xcb_connection_t *connection) {
	return xcb_setup_roots_iterator(xcb_get_setup(connection)).data->root;
}

static xcb_connection_t *join(void) {
	xcb_connection_t *connection = xcb_connect(NULL, NULL);
	if (xcb_connection_has_error(connection)) {
		fprintf(stderr, "no X server\n");
		exit(1);
	}
	return connection;
}

static void begin(struct witness *witness) {
	const struct {
		xcb_input_event_mask_t head;
		uint32_t mask;
	} chosen = { { XCB_INPUT_DEVICE_ALL_MASTER, 1 }, XCB_INPUT_XI_EVENT_MASK_RAW_MOTION };
	witness->connection = join();
	free(xcb_input_xi_query_version_reply(witness->connection,
			xcb_input_xi_query_version(witness->connection, 2, 2), NULL));
	xcb_input_xi_select_events(
			witness->connection, root_of(witness->connection), 1, &chosen.head);
	free(xcb_get_input_focus_reply(
			witness->connection, xcb_get_input_focus(witness->connection), NULL));
}

static void look(struct witness *witness) {
	xcb_generic_event_t *event;
	while ((event = xcb_poll_for_event(witness->connection))) {
		const xcb_ge_generic_event_t *ge = (const void *)event;
		if (event->response_type == XCB_GE_GENERIC &&
				ge->event_type == XCB_INPUT_RAW_MOTION) {
			const xcb_input_raw_button_press_event_t *raw = (const void *)event;
			const uint32_t mask = xcb_input_raw_button_press_valuator_mask(raw)[0];
			const xcb_input_fp3232_t *value =
					xcb_input_raw_button_press_axisvalues_raw(raw);
			witness->reports++;
			for (int axis = 0; axis < 2; axis++) {
				if (mask >> axis & 1u) {
					witness->sum[axis] += value->integral +
							      value->frac / 4294967296.0;
					value++;
				}
			}
		}
		free(event);
	}
}

static void wait_until(uint64_t at_ns) {
	const struct timespec at = { (time_t)(at_ns / NS_PER_S), (long)(at_ns % NS_PER_S) };
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0) {
	}
}

/* The number of a new pointer, which this connection's injected events move from now on. */
static uint16_t add_pointer(xcb_connection_t *mouse) {
	static const char name[] = "other";
	struct {
		xcb_input_add_master_t add;
		char name[8];
	} change = { { .type = XCB_INPUT_HIERARCHY_CHANGE_TYPE_ADD_MASTER,
				     .len = (sizeof change) / 4,
				     .name_len = sizeof name - 1,
				     .enable = 1 },
		"other" };
	xcb_input_xi_change_hierarchy(mouse, 1, (const void *)&change);
	xcb_input_xi_query_device_reply_t *all = xcb_input_xi_query_device_reply(
			mouse, xcb_input_xi_query_device(mouse, XCB_INPUT_DEVICE_ALL), NULL);
	uint16_t pointer = 0;
	xcb_input_xi_device_info_iterator_t at = xcb_input_xi_query_device_infos_iterator(all);
	for (; at.rem > 0; xcb_input_xi_device_info_next(&at)) {
		if (at.data->type == XCB_INPUT_DEVICE_TYPE_MASTER_POINTER &&
				strncmp(xcb_input_xi_device_info_name(at.data), "other", 5) == 0) {
			pointer = at.data->deviceid;
		}
	}
	free(all);
	xcb_input_xi_set_client_pointer(mouse, XCB_NONE, pointer);
	return pointer;
}

static void remove_pointer(xcb_connection_t *mouse, uint16_t pointer) {
	const xcb_input_remove_master_t change = {
		.type = XCB_INPUT_HIERARCHY_CHANGE_TYPE_REMOVE_MASTER,
		.len = sizeof change / 4,
		.deviceid = pointer,
		.return_mode = XCB_INPUT_CHANGE_MODE_ATTACH,
		.return_pointer = FIRST_POINTER,
		.return_keyboard = FIRST_POINTER + 1,
	};
	xcb_input_xi_change_hierarchy(mouse, 1, (const void *)&change);
	free(xcb_get_input_focus_reply(mouse, xcb_get_input_focus(mouse), NULL));
}

int main(int argc, char **argv) {
	const bool watch = argc == 6 && strcmp(argv[1], "--watch") == 0;
	const bool other = argc == 6 && strcmp(argv[1], "--other-pointer") == 0;
	if (argc != 5 && !watch && !other) {
		fprintf(stderr, "usage: xmotion [--watch|--other-pointer] HZ SECONDS DX DY\n");
		return 2;
	}
	char **value = argv + argc - 4;
	const double hz = strtod(value[0], NULL), seconds = strtod(value[1], NULL);
	const int x = (int)strtol(value[2], NULL, 10), y = (int)strtol(value[3], NULL, 10);
	xcb_connection_t *mouse = join();
	struct witness witness = { 0 };
	begin(&witness);
	const uint16_t pointer = other ? add_pointer(mouse) : 0;
	if (watch) {
		printf("ready\n");
		fflush(stdout);
	}
	const unsigned count = (unsigned)(hz * seconds);
	const uint64_t start_ns = clock_now_ns();
	for (unsigned i = 0; i < count; i++) {
		wait_until(start_ns + (uint64_t)(i * 1e9 / hz));
		if (!watch) {
			xcb_test_fake_input(mouse, XCB_MOTION_NOTIFY, 1, 0, XCB_NONE, (int16_t)x,
					(int16_t)y, 0);
			xcb_flush(mouse);
		}
		look(&witness);
	}
	const double took = (double)(clock_now_ns() - start_ns) / 1e9;
	for (unsigned i = 0; i < 20; i++) {
		wait_until(clock_now_ns() + 10 * NS_PER_MS);
		look(&witness);
	}
	printf("{\"hz\":%.0f,\"sent\":[%u,%d,%d],\"handed\":[%u,%.6f,%.6f]}\n", count / took,
			watch ? 0 : count, watch ? 0 : (int)count * x, watch ? 0 : (int)count * y,
			witness.reports, witness.sum[0], witness.sum[1]);
	if (other) {
		remove_pointer(mouse, pointer);
	}
	xcb_disconnect(mouse);
	xcb_disconnect(witness.connection);
	return 0;
}
