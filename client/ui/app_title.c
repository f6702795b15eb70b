#include "client/ui/app_title.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/utf8.h"
#include "client/config/config.h"
#include "client/ui/app_status.h"
#include "client/ui/key_label.h"

void app_title(const struct app_status *s, const struct config *config, const char *vm, char *text,
		size_t size) {
	char label[KEY_LABEL_BYTES];
	char name[80];
	if (config->window.title_chosen) {
		snprintf(text, size, "%s", config->window.title);
		return;
	}
	if (s->demo) {
		vm = "";
	} else if (vm[0] == '\0' && s->session.connected) {
		vm = s->session.name;
	}
	snprintf(name, sizeof name, "%.*s%s%s", utf8_fit(vm, 60), vm, vm[0] ? " - " : "",
			s->demo ? "pierglass demo" : "pierglass");
	if (s->session.grabbed) {
		snprintf(text, size, _("%s (%s frees keyboard and mouse)"), name,
				key_label(config->session.grab_toggle, label));
	} else if (s->captured) {
		snprintf(text, size, _("%s (%s frees the mouse)"), name,
				key_label(config->session.escape_key, label));
	} else if (s->demo) { /* whoever sees it for the first time */
		snprintf(text, size, _("%s (settings: mouse to the top edge)"), name);
	} else {
		snprintf(text, size, "%s", name);
	}
}
