/* The local clipboard over SDL's dummy video driver, which keeps the text itself. */
#include "client/clipboard.h"

#include <SDL.h>
#include <stdlib.h>
#include <string.h>

#include "client/clip.h"
#include "tests/support/check.h"

static struct clip_message last;
static unsigned sent;
static char data[64];

static int on_send(const struct clip_message *message, void *unused) {
	(void)unused;
	last = *message;
	memset(data, 0, sizeof data);
	if (message->data) {
		memcpy(data, message->data, message->len);
		free(message->data);
	}
	sent++;
	return 0;
}

static struct clipboard *start(void) {
	struct clipboard *clipboard;
	SDL_SetHint(SDL_HINT_VIDEODRIVER, "dummy");
	CHECK(SDL_Init(SDL_INIT_VIDEO) == 0);
	CHECK(clipboard_create(&clipboard, on_send, NULL) == 0);
	sent = 0;
	return clipboard;
}

static void stop(struct clipboard *clipboard) {
	clipboard_destroy(clipboard);
	SDL_Quit();
}

static void the_users_text_is_offered_and_given(void **state) {
	(void)state;
	struct clipboard *clipboard = start();
	SDL_SetClipboardText("grün");
	clipboard_changed(clipboard);
	CHECK(sent == 1 && last.kind == CLIP_OFFER && last.types == CLIP_TEXT);
	clipboard_message(clipboard,
			&(struct clip_message){
					.kind = CLIP_REQUEST, .types = CLIP_TEXT, .serial = 7 });
	CHECK(last.kind == CLIP_DATA && last.serial == 7 && strcmp(data, "grün") == 0);
	clipboard_message(clipboard,
			&(struct clip_message){
					.kind = CLIP_REQUEST, .types = CLIP_PNG, .serial = 8 });
	CHECK(last.serial == 8 && last.len == 0);
	stop(clipboard);
}

static void the_guests_text_is_put_in_and_not_offered_back(void **state) {
	(void)state;
	struct clipboard *clipboard = start();
	clipboard_message(clipboard, &(struct clip_message){ .kind = CLIP_OFFER,
						     .types = CLIP_TEXT | CLIP_PNG });
	CHECK(last.kind == CLIP_REQUEST && last.types == CLIP_TEXT && last.serial != 0);
	const uint32_t serial = last.serial;
	struct clip_message message = { .kind = CLIP_DATA, .types = CLIP_TEXT, .len = 5 };
	message.serial = serial + 1; /* not what was asked for */
	message.data = strdup("wrong");
	clipboard_message(clipboard, &message);
	message.serial = serial;
	message.data = strdup("guest");
	clipboard_message(clipboard, &message);
	char *text = SDL_GetClipboardText();
	CHECK(strcmp(text, "guest") == 0);
	SDL_free(text);
	unsigned before = sent;
	clipboard_changed(clipboard); /* our own change */
	CHECK(sent == before);
	SDL_SetClipboardText("host");
	clipboard_changed(clipboard);
	CHECK(sent == before + 1 && last.kind == CLIP_OFFER);
	stop(clipboard);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_users_text_is_offered_and_given),
		cmocka_unit_test(the_guests_text_is_put_in_and_not_offered_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
