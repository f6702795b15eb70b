/*
 * Connection files of virt-viewer ("file.vv"), as oVirt, Ravada and Cockpit give them to browsers:
 * [virt-viewer] with type, host, port, tls-port, password, ca and some more. Foreign text: bounded.
 * vv_parse() is pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "host-proto/spice/wire.h"

#define VV_FILE_MAX_BYTES (256u * 1024)

struct vv_file {
	char uri[256]; /* as for --spice, without the password */
	char password[SPICE_PASSWORD_MAX_BYTES];
	char *ca;               /* heap, PEM; NULL = none */
	char host_subject[512]; /* of the certificate, instead of the host's name; "" = none */
	char title[128];
	bool full_screen;
	bool delete_file; /* it is good for one use */
	bool local;       /* the server is on this machine */
};

enum vv_result {
	VV_OK,
	VV_NO_GROUP,  /* it has no [virt-viewer] */
	VV_NOT_SPICE, /* type is another one; in what */
	VV_PROXY,     /* it is reached through a proxy; in what */
	VV_NO_SERVER, /* neither a socket nor a host with a port, or they are nonsense */
	VV_TOO_LONG,  /* a value, named by what */
	VV_MEMORY,
};

/* The text need not be terminated. what: a value or a name, for a message. vv_finish() either way.
 */
enum vv_result vv_parse(
		const char *text, size_t len, struct vv_file *ret_file, char what[static 64]);
/* Wipes the password. */
void vv_finish(struct vv_file *file);

/* "X.vv" */
bool vv_is_name(const char *word);
