/* What others offer: the clipboard's content, and what is dragged over the window. */
#include "client/clipboard/clipboard_wayland.h"

#include <stdlib.h>
#include <string.h>

#include "client/clipboard/clipboard_wayland_internal.h"

#define URI_LIST "text/uri-list"

/* ---- offers ---- */

void wayland_offer_add(struct wayland_offer *offer, const char *name) {
	for (const char *c = name; *c; c++) {
		offer->hash = (offer->hash ^ (unsigned char)*c) * 16777619u;
	}
	offer->hash = offer->hash * 16777619u + 1;
	offer->names++;
	clipboard_choice_add(&offer->choice, clipboard_name_find(name));
	offer->ours = offer->ours || strcmp(name, offer->link->own_name) == 0;
	offer->secret = offer->secret || strcmp(name, CLIPBOARD_SECRET_NAME) == 0;
	offer->files = offer->files || strcmp(name, URI_LIST) == 0;
}

void wayland_offer_destroy(struct wayland_offer *offer) {
	if (!offer) {
		return;
	}
	offer->link->protocol->offer_destroy(offer->proxy);
	free(offer);
}

void wayland_offer_receive(struct wayland_offer *offer, const char *name, int fd) {
	offer->link->protocol->offer_receive(offer->proxy, name, fd);
}

void wayland_offer_dropped(struct wayland_offer *offer) {
	if (wl_proxy_get_version(offer->proxy) >= WL_DATA_OFFER_FINISH_SINCE_VERSION) {
		wl_data_offer_finish(offer->proxy);
	}
}

void wayland_offer_new(struct wayland_link *link, void *proxy) {
	/* The server says at once what an offer is for; what was never claimed is the primary
	 * selection's. */
	wayland_offer_destroy(link->fresh);
	link->fresh = calloc(1, sizeof *link->fresh);
	if (!link->fresh) {
		link->protocol->offer_destroy(proxy);
		return; /* out of memory: as if nothing had been offered */
	}
	link->fresh->link = link;
	link->fresh->proxy = proxy;
	link->protocol->offer_listen(link->fresh);
}

struct wayland_offer *wayland_offer_claim(struct wayland_link *link, const void *proxy) {
	struct wayland_offer *offer = link->fresh;
	if (!proxy || !offer || offer->proxy != proxy) {
		return NULL;
	}
	link->fresh = NULL;
	return offer;
}
