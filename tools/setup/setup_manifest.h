/*
 * The lines of an applied plan's manifest (setup_store.h), read. Pure. A line that is cut, has a
 * number out of range or a path that is not absolute and plain is refused: taking back runs as
 * root.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "tools/vm-model/virt.h"

enum manifest_kind {
	MANIFEST_NONE,   /* not a line of a manifest */
	MANIFEST_FILE,   /* n, existed, mode, uid, gid, path */
	MANIFEST_DOMAIN, /* n, uuid, uri */
	MANIFEST_DIR,    /* path */
	MANIFEST_ROOT,   /* n */
	MANIFEST_OTHER,  /* says nothing that is to be done */
};

struct manifest_line {
	enum manifest_kind kind;
	unsigned n;
	bool existed;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	char *path; /* heap */
	char uuid[64], uri[VIRT_URI_BYTES];
};

/* One line without its newline. */
void manifest_read(const char *text, struct manifest_line *ret_line);
void manifest_finish(struct manifest_line *line);
