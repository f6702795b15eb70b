/*
 * A copied machine for --root, made of the lines of tests/data/setup/NAME.tree
 * (tests/support/fixture says what they mean) and unpacked into a folder. Lines that make no sense
 * are passed over, and nothing is written outside of that folder.
 */
#pragma once

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/vm-model/text.h"

#define TREE_PATH  600u
#define TREE_DEPTH 8u

struct tree {
	char folder[64];
	const char *data; /* the folder of the fixtures */
	char *xml;        /* of the VM; NULL = none */
	char *facts;
	char *command; /* what a program that is asked prints; NULL = it is not there */
	char run[64];  /* the words of the last "run" */
};

/* A name below the folder, whose parents are made. */
static inline bool tree_path(const struct tree *tree, const char *name, char path[TREE_PATH]) {
	const int n = snprintf(path, TREE_PATH, "%s%s", tree->folder, name);
	if (name[0] != '/' || strstr(name, "..") || n < 0 || n >= (int)TREE_PATH) {
		return false;
	}
	for (char *c = path + strlen(tree->folder) + 1; *c; c++) {
		if (*c == '/') {
			*c = '\0';
			(void)mkdir(path, 0755);
			*c = '/';
		}
	}
	return true;
}

static inline char *tree_unescape(const char *text) {
	char *plain = xstrdup(text);
	char *to = plain;
	for (const char *from = text; *from; from++) {
		*to = *from;
		if (from[0] == '\\' && from[1] == 'n') {
			*to = '\n';
			from++;
		}
		to++;
	}
	*to = '\0';
	return plain;
}

static inline void tree_put(const struct tree *tree, const char *name, const char *text) {
	char path[TREE_PATH];
	FILE *file = tree_path(tree, name, path) ? fopen(path, "we") : NULL;
	char *plain = tree_unescape(text);
	if (file) {
		/* Command lines of processes have NULs where the fixture has "\0". */
		for (const char *c = plain; *c; c++) {
			const bool nul = c[0] == '\\' && c[1] == '0';
			fputc(nul ? '\0' : *c, file);
			c += nul;
		}
		if (text[0] && !strstr(text, "\\0")) {
			fputc('\n', file);
		}
		fclose(file);
	}
	free(plain);
}

static inline void tree_link(const struct tree *tree, const char *name, const char *target) {
	char path[TREE_PATH];
	/* Where it leads has to be in the folder, too. */
	if (target[0] && target[0] != '/' && tree_path(tree, name, path)) {
		(void)unlink(path);
		(void)!symlink(target, path);
	}
}

static inline void tree_pci(const struct tree *tree, const char *line) {
	char address[32], vendor[8], device[8], class[16], group[16], driver[32], boot[8] = "";
	char name[128], to[128];
	if (sscanf(line, "%31s %7[^:]:%7s %15s %15s %31s %7s", address, vendor, device, class,
			    group, driver, boot) < 6) {
		return;
	}
	const char *const entries[][2] = { { "vendor", vendor }, { "device", device },
		{ "class", class } };
	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "/sys/bus/pci/devices/%s/%s", address, entries[i][0]);
		snprintf(to, sizeof to, "0x%s", entries[i][1]);
		tree_put(tree, name, to);
	}
	if (boot[0]) {
		snprintf(name, sizeof name, "/sys/bus/pci/devices/%s/boot_vga", address);
		tree_put(tree, name, "1");
	}
	snprintf(name, sizeof name, "/sys/bus/pci/devices/%s/iommu_group", address);
	snprintf(to, sizeof to, "../../../../kernel/iommu_groups/%s", group);
	tree_link(tree, name, to);
	snprintf(name, sizeof name, "/sys/kernel/iommu_groups/%s/devices/%s", group, address);
	snprintf(to, sizeof to, "../../../../bus/pci/devices/%s", address);
	tree_link(tree, name, to);
	snprintf(name, sizeof name, "/sys/bus/pci/devices/%s/driver", address);
	snprintf(to, sizeof to, "../../../../bus/pci/drivers/%s", driver);
	tree_link(tree, name, to);
}

static inline char *tree_file(const struct tree *tree, const char *name, const char *ending) {
	char path[TREE_PATH];
	struct text text = { 0 };
	char bytes[4096];
	size_t n;
	if (strchr(name, '/') || snprintf(path, sizeof path, "%s/%s%s", tree->data, name, ending) >=
						 (int)sizeof path) {
		return NULL;
	}
	FILE *file = fopen(path, "re");
	while (file && (n = fread(bytes, 1, sizeof bytes, file)) > 0) {
		text_add_bytes(&text, bytes, n);
	}
	if (file) {
		fclose(file);
	}
	return file ? text_take(&text) : NULL;
}

/* The newest fact of a kind and name counts: it comes first. */
static inline void tree_fact(struct tree *tree, const char *line) {
	char *all = xasprintf("%s\n%s", line, tree->facts);
	free(tree->facts);
	tree->facts = all;
}

static inline void tree_replace(struct tree *tree, const char *rest) {
	char *plain = tree_unescape(rest);
	char *arrow = strstr(plain, " ==> ");
	if (arrow && tree->xml) {
		*arrow = '\0';
		const char *at = strstr(tree->xml, plain);
		if (at) {
			char *all = xasprintf("%.*s%s%s", (int)(at - tree->xml), tree->xml,
					arrow + 5, at + strlen(plain));
			free(tree->xml);
			tree->xml = all;
		}
	}
	free(plain);
}

static inline void tree_unpack(struct tree *tree, char *lines, unsigned depth);

static inline void tree_line(struct tree *tree, const char *line, unsigned depth) {
	char name[300] = "";
	char path[TREE_PATH];
	const char *rest = strchr(line, ' ');
	rest = rest ? rest + 1 : "";
	const char *text = strchr(rest, ' ');
	snprintf(name, sizeof name, "%.*s", (int)(text ? (size_t)(text - rest) : strlen(rest)),
			rest);
	text = text ? text + 1 : "";
	if (strncmp(line, "include ", 8) == 0 && depth < TREE_DEPTH) {
		char *included = tree_file(tree, name, ".tree");
		if (included) {
			tree_unpack(tree, included, depth + 1);
		}
		free(included);
	} else if (strncmp(line, "f ", 2) == 0) {
		tree_put(tree, name, text);
	} else if (strncmp(line, "l ", 2) == 0) {
		tree_link(tree, name, text);
	} else if (strncmp(line, "d ", 2) == 0) {
		(void)(tree_path(tree, name, path) && mkdir(path, 0755) == 0);
	} else if (strncmp(line, "p ", 2) == 0) { /* a pipe, which no fixture has */
		(void)(tree_path(tree, name, path) && mkfifo(path, 0600) == 0);
	} else if (strncmp(line, "drop ", 5) == 0) {
		(void)(tree_path(tree, name, path) && unlink(path) == 0);
	} else if (strncmp(line, "pci ", 4) == 0) {
		tree_pci(tree, rest);
	} else if (strncmp(line, "fact ", 5) == 0) {
		tree_fact(tree, rest);
	} else if (strncmp(line, "xml", 3) == 0) {
		free(tree->xml);
		tree->xml = name[0] == '<' ? tree_unescape(rest) : tree_file(tree, name, "");
	} else if (strncmp(line, "sub ", 4) == 0) {
		tree_replace(tree, rest);
	} else if (strncmp(line, "command ", 8) == 0) {
		free(tree->command);
		tree->command = tree_unescape(rest);
	} else if (strncmp(line, "run ", 4) == 0) {
		snprintf(tree->run, sizeof tree->run, "%s", rest);
	}
}

/* Changes lines. */
static inline void tree_unpack(struct tree *tree, char *lines, unsigned depth) {
	for (char *line = lines, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next) {
			*next++ = '\0';
		}
		tree_line(tree, line, depth);
	}
	if (depth == 0) {
		/* What stands there is no fixture's line any more. */
		char path[TREE_PATH];
		FILE *file = tree_path(tree, "/pierglass.facts", path) ? fopen(path, "we") : NULL;
		if (file) {
			fputs(tree->facts, file);
			fclose(file);
		}
	}
}

static inline int tree_remove_one(
		const char *path, const struct stat *st, int type, struct FTW *ftw) {
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

/* data: tests/data/setup. */
static inline void tree_start(struct tree *tree, const char *data) {
	/* In memory where there is such a folder: a run makes a hundred files. */
	const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	*tree = (struct tree){ .data = data };
	snprintf(tree->folder, sizeof tree->folder, "%s/pierglass-tree-XXXXXX", where);
	tree->facts = xstrdup("");
	if (!mkdtemp(tree->folder)) {
		abort();
	}
}

static inline void tree_finish(struct tree *tree) {
	(void)nftw(tree->folder, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(tree->xml);
	free(tree->facts);
	free(tree->command);
}
