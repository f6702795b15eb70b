#include "tools/vm-model/virt.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/vm-model/text.h"

void virt_list_free(struct virt_domain *list, unsigned count) {
	for (unsigned i = 0; i < count; i++) {
		free(list[i].xml);
	}
	free(list);
}

#ifndef PG_HAVE_LIBVIRT

bool virt_built_in(void) {
	return false;
}

int virt_open(struct virt **ret_virt, const char *uri, enum virt_right right, char *error,
		size_t error_size) {
	(void)uri;
	(void)right;
	*ret_virt = NULL;
	copy_text(error, error_size, "built without libvirt");
	return -EOPNOTSUPP;
}

void virt_close(struct virt *virt) {
	(void)virt;
}

struct virt *virt_create(const char *uri, enum virt_right right) {
	(void)uri;
	(void)right;
	return NULL;
}

int virt_connect(struct virt *virt, char *error, size_t error_size) {
	(void)virt;
	copy_text(error, error_size, "built without libvirt");
	return -EOPNOTSUPP;
}

int virt_list(struct virt *virt, bool with_password, struct virt_domain **ret_list,
		unsigned *ret_count) {
	(void)virt;
	(void)with_password;
	*ret_list = NULL;
	*ret_count = 0;
	return -EOPNOTSUPP;
}

char *virt_stored_xml(struct virt *virt, const char *uuid, bool with_secrets) {
	(void)virt;
	(void)uuid;
	(void)with_secrets;
	return NULL;
}

int virt_define(struct virt *virt, const char *uuid, const char *xml, char *error,
		size_t error_size) {
	(void)virt;
	(void)uuid;
	(void)xml;
	copy_text(error, error_size, "built without libvirt");
	return -EOPNOTSUPP;
}

bool virt_network_bridge(struct virt *virt, const char *network, char *buf, size_t size) {
	(void)virt;
	(void)network;
	(void)buf;
	(void)size;
	return false;
}

struct virt_events *virt_events_create(void) {
	return NULL;
}

void virt_events_destroy(struct virt_events *events) {
	(void)events;
}

bool virt_follow(struct virt *virt, void (*changed)(void *data), void *data) {
	(void)virt;
	(void)changed;
	(void)data;
	return false;
}

void virt_wait(struct virt_events *events, int timeout_ms, const bool *until) {
	(void)events;
	(void)until;
	poll(NULL, 0, timeout_ms);
}

#else

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "tools/vm-model/virt_opening.h"

#define ANSWER_MS      4000   /* a daemon on this machine answers in a few milliseconds */
#define PERMISSION_MS  120000 /* the user may have to type a password first */
#define KEEPALIVE_S    4      /* a daemon that is silent for longer, twice, is gone */
#define KEEPALIVE_LOST 2

struct link {
	char uri[VIRT_URI_BYTES];
	virConnectPtr connection; /* NULL = it did not answer */
	struct opening *opening;  /* NULL = none is under way */
	bool manages;
	int callback; /* of the lifecycle events, -1 = none */
};

struct virt {
	unsigned count; /* with those that did not answer */
	struct link link[VIRT_CONNECTIONS_MAX];
	enum virt_right right;
	void (*changed)(void *data);
	void *data;
};

bool virt_built_in(void) {
	return true;
}

/* libvirt prints every error on stderr unless somebody takes it. */
static void swallow(void *data, virErrorPtr error) {
	(void)data;
	(void)error;
}

static void last_error(char *buf, size_t size) {
	virErrorPtr error = virGetLastError();
	snprintf(buf, size, "%.*s",
			error && error->message ? (int)strcspn(error->message, "\n") : 13,
			error && error->message ? error->message : "unknown error");
}

static void link_add(struct virt *virt, const char *uri) {
	struct link *link = &virt->link[virt->count++];
	*link = (struct link){ .callback = -1 };
	copy_text(link->uri, sizeof link->uri, uri);
}

static void link_close(struct link *link) {
	if (link->callback >= 0) {
		virConnectDomainEventDeregisterAny(link->connection, link->callback);
		link->callback = -1;
	}
	if (link->connection) {
		virConnectClose(link->connection);
		link->connection = NULL;
	}
}

/* One that was silent is not waited for again, but looked at. */
static bool link_open(struct link *link, enum virt_right right, char *error, size_t size) {
	unsigned wait_ms = link->opening ? 0 : right == VIRT_MANAGE ? PERMISSION_MS : ANSWER_MS;
	if (!link->uri[0]) {
		snprintf(error, size, "its URI is longer than %zu characters",
				sizeof link->uri - 1);
		return false;
	}
	if (!link->opening) {
		link->opening = opening_start(link->uri, right);
	}
	int r = link->opening ? opening_take(link->opening, wait_ms, &link->connection,
						&link->manages, error, size)
			      : -ENOMEM;
	if (r == -EAGAIN) {
		snprintf(error, size, "%s does not answer", link->uri);
		return false;
	}
	link->opening = NULL;
	if (r == 0 && right != VIRT_MANAGE) {
		/* So that no later call waits for ever either. Not for those that manage: they ask
		 * people, and run no event loop meanwhile that could answer libvirt's. */
		virConnectSetKeepAlive(link->connection, KEEPALIVE_S, KEEPALIVE_LOST);
	}
	return r == 0;
}

struct virt *virt_create(const char *uri, enum virt_right right) {
	virSetErrorFunc(NULL, swallow);
	if (right != VIRT_MANAGE) {
		virEventRegisterDefaultImpl();
	}
	/* Looking must not start a session daemon for a user who has none. */
	setenv("LIBVIRT_AUTOSTART", "0", 0);
	struct virt *virt = xmalloc(sizeof *virt);
	virt->right = right;
	const char *wanted = uri ? uri : getenv("LIBVIRT_DEFAULT_URI");
	if (wanted && wanted[0]) {
		link_add(virt, wanted);
	} else {
		link_add(virt, "qemu:///system");
		if (geteuid() != 0) {
			link_add(virt, "qemu:///session");
		}
	}
	return virt;
}

int virt_connect(struct virt *virt, char *error, size_t error_size) {
	bool any = false;
	error[0] = '\0';
	for (unsigned i = 0; i < virt->count; i++) {
		struct link *link = &virt->link[i];
		char other[200];
		if (link->connection && virConnectIsAlive(link->connection) != 1) {
			link_close(link);
		}
		/* The first one's words count: the other is seldom there. */
		any |= link->connection || link_open(link, virt->right, i == 0 ? error : other,
							   i == 0 ? error_size : sizeof other);
	}
	if (any) {
		error[0] = '\0';
	}
	return any ? 0 : -ENOTCONN;
}

int virt_open(struct virt **ret_virt, const char *uri, enum virt_right right, char *error,
		size_t error_size) {
	struct virt *virt = virt_create(uri, right);
	int r = virt_connect(virt, error, error_size);
	if (r < 0) {
		virt_close(virt);
		virt = NULL;
	}
	*ret_virt = virt;
	return r;
}

void virt_close(struct virt *virt) {
	if (!virt) {
		return;
	}
	for (unsigned i = 0; i < virt->count; i++) {
		opening_abandon(virt->link[i].opening);
		link_close(&virt->link[i]);
	}
	free(virt);
}

static enum domain_state state_of(virDomainPtr handle) {
	int state = 0;
	int reason = 0;
	if (virDomainGetState(handle, &state, &reason, 0) < 0) {
		return DOMAIN_UNKNOWN;
	}
	switch (state) {
	case VIR_DOMAIN_RUNNING:
	case VIR_DOMAIN_BLOCKED:
	case VIR_DOMAIN_SHUTDOWN:
		return DOMAIN_RUNNING;
	case VIR_DOMAIN_PAUSED:
	case VIR_DOMAIN_PMSUSPENDED:
		return DOMAIN_PAUSED;
	default:
		return DOMAIN_OFF;
	}
}

static void add_domain(struct virt_domain **list, unsigned *count, virDomainPtr handle,
		const char *uri, bool secure) {
	char *xml = virDomainGetXMLDesc(handle, secure ? VIR_DOMAIN_XML_SECURE : 0);
	if (!xml && secure) {
		xml = virDomainGetXMLDesc(handle, 0);
	}
	if (!xml) {
		return; /* it went away between the list and now */
	}
	*list = xrealloc(*list, (*count + 1) * sizeof **list);
	struct virt_domain *item = &(*list)[*count];
	memset(item, 0, sizeof *item);
	if (domain_read_xml(&item->domain, xml, strlen(xml)) < 0) {
		free(xml);
		return;
	}
	item->xml = xml;
	item->domain.state = state_of(handle);
	item->persistent = virDomainIsPersistent(handle) == 1;
	copy_text(item->uri, sizeof item->uri, uri);
	(*count)++;
}

int virt_list(struct virt *virt, bool with_password, struct virt_domain **ret_list,
		unsigned *ret_count) {
	*ret_list = NULL;
	*ret_count = 0;
	int result = 0;
	for (unsigned i = 0; i < virt->count; i++) {
		struct link *link = &virt->link[i];
		virDomainPtr *handles = NULL;
		int n = link->connection ? virConnectListAllDomains(link->connection, &handles, 0)
					 : 0;
		if (n < 0) {
			result = -ENOTCONN;
			continue;
		}
		for (int j = 0; j < n; j++) {
			add_domain(ret_list, ret_count, handles[j], link->uri,
					with_password && link->manages);
			virDomainFree(handles[j]);
		}
		free(handles);
	}
	return result;
}

static virDomainPtr find(struct virt *virt, const char *uuid, unsigned *ret_index) {
	for (unsigned i = 0; i < virt->count; i++) {
		virConnectPtr connection = virt->link[i].connection;
		virDomainPtr handle =
				connection ? virDomainLookupByUUIDString(connection, uuid) : NULL;
		if (handle) {
			*ret_index = i;
			return handle;
		}
	}
	return NULL;
}

char *virt_stored_xml(struct virt *virt, const char *uuid, bool with_secrets) {
	unsigned index;
	virDomainPtr handle = find(virt, uuid, &index);
	if (!handle) {
		return NULL;
	}
	unsigned flags = VIR_DOMAIN_XML_INACTIVE;
	char *xml = virDomainGetXMLDesc(handle, flags | (with_secrets ? VIR_DOMAIN_XML_SECURE : 0));
	virDomainFree(handle);
	return xml;
}

int virt_define(struct virt *virt, const char *uuid, const char *xml, char *error,
		size_t error_size) {
	unsigned index = 0;
	virDomainPtr handle = find(virt, uuid, &index);
	if (handle) {
		virDomainFree(handle);
	}
	while (!virt->link[index].connection) {
		index++; /* the first that answered */
	}
	handle = virDomainDefineXMLFlags(
			virt->link[index].connection, xml, VIR_DOMAIN_DEFINE_VALIDATE);
	if (!handle) {
		last_error(error, error_size);
		return -EINVAL;
	}
	virDomainFree(handle);
	return 0;
}

bool virt_network_bridge(struct virt *virt, const char *network, char *buf, size_t size) {
	for (unsigned i = 0; virt && i < virt->count; i++) {
		virConnectPtr connection = virt->link[i].connection;
		virNetworkPtr handle =
				connection ? virNetworkLookupByName(connection, network) : NULL;
		char *name = handle ? virNetworkGetBridgeName(handle) : NULL;
		bool found = name && copy_text(buf, size, name);
		free(name);
		if (handle) {
			virNetworkFree(handle);
		}
		if (found) {
			return true;
		}
	}
	return false;
}

static int on_event(
		virConnectPtr connection, virDomainPtr handle, int event, int detail, void *data) {
	struct virt *virt = data;
	(void)connection;
	(void)handle;
	(void)event;
	(void)detail;
	virt->changed(virt->data);
	return 0;
}

bool virt_follow(struct virt *virt, void (*changed)(void *data), void *data) {
	virt->changed = changed;
	virt->data = data;
	bool all = true;
	/* What VIR_DOMAIN_EVENT_CALLBACK() does, without a warning of clang 19. */
	virConnectDomainEventGenericCallback generic =
			(virConnectDomainEventGenericCallback)(void (*)(void))on_event;
	for (unsigned i = 0; i < virt->count; i++) {
		struct link *link = &virt->link[i];
		if (link->connection && link->callback < 0) {
			link->callback = virConnectDomainEventRegisterAny(link->connection, NULL,
					VIR_DOMAIN_EVENT_ID_LIFECYCLE, generic, virt, NULL);
		}
		all = all && (!link->connection || link->callback >= 0);
	}
	return all;
}

/* One timer for all waits, changed only for a wait of another length: in libvirt's GLib loop
 * removing or changing one leaves an idle source behind, which makes the next round return at once.
 */
struct virt_events {
	int timer;
	int timeout_ms;
	bool over;
};

static void on_timeout(int timer, void *data) {
	struct virt_events *events = data;
	(void)timer;
	events->over = true;
}

struct virt_events *virt_events_create(void) {
	if (virEventRegisterDefaultImpl() < 0) {
		return NULL;
	}
	struct virt_events *events = xmalloc(sizeof *events);
	events->timeout_ms = -1;
	events->timer = virEventAddTimeout(-1, on_timeout, events, NULL);
	if (events->timer < 0) {
		free(events);
		return NULL;
	}
	return events;
}

void virt_events_destroy(struct virt_events *events) {
	if (events) {
		virEventRemoveTimeout(events->timer);
		free(events);
	}
}

void virt_wait(struct virt_events *events, int timeout_ms, const bool *until) {
	if (!events) {
		poll(NULL, 0, timeout_ms);
		return;
	}
	if (events->timeout_ms != timeout_ms) {
		virEventUpdateTimeout(events->timer, timeout_ms);
		events->timeout_ms = timeout_ms;
	}
	events->over = false;
	while (!events->over && !*until) {
		if (virEventRunDefaultImpl() < 0) {
			poll(NULL, 0, timeout_ms);
			return;
		}
	}
}

#endif
