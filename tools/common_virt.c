#include "tools/common_virt.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/common_text.h"

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

int virt_open(struct virt **ret_virt, const char *uri, bool write, char *error, size_t error_size) {
	(void)uri;
	(void)write;
	*ret_virt = NULL;
	copy_text(error, error_size, "built without libvirt");
	return -EOPNOTSUPP;
}

void virt_close(struct virt *virt) {
	(void)virt;
}

bool virt_alive(const struct virt *virt) {
	(void)virt;
	return false;
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

int virt_follow_init(void) {
	return -EOPNOTSUPP;
}

bool virt_follow(struct virt *virt, void (*changed)(void *data), void *data) {
	(void)virt;
	(void)changed;
	(void)data;
	return false;
}

void virt_wait(int timeout_ms) {
	poll(NULL, 0, timeout_ms);
}

#else

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

struct virt {
	unsigned count;
	struct {
		virConnectPtr connection;
		char uri[128];
		int callback; /* of the lifecycle events, -1 = none */
	} item[VIRT_CONNECTIONS_MAX];
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

static bool open_one(struct virt *virt, const char *uri, bool write, char *error, size_t size) {
	virConnectPtr connection = write ? virConnectOpen(uri) : virConnectOpenReadOnly(uri);
	if (!connection) {
		last_error(error, size);
		return false;
	}
	virt->item[virt->count].connection = connection;
	virt->item[virt->count].callback = -1;
	copy_text(virt->item[virt->count].uri, sizeof virt->item[0].uri, uri);
	virt->count++;
	return true;
}

int virt_open(struct virt **ret_virt, const char *uri, bool write, char *error, size_t error_size) {
	virSetErrorFunc(NULL, swallow);
	/* Looking must not start a session daemon for a user who has none. */
	setenv("LIBVIRT_AUTOSTART", "0", 0);
	error[0] = '\0';
	struct virt *virt = must_alloc(sizeof *virt);
	const char *wanted = uri ? uri : getenv("LIBVIRT_DEFAULT_URI");
	if (wanted && wanted[0]) {
		open_one(virt, wanted, write, error, error_size);
	} else {
		open_one(virt, "qemu:///system", write, error, error_size);
		if (geteuid() != 0) {
			char other[160];
			open_one(virt, "qemu:///session", write, other, sizeof other);
		}
	}
	if (virt->count == 0) {
		free(virt);
		*ret_virt = NULL;
		return -ENOTCONN;
	}
	*ret_virt = virt;
	return 0;
}

void virt_close(struct virt *virt) {
	if (!virt) {
		return;
	}
	for (unsigned i = 0; i < virt->count; i++) {
		if (virt->item[i].callback >= 0) {
			virConnectDomainEventDeregisterAny(
					virt->item[i].connection, virt->item[i].callback);
		}
		virConnectClose(virt->item[i].connection);
	}
	free(virt);
}

bool virt_alive(const struct virt *virt) {
	for (unsigned i = 0; virt && i < virt->count; i++) {
		if (virConnectIsAlive(virt->item[i].connection) != 1) {
			return false;
		}
	}
	return virt != NULL;
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
	*list = must_grow(*list, (*count + 1) * sizeof **list);
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
		virDomainPtr *handles = NULL;
		int n = virConnectListAllDomains(virt->item[i].connection, &handles, 0);
		if (n < 0) {
			result = -ENOTCONN;
			continue;
		}
		for (int j = 0; j < n; j++) {
			add_domain(ret_list, ret_count, handles[j], virt->item[i].uri,
					with_password);
			virDomainFree(handles[j]);
		}
		free(handles);
	}
	return result;
}

static virDomainPtr find(struct virt *virt, const char *uuid, unsigned *ret_index) {
	for (unsigned i = 0; i < virt->count; i++) {
		virDomainPtr handle = virDomainLookupByUUIDString(virt->item[i].connection, uuid);
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
	handle = virDomainDefineXMLFlags(
			virt->item[index].connection, xml, VIR_DOMAIN_DEFINE_VALIDATE);
	if (!handle) {
		last_error(error, error_size);
		return -EINVAL;
	}
	virDomainFree(handle);
	return 0;
}

bool virt_network_bridge(struct virt *virt, const char *network, char *buf, size_t size) {
	for (unsigned i = 0; virt && i < virt->count; i++) {
		virNetworkPtr handle = virNetworkLookupByName(virt->item[i].connection, network);
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

int virt_follow_init(void) {
	return virEventRegisterDefaultImpl() < 0 ? -EIO : 0;
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
	for (unsigned i = 0; i < virt->count; i++) {
		virt->item[i].callback = virConnectDomainEventRegisterAny(virt->item[i].connection,
				NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
				VIR_DOMAIN_EVENT_CALLBACK(on_event), virt, NULL);
		all = all && virt->item[i].callback >= 0;
		virConnectSetKeepAlive(virt->item[i].connection, 5, 3);
	}
	return all;
}

static void on_timeout(int timer, void *data) {
	(void)timer;
	(void)data;
}

void virt_wait(int timeout_ms) {
	int timer = virEventAddTimeout(timeout_ms, on_timeout, NULL, NULL);
	if (timer < 0 || virEventRunDefaultImpl() < 0) {
		poll(NULL, 0, timeout_ms);
	}
	if (timer >= 0) {
		virEventRemoveTimeout(timer);
	}
}

#endif
