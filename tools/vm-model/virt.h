/*
 * libvirt, as far as the set-up programs need it. Built without libvirt every call says so with
 * -EOPNOTSUPP, and the programs go on with XML files and QEMU's own arguments.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/vm-model/domain.h"

#define VIRT_CONNECTIONS_MAX 2
#define VIRT_URI_BYTES       256 /* as of the option --connect (client/config/config.h) */

struct virt;

enum virt_right {
	VIRT_READ,
	VIRT_MANAGE_IF_MAY, /* or read: libvirt asks the user, once for each connection */
	VIRT_MANAGE,
};

/* uri NULL: $LIBVIRT_DEFAULT_URI, else qemu:///system and qemu:///session, whichever answers (no
 * daemon is started by this). Nothing is asked yet. NULL: built without libvirt. */
struct virt *virt_create(const char *uri, enum virt_right right);
/* Asks those that are not connected, or are no longer. Waits a few seconds for an answer (minutes
 * with VIRT_MANAGE: the user may have to type a password); one that was silent is only looked at
 * the next time. 0: at least one is connected; else a negative errno, and error has a line for
 * people. virt may be NULL. */
int virt_connect(struct virt *virt, char *error, size_t error_size);
/* Both in one. *ret_virt is NULL after an error. */
int virt_open(struct virt **ret_virt, const char *uri, enum virt_right right, char *error,
		size_t error_size);
void virt_close(struct virt *virt);

struct virt_domain {
	struct domain domain; /* the live configuration if it runs, else the stored one */
	char uri[VIRT_URI_BYTES];
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

/* Following. libvirt has one event loop in a process; virt_wait() runs it. */
struct virt_events;
struct virt_events *virt_events_create(void); /* before the first virt_create(); NULL: none */
void virt_events_destroy(struct virt_events *events);
/* changed(data) runs from virt_wait() when a domain started, stopped or was defined. Call it after
 * each virt_connect(). False: not every connection can tell. */
bool virt_follow(struct virt *virt, void (*changed)(void *data), void *data);
/* Sleeps and dispatches until *until is set or timeout_ms are over. With the timeout of the last
 * call the time since that one counts, too. events may be NULL. */
void virt_wait(struct virt_events *events, int timeout_ms, const bool *until);

bool virt_built_in(void);
