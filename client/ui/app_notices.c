#define LOG_MODULE "app"
#include "client/ui/app_notices.h"

#include <SDL.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "client/config/config.h"
#include "client/ui/app_hud.h"
#include "client/ui/hud_text.h"
#include "client/ui/key_label.h"
#include "client/window/window.h"

#define FAILURES_MORE_NS (6 * NS_PER_S) /* names take longer to read */

/* The frame host runs in the user's session, as the agent does: when it has sent pictures for so
 * long, no agent will come by itself. */
#define AGENT_PATIENCE_NS (20 * NS_PER_S)

/* One line at the end of each batch; the overlay shows the progress until then. */
static void say_files(struct app_notices *notices, struct app_hud *hud) {
	const struct file_sender_status *files = &hud->now.session.files;
	const unsigned all = files->done + files->failed;
	if (files->batches == notices->file_batches) {
		return;
	}
	notices->file_batches = files->batches;
	if (files->failed > 0) {
		app_alert(hud, OVERLAY_BAD, _("Files sent: %u of %u. Not sent: %s"), files->done,
				all, files->failures);
		hud->now.alert_until_ns += FAILURES_MORE_NS;
	} else if (files->renamed > 0) {
		app_alert(hud, OVERLAY_GOOD,
				_("Files sent: %u of %u (%u have another name in the guest)"),
				files->done, all, files->renamed);
	} else {
		app_alert(hud, OVERLAY_GOOD, _("Files sent: %u of %u"), files->done, all);
	}
}

/* Only where the user allowed it: --clipboard-to-vm=always. */
static void say_clipboard_read(struct app_notices *notices, struct app_hud *hud) {
	const unsigned reads = hud->now.session.clipboard_read_unfocused;
	if (reads != notices->clipboard_reads) {
		notices->clipboard_reads = reads;
		app_alert(hud, OVERLAY_INFO, _("The VM read the clipboard"));
	}
}

/* The question itself stands in the overlay while it is open: hud_text.c. */
static void say_microphone(struct app_notices *notices, struct app_hud *hud) {
	enum guest_link_microphone_state state = hud->now.session.microphone;
	if (state == notices->microphone) {
		return;
	}
	if (state == GUEST_LINK_MIC_OPEN) {
		app_alert(hud, OVERLAY_WARN, _("The VM records: the microphone is on"));
	} else if (notices->microphone == GUEST_LINK_MIC_OPEN) {
		app_alert(hud, OVERLAY_INFO, _("The microphone is off"));
	} else if (state == GUEST_LINK_MIC_DECLINED) {
		app_alert(hud, OVERLAY_INFO, _("The VM does not get the microphone"));
	}
	notices->microphone = state;
}

void app_notices_session(struct app_notices *notices, struct app_hud *hud) {
	say_files(notices, hud);
	say_clipboard_read(notices, hud);
	say_microphone(notices, hud);
}

void app_notices_video(struct app_notices *notices, const struct app_hud *hud,
		const struct config *config, struct window *window) {
	const unsigned requests = hud->now.video.activation_requests;
	if (requests != notices->activations) {
		notices->activations = requests;
		if (config->window.request_activation) {
			SDL_FlashWindow(window_sdl(window), SDL_FLASH_UNTIL_FOCUSED);
		}
	}
}

void app_notices_no_frame(struct app_hud *hud, const struct config *config) {
	char full[KEY_ACTION_KEYS_BYTES], menu[KEY_ACTION_KEYS_BYTES];
	key_action_keys(config, KEY_ACTION_FULL_SCREEN, full);
	key_action_keys(config, KEY_ACTION_MENU, menu);
	log_warn("the window has no title bar: this desktop leaves those to the programs, and the plugin of "
		 "libdecor that draws them is not installed (Debian: libdecor-0-plugin-1-gtk)");
	app_alert(hud, OVERLAY_WARN,
			_("No title bar: libdecor's plugin is not installed (Debian: "
			  "libdecor-0-plugin-1-gtk). %s is full screen, %s opens the settings"),
			full, menu);
	hud->now.alert_until_ns += FAILURES_MORE_NS;
}

void app_notices_watch_agent(struct app_notices *notices, const struct app_hud *hud,
		const struct config *config) {
	const struct guest_link_status *session = &hud->now.session;
	const bool shared = config->session.clipboard_to_vm || config->session.clipboard_to_local;
	const bool missing = shared && !notices->agent_said && !hud->now.demo &&
			     session->connected && !session->agent &&
			     hud->now.video.showing == VIDEO_SOURCE_LG;
	if (!missing) {
		notices->agent_ns = 0;
	} else if (notices->agent_ns == 0) {
		notices->agent_ns = clock_now_ns() + AGENT_PATIENCE_NS;
	}
}

void app_notices_no_agent(struct app_notices *notices, struct app_hud *hud) {
	notices->agent_ns = 0;
	notices->agent_said = true;
	log_info("no SPICE agent runs in the guest: no clipboard, no files to drop (install the SPICE "
		 "guest tools, or --clipboard=no)");
	app_alert(hud, OVERLAY_INFO, "%s", _(HUD_TEXT_NO_AGENT));
}
