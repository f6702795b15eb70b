/*
 * Applies what discovery found (discovery.h), for every way to run that may name a VM: changes the
 * configuration where the user's options leave it open, and tells the running parts. On one thread,
 * which then owns the configuration.
 */
#pragma once

#include <stdbool.h>

#include "client/vm/discovery.h"

struct audio;
struct config;
struct loop;
struct guest_link;
struct guest_link_status;
struct video;

struct vm_apply {
	/* Who is told; each may be NULL. */
	struct video *video;
	struct guest_link *session;
	struct audio *audio;

	struct discovery_info last; /* without its password */
	bool needs_password;        /* the SPICE server waits for one */
	bool password_asked;        /* libvirt was asked, since the last connection */
};

/* Asks what VMs there are, on the loop's thread, unless the options or the embedded guest leave
 * nothing to ask. What went wrong is logged: it is no reason not to play. */
void vm_apply_start(struct discovery **ret_discovery, struct loop *loop,
		const struct config *config, discovery_fn fn, void *data);

/* A block. Does nothing unless it says FOUND. */
void vm_apply_info(struct vm_apply *vm_apply, struct config *config,
		const struct discovery_info *info);

/* The session's state changed: where the server wants a password, libvirt may know it. discovery
 * may be NULL. */
void vm_apply_session(struct vm_apply *vm_apply, const struct guest_link_status *status,
		struct discovery *discovery);
