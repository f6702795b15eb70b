/*
 * libvirt, as far as the set-up programs need it. Built without libvirt every call says so with
 * -EOPNOTSUPP, and the programs go on with XML files and QEMU's own arguments.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/vm-model/domain.h"

#define VIRT_CONNECTIONS_MAX 2

struct virt;

enum virt_right {
	VIRT_READ,
	VIRT_MANAGE_IF_MAY, /* or read: libvirt asks the user, once for each connection */
	VIRT_MANAGE,
};

/* uri NULL: $LIBVIRT_DEFAULT_URI, else qemu:///system and qemu:///session, whichever answers (no
 * daemon is started by this). error gets a line for people. Returns 0 or a negative errno. */
int virt_open(struct virt **ret_virt, const char *uri, enum virt_right right, char *error,
		size_t error_size);
void virt_close(struct virt *virt);
/* False when a connection broke: close and open again. */
bool virt_alive(const struct virt *virt);
/* Asks those that did not answer. */
void virt_open_missing(struct virt *virt);

struct virt_domain {
	struct domain domain; /* the live configuration if it runs, else the stored one */
	char uri[128];
	char *xml; /* as given by libvirt; heap */
	bool persistent;
};

/* All domains of all connections, in libvirt's order. with_password asks for secrets, where the
 * connection may manage. */
int virt_list(struct virt *virt, bool with_password, struct virt_domain **ret_list,
		unsigned *ret_count);
void virt_list_free(struct virt_domain *list, unsigned count);

/* The stored configuration (what the next start uses), heap; NULL if there is none. */
char *virt_stored_xml(struct virt *virt, const char *uuid, bool with_secrets);
/* Defines it on the connection that has this uuid (the first connection if none has). */
int virt_define(struct virt *virt, const char *uuid, const char *xml, char *error,
		size_t error_size);

/* "virbr0" of network "default". */
bool virt_network_bridge(struct virt *virt, const char *network, char *buf, size_t size);

/* Following: changed(data) runs from virt_wait() when a domain started, stopped or was defined.
 * Call it again after virt_open_missing(). False: not every connection can tell. */
int virt_follow_init(void); /* before the first virt_open() */
bool virt_follow(struct virt *virt, void (*changed)(void *data), void *data);
/* Waits for at most timeout_ms and dispatches. */
void virt_wait(int timeout_ms);

bool virt_built_in(void);
