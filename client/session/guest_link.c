/*
 * The composition of the session part: window events and evdev devices -> router -> the host's
 * stream or SPICE (guest_way.h); what SPICE says -> router, clipboard, spice_surface picture,
 * sound, status.
 */
#define LOG_MODULE "session"
#include "client/session/guest_link.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audio/audio.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "client/clipboard/clipboard_message.h"
#include "client/session/guest_inbox.h"
#include "client/session/guest_link_agent.h"
#include "client/session/guest_link_display.h"
#include "client/session/guest_link_microphone.h"
#include "client/session/guest_link_sound.h"
#include "client/session/guest_way.h"
#include "client/session/spice_input.h"
#include "client/session/spice_session.h"
#include "client/session/x11_motion.h"
#include "input/chord.h"
#include "input/devices.h"
#include "input/router.h"

#define TYPE_STEP_NS (20 * NS_PER_MS)
#define INPUTS_SEND  (256u * 1024)

struct guest_link {
	/* constant after guest_link_create() */
	struct guest_link_config config;
	struct guest_link_events events;
	struct loop *loop;
	struct spice_surface *spice_surface;
	struct audio *audio;

	/* any thread */
	struct guest_inbox inbox;

	/* the loop's thread */
	bool window_focus;
	bool input_on; /* the user's word: forward input at all */
	struct router *router;
	struct devices *devices;
	struct spice_session *spice;
	struct spice_input sink;
	struct guest_way *way;                    /* NULL: being created, or destroyed */
	struct guest_link_display *display;       /* NULL: no SPICE picture */
	struct guest_link_sound *sound;           /* NULL: no SPICE sound */
	struct guest_link_microphone *microphone; /* NULL: none is to be had */
	struct guest_link_agent *agent;
	struct x11_motion *x11_motion; /* NULL: the window tells of motion, too */
	struct loop_source *type_timer;
	struct guest_link_status status;
	struct part_status evdev;
	unsigned devices_open;
	bool reported; /* events.status ran at least once */
	bool destroying;
};

static void update_status(struct guest_link *session) {
	const struct spice_session_status *spice = spice_session_status(session->spice);
	struct guest_link_status status = {
		.spice = spice->part,
		.evdev = session->evdev,
		.connected = session->way && guest_way_is_there(session->way),
		.host_input = session->way && guest_way_is_host(session->way),
		.host_clipboard = guest_link_agent_is_host_clipboard(session->agent),
		.needs_password = spice->needs_password,
		.absolute = spice->absolute,
		.absolute_possible = spice->absolute_possible,
		.agent = guest_link_agent_is_ready(session->agent),
		.has_display = spice->has_display,
		.has_playback = spice->has_playback,
		.has_record = spice->has_record,
		.grabbed = router_grabbed(session->router),
		.leds = session->way ? guest_way_leds(session->way) : 0,
		.devices = session->devices_open,
		.kicked = spice->kicked,
	};
	if (session->microphone) {
		status.microphone = guest_link_microphone_state(session->microphone);
	}
	guest_link_agent_get_files(session->agent, &status.files);
	status.clipboard_read_unfocused = guest_link_agent_read_unfocused(session->agent);
	status.clipboard_used_unfocused = guest_link_agent_used_unfocused(session->agent);
	status.clipboard_question = guest_link_agent_question(session->agent);
	memcpy(status.name, spice->name, sizeof status.name);
	memcpy(status.uuid, spice->uuid, sizeof status.uuid);
	if (session->destroying || (session->reported && memcmp(&status, &session->status,
									 sizeof status) == 0)) {
		return;
	}
	session->reported = true;
	session->status = status;
	if (session->events.status) {
		session->events.status(&status, session->events.data);
	}
}

/* ---- SPICE ---- */

static void on_spice_status(void *data) {
	struct guest_link *session = data;
	if (!session->spice) {
		return; /* being created */
	}
	const struct spice_session_status *spice = spice_session_status(session->spice);
	if (spice->absolute != session->sink.absolute) {
		spice_input_set_absolute(&session->sink, spice->absolute);
	}
	if (spice->kicked && !session->status.kicked && session->events.action) {
		session->events.action(GUEST_LINK_ACTION_KICKED, 0, session->events.data);
	}
	update_status(session);
}

static void on_inputs_linked(struct spice_channel *channel, void *data) {
	struct guest_link *session = data;
	spice_inputs_linked(&session->sink.inputs, channel);
	guest_way_set_spice(session->way, true);
}

static void on_inputs_closed(void *data) {
	struct guest_link *session = data;
	spice_inputs_closed(&session->sink.inputs);
	if (session->way) {
		guest_way_set_spice(session->way, false);
	}
}

static int on_inputs_message(unsigned type, const uint8_t *body, size_t len, void *data) {
	struct guest_link *session = data;
	int r = spice_inputs_message(&session->sink.inputs, type, body, len);
	if (r > 0) {
		guest_way_set_spice_leds(session->way, spice_inputs_leds(&session->sink.inputs));
		update_status(session);
	}
	return r < 0 ? r : 0;
}

static void on_no_video(void *data) {
	struct guest_link *session = data;
	if (session->events.action) {
		session->events.action(GUEST_LINK_ACTION_NO_VIDEO, 0, session->events.data);
	}
}

static void on_screen(const struct spice_rect *monitor, void *data) {
	struct guest_link *session = data;
	session->sink.screen = *monitor;
}

static void on_moved(void *data) {
	struct guest_link *session = data;
	if (session->events.moved) {
		session->events.moved(session->events.data);
	}
}

static void on_flushed(void *data) {
	struct guest_link *session = data;
	spice_session_sent(session->spice, SPICE_CHANNEL_INPUTS);
	if (spice_input_take_moved(&session->sink)) {
		on_moved(session);
	}
	if (session->way) {
		guest_way_settle(session->way); /* perhaps the last key is up */
	}
}

static void on_way_changed(void *data) {
	struct guest_link *session = data;
	if (session->way && session->spice && session->agent) {
		update_status(session);
	}
}

/* ---- the agent ---- */

static void on_agent(bool connected, uint32_t tokens, void *data) {
	struct guest_link *session = data;
	guest_link_agent_set_connected(session->agent, connected, tokens);
}

static void on_agent_tokens(uint32_t tokens, void *data) {
	struct guest_link *session = data;
	guest_link_agent_add_tokens(session->agent, tokens);
}

static int on_agent_data(const uint8_t *bytes, size_t len, void *data) {
	struct guest_link *session = data;
	guest_link_agent_data(session->agent, bytes, len);
	return 0;
}

static void on_main_drained(void *data) {
	struct guest_link *session = data;
	guest_link_agent_drained(session->agent);
}

static void on_agent_changed(void *data) {
	update_status(data);
}

static int create_agent(struct guest_link *session) {
	const struct guest_link_agent_events events = {
		.changed = on_agent_changed,
		.clipboard = session->events.clipboard,
		.clipboard_data = session->events.clipboard_data,
		.data = session,
	};
	return guest_link_agent_create(
			&session->agent, session->loop, session->spice, &session->config, &events);
}

/* ---- input ---- */

/* Whoever plays by grabbed devices has the focus in the guest, too. */
static void update_focus(struct guest_link *session) {
	const bool focus = session->window_focus || router_grabbed(session->router);
	if (session->agent && !session->destroying) {
		guest_link_agent_set_focus(session->agent, focus);
	}
	if (session->way && !session->destroying) {
		guest_way_want(session->way, focus && session->input_on);
	}
}

static void on_router_action(enum router_action action, unsigned code, void *data) {
	static const enum guest_link_action actions[] = {
		[ROUTER_ESCAPE_DOWN] = GUEST_LINK_ACTION_ESCAPE_DOWN,
		[ROUTER_ESCAPE_UP] = GUEST_LINK_ACTION_ESCAPE_UP,
		[ROUTER_ESCAPE_KEY] = GUEST_LINK_ACTION_ESCAPE_KEY,
		[ROUTER_GRAB_CHANGED] = GUEST_LINK_ACTION_GRAB_CHANGED,
	};
	struct guest_link *session = data;
	if (session->events.action && !session->destroying) {
		session->events.action(actions[action], code, session->events.data);
	}
	if (action == ROUTER_GRAB_CHANGED) {
		update_focus(session);
	}
	if (action == ROUTER_GRAB_CHANGED && session->spice) {
		update_status(session);
	}
}

static void on_devices_status(const struct devices_status *status, void *data) {
	struct guest_link *session = data;
	session->evdev = status->part;
	session->devices_open = status->open;
	if (session->spice) {
		update_status(session);
	}
}

static void on_type_timer(void *data) {
	struct guest_link *session = data;
	if (router_type_step(session->router)) {
		loop_set_timer(session->type_timer, clock_now_ns() + TYPE_STEP_NS);
	}
}

static void type_text(struct guest_link *session, const char *text) {
	int skipped = router_type(session->router, text);
	if (skipped < 0) {
		log_warn("cannot type the text (%s)", strerrordesc_np(-skipped));
		return;
	}
	if (skipped > 0) {
		log_info("%d characters have no key on a US keyboard: left out", skipped);
	}
	loop_set_timer(session->type_timer, clock_now_ns() + TYPE_STEP_NS);
}

static void send_keys(struct guest_link *session, const struct guest_link_command *command) {
	int r = router_send_keys(session->router, command->keys, command->count);
	if (r < 0) {
		log_debug("keys were not sent (%s)", strerrordesc_np(-r));
	}
}

static void sync_leds(struct guest_link *session, unsigned leds, unsigned locks) {
	/* Grabbed keyboards send their lock keys as keys: both would toggle twice (5.3). */
	if (!router_grabbed(session->router)) {
		if (!guest_way_sync_leds(session->way, leds, locks)) {
			spice_inputs_set_leds(&session->sink.inputs, leds, locks);
			spice_session_sent(session->spice, SPICE_CHANNEL_INPUTS);
		}
	}
}

/* ---- what other threads queued ---- */

static void run_command(struct guest_link *session, struct guest_link_command *command) {
	switch (command->kind) {
	case GUEST_LINK_RELEASE_ALL:
		router_release(session->router, INPUT_SOURCE_WINDOW);
		break;
	case GUEST_LINK_SEND_KEYS:
		send_keys(session, command);
		break;
	case GUEST_LINK_TYPE_TEXT:
		if (command->text) {
			type_text(session, command->text);
		}
		break;
	case GUEST_LINK_GRAB:
		router_request_grab(session->router, command->on);
		break;
	case GUEST_LINK_MOUSE_MODE:
		spice_session_ask_mouse_mode(session->spice, command->on);
		break;
	case GUEST_LINK_INPUT:
		session->input_on = command->on;
		router_set_enabled(session->router, command->on);
		update_focus(session);
		break;
	case GUEST_LINK_SENSITIVITY:
		router_set_sensitivity(session->router, command->value);
		break;
	case GUEST_LINK_SYNC_LEDS:
		sync_leds(session, (unsigned)command->value, command->locks);
		break;
	case GUEST_LINK_PASSWORD:
		if (command->text) {
			spice_session_set_password(session->spice, command->text);
		}
		break;
	case SESSION_URI:
		if (command->text && spice_session_set_uri(session->spice, command->text) < 0) {
			log_warn("\"%s\" is not the address of a SPICE server", command->text);
		}
		break;
	case GUEST_LINK_RECONNECT:
		spice_session_retry(session->spice);
		break;
	case GUEST_LINK_DISPLAY_WANTED:
		if (session->display) {
			guest_link_display_want(session->display, command->on);
		}
		break;
	case GUEST_LINK_MONITOR_SIZE:
		guest_link_agent_set_monitor(session->agent, (uint32_t)command->value >> 16,
				(uint32_t)command->value & 0xffffu);
		break;
	case GUEST_LINK_SEND_FILES:
		if (command->text) {
			guest_link_agent_send_files(session->agent, command->text);
		}
		break;
	case GUEST_LINK_ESCAPE_KEY:
		(void)router_set_escape(session->router, command->text);
		break;
	case GUEST_LINK_CANCEL_FILES:
		guest_link_agent_cancel_files(session->agent);
		break;
	case GUEST_LINK_FOCUS:
		session->window_focus = command->on;
		update_focus(session);
		break;
	case GUEST_LINK_X11_MOTION:
		if (session->x11_motion) {
			x11_motion_want(session->x11_motion, command->on, (unsigned)command->value);
		}
		break;
	case GUEST_LINK_CLIPBOARD:
		guest_link_agent_allow_clipboard(session->agent);
		break;
	case GUEST_LINK_CLIPBOARD_POLICY:
		guest_link_agent_set_clipboard(session->agent,
				(enum clipboard_policy)command->value,
				(enum clipboard_policy)command->count);
		break;
	case GUEST_LINK_MICROPHONE:
		if (session->microphone) {
			guest_link_microphone_allow(session->microphone, command->on);
		}
		break;
	case GUEST_LINK_MICROPHONE_POLICY:
		if (session->microphone) {
			guest_link_microphone_set_policy(session->microphone,
					(enum guest_link_microphone_policy)command->value);
		}
		break;
	}
	guest_inbox_free_text(command);
	update_status(session);
}

static void run_input(struct guest_link *session, const struct guest_input_event *event) {
	/* The key that takes the server back is not typed into it. */
	if (session->status.kicked && event->kind == INPUT_KEY && event->pressed) {
		spice_session_retry(session->spice);
	}
	if (session->x11_motion && event->kind != INPUT_MOTION) {
		x11_motion_read(session->x11_motion); /* a click is where the mouse is by then */
	}
	router_event(session->router, event);
}

static void on_x11_motion(int32_t x, int32_t y, void *data) {
	struct guest_link *session = data;
	const struct guest_input_event event = { .time_ns = clock_now_ns(),
		.kind = INPUT_MOTION,
		.source = INPUT_SOURCE_WINDOW,
		.x = x,
		.y = y };
	router_event(session->router, &event);
}

static void on_x11_rest(void *data) {
	struct guest_link *session = data;
	router_flush(session->router);
}

static void run_queue(struct guest_link *session) {
	struct guest_inbox_item item;
	/* No more than what was there at the start could ever fit, so that a flood of motion does
	 * not hold the loop. */
	for (unsigned i = 0; i < GUEST_INBOX_ITEMS && queue_pop(&session->inbox.items, &item);
			i++) {
		switch (item.kind) {
		case GUEST_INBOX_INPUT:
			run_input(session, &item.input);
			break;
		case GUEST_INBOX_COMMAND:
			router_flush(session->router);
			run_command(session, &item.command);
			break;
		}
	}
	if (guest_inbox_take_lost(&session->inbox)) {
		router_release(session->router, INPUT_SOURCE_WINDOW);
	}
	router_flush(session->router);
}

static void on_wake(void *data) {
	struct guest_link *session = data;
	struct clipboard_message message;
	run_queue(session);
	for (unsigned i = 0;
			i < GUEST_INBOX_CLIPBOARD && queue_pop(&session->inbox.clipboard, &message);
			i++) {
		guest_link_agent_local_clipboard(session->agent, &message);
	}
	guest_way_settle(session->way);
}

int guest_link_input(const struct guest_input_event *event, void *data) {
	struct guest_link *session = data;
	return guest_inbox_input(&session->inbox, event);
}

int guest_link_command(struct guest_link *session, const struct guest_link_command *command) {
	return guest_inbox_command(&session->inbox, command);
}

struct queue *guest_link_clipboard_queue(struct guest_link *session) {
	return &session->inbox.clipboard;
}

/* ---- life ---- */

static int create_router(struct guest_link *session) {
	const struct guest_link_config *config = &session->config;
	struct router_config router = {
		.escape_hold_ns = ESCAPE_HOLD_NS,
		.grab_on_start = config->grab_on_start,
		.ignore_windows_keys = config->ignore_windows_keys,
		.sensitivity = config->sensitivity,
	};
	const struct router_events events = { on_router_action, session };
	int r = chord_parse(config->grab_toggle, &router.grab_toggle);
	if (r < 0) {
		log_error("\"%s\" cannot toggle the grab", config->grab_toggle);
		return r;
	}
	r = chord_parse(config->escape_key, &router.escape);
	if (r < 0) {
		log_error("\"%s\" cannot be the escape key", config->escape_key);
		return r;
	}
	r = router_create(&session->router, &router, &events);
	if (r == 0) {
		router_set_enabled(session->router, config->input);
	}
	return r;
}

static int create_way(struct guest_link *session) {
	const struct guest_way_events events = { on_way_changed, on_moved, session };
	const struct guest_input spice = spice_input_table(&session->sink);
	return guest_way_create(&session->way, session->loop, session->router, &spice,
			session->config.host_input, &events);
}

static int create_devices(struct guest_link *session) {
	struct devices_config devices = { .count = session->config.evdev_count,
		.finder = session->config.finder };
	const struct devices_events events = { on_devices_status, session };
	static_assert(sizeof devices.wanted == sizeof session->config.evdev, "the same list");
	memcpy(devices.wanted, session->config.evdev, sizeof devices.wanted);
	return devices_create(&session->devices, session->loop, session->router, &devices, &events);
}

static void on_microphone(void *data) {
	update_status(data);
}

static int create_spice(struct guest_link *session) {
	const struct guest_link_config *config = &session->config;
	const struct spice_session_events events = {
		.status = on_spice_status,
		.agent = on_agent,
		.agent_tokens = on_agent_tokens,
		.agent_data = on_agent_data,
		.main_drained = on_main_drained,
		.data = session,
	};
	const struct spice_handler inputs = {
		.send_max = INPUTS_SEND,
		.linked = on_inputs_linked,
		.closed = on_inputs_closed,
		.message = on_inputs_message,
		.data = session,
	};
	int r = spice_session_create(&session->spice, session->loop, config->uri,
			config->password_file, config->ca_file, config->host_subject,
			&config->owners, &events);
	if (r == -EINVAL) {
		log_error("\"%s\" is not the address of a SPICE server", config->uri);
	}
	if (r < 0) {
		return r;
	}
	spice_session_set_handler(session->spice, SPICE_CHANNEL_INPUTS, &inputs);
	if (session->spice_surface) {
		const struct guest_link_display_events display = { on_screen, on_no_video,
			session };
		r = guest_link_display_create(&session->display, session->spice,
				session->spice_surface, &display);
		if (r == 0) {
			guest_link_display_want(session->display, config->display);
		}
	}
	if (r == 0 && session->audio && config->playback) {
		r = guest_link_sound_create(&session->sound, session->spice, session->audio,
				config->sync_volume);
	}
	if (r == 0 && session->audio && audio_microphone_fd(session->audio) >= 0) {
		const struct guest_link_microphone_config microphone = {
			.policy = config->microphone, .sync_volume = config->sync_volume
		};
		r = guest_link_microphone_create(&session->microphone, session->loop,
				session->spice, session->audio, &microphone, on_microphone,
				session);
	}
	return r;
}

int guest_link_create(struct guest_link **ret_session, struct loop *loop,
		const struct guest_link_config *config, struct spice_surface *spice_surface,
		struct audio *audio, const struct guest_link_events *events) {
	struct guest_link *session = calloc(1, sizeof *session);
	if (!session) {
		return -ENOMEM;
	}
	session->config = *config;
	session->events = *events;
	session->loop = loop;
	session->spice_surface = spice_surface;
	session->audio = audio;
	session->input_on = config->input;
	spice_input_init(&session->sink, on_flushed, session);
	int r = guest_inbox_init(&session->inbox, loop, on_wake, session);
	if (r < 0) {
		goto error;
	}
	session->type_timer = loop_add_timer(loop, on_type_timer, session);
	if (!session->type_timer) {
		r = -ENOMEM;
		goto error;
	}
	r = create_router(session);
	if (r == 0) {
		r = create_way(session);
	}
	if (r == 0) {
		r = create_spice(session);
	}
	if (r == 0) {
		r = create_agent(session);
	}
	if (r == 0) {
		r = create_devices(session);
	}
	if (r < 0) {
		goto error;
	}
	spice_session_start(session->spice);
	*ret_session = session;
	return 0;
error:
	guest_link_destroy(session);
	return r;
}

int guest_link_take_x11_motion(struct guest_link *session, const char *display, uint32_t window) {
	const struct x11_motion_events events = { on_x11_motion, on_x11_rest, session };
	return x11_motion_create(&session->x11_motion, session->loop, display, window, &events);
}

void guest_link_let_go(struct guest_link *session) {
	if (session) {
		router_set_enabled(session->router, false);
	}
}

void guest_link_destroy(struct guest_link *session) {
	if (!session) {
		return;
	}
	session->destroying = true;
	/* Grabs and held keys first, while there is still a channel to say it on. */
	devices_destroy(session->devices);
	x11_motion_destroy(session->x11_motion);
	if (session->router) {
		router_release_all(session->router);
	}
	struct guest_way *way = session->way;
	session->way = NULL;
	guest_way_destroy(way);
	spice_session_destroy(session->spice);
	guest_link_display_destroy(session->display);
	guest_link_sound_destroy(session->sound);
	guest_link_microphone_destroy(session->microphone);
	guest_link_agent_destroy(session->agent);
	router_destroy(session->router);
	loop_remove(session->type_timer);
	guest_inbox_finish(&session->inbox);
	free(session);
}
