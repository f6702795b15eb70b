/*
 * The clipboard between the guest and the local side (clipboard_message.h): who owns what, requests
 * with a time limit, and a switch for each direction. One policy, whichever way content takes to
 * the guest (clipboard_link.h). On pg-io.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/clipboard/clipboard_message.h"

struct clipboard_link;
struct loop;
struct guest_link_clipboard;

struct guest_link_clipboard_config {
	enum clipboard_policy to_vm, to_local;
	uint64_t timeout_ns;         /* of the guest; 0 = 5 s without progress */
	uint64_t question_ns;        /* a question stands for so long; 0 = 30 s */
	void (*changed)(void *data); /* what is asked or was used without the focus; may be NULL */
	void *data;
};

/* send: a message for the local side; owns its data from then on. */
int guest_link_clipboard_create(struct guest_link_clipboard **ret_clipboard, struct loop *loop,
		const struct guest_link_clipboard_config *config,
		void (*send)(const struct clipboard_message *message, void *data), void *data);
void guest_link_clipboard_destroy(struct guest_link_clipboard *clipboard); /* accepts NULL */

/*
 * Another way (copied); NULL: there is none. guest_types: what the guest is known to have there.
 * Where that is what it had on the way before, and the guest's was the newest, pastes go on as if
 * nothing had happened; else whoever copied last offers again.
 */
void guest_link_clipboard_set_link(struct guest_link_clipboard *clipboard,
		const struct clipboard_link *link, unsigned guest_types);
/* Before another one is set while this one still works: nobody in the guest waits on it, and it
 * offers nothing. */
void guest_link_clipboard_leave_link(struct guest_link_clipboard *clipboard);
/* The newest content is the guest's. */
bool guest_link_clipboard_is_guests(const struct guest_link_clipboard *clipboard);

/* From now on; what the guest may no longer have is taken back from it, what it may have now is
 * offered. */
void guest_link_clipboard_set_policy(struct guest_link_clipboard *clipboard,
		enum clipboard_policy to_vm, enum clipboard_policy to_local);

/* The guest has the focus: the window has it, or the guest the devices (starts without). */
void guest_link_clipboard_set_focus(struct guest_link_clipboard *clipboard, bool focus);
/* Contents that the guest got without it. */
unsigned guest_link_clipboard_read_unfocused(const struct guest_link_clipboard *clipboard);
/* The guest read or replaced the desktop's clipboard without the focus: true until the user has had
 * the focus for 10 s since. */
bool guest_link_clipboard_was_used(const struct guest_link_clipboard *clipboard);

/*
 * With CLIPBOARD_ASK: what is asked now, and the user's yes. Without a question the yes is for the
 * content that there is. A question that nobody answers is answered with nothing, and is not asked
 * again for the same content (the guest's: before the focus changes).
 */
enum clipboard_question guest_link_clipboard_question(const struct guest_link_clipboard *clipboard);
void guest_link_clipboard_allow(struct guest_link_clipboard *clipboard);

/* What comes over the link. */
void guest_link_clipboard_offer(struct guest_link_clipboard *clipboard, unsigned types);
void guest_link_clipboard_wanted(struct guest_link_clipboard *clipboard, enum clipboard_type type);
/* heap is taken over; NULL with a length: too large. */
void guest_link_clipboard_content(struct guest_link_clipboard *clipboard, enum clipboard_type type,
		uint8_t *heap, size_t len);

/* A message of the local side; takes its data over. */
void guest_link_clipboard_local(
		struct guest_link_clipboard *clipboard, const struct clipboard_message *message);
