#include "client/files/file_names.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "base/ascii.h"
#include "base/utf8.h"

#define FOLDER_BETWEEN " - "
/* With C:\Users\NAME\Desktop in front, below the 260 that Windows programs count on. */
#define WINDOWS_CHARACTERS_MAX 180u
/* The agent of Windows reads the name into 260 bytes (vdagent-win, file_xfer.cpp). */
#define WINDOWS_BYTES_MAX 240u
#define LONGEST           (FILE_NAME_BYTES - 32) /* room for " (2)" */

/* The hashes of the names that are taken: a set with open addressing; 0 = free. */
struct file_names {
	uint64_t *hashes;
	size_t size; /* a power of two */
	size_t used;
};

struct file_names *file_names_create(void) {
	struct file_names *names = calloc(1, sizeof *names);
	if (!names) {
		return NULL;
	}
	names->size = 256;
	names->hashes = calloc(names->size, sizeof *names->hashes);
	if (!names->hashes) {
		free(names);
		return NULL;
	}
	return names;
}

void file_names_destroy(struct file_names *names) {
	if (names) {
		free(names->hashes);
		free(names);
	}
}

/* ---- the set ---- */

/* Windows does not tell capitals from small letters. */
static uint64_t hash_of(const char *name, bool fold) {
	uint64_t hash = 14695981039346656037ull;
	for (uint32_t code; (code = utf8_next(&name)) != 0;) {
		hash = (hash ^ (fold ? (uint32_t)towlower((wint_t)code) : code)) * 1099511628211ull;
	}
	return hash ? hash : 1;
}

static size_t place_of(const struct file_names *names, uint64_t hash) {
	size_t at = hash & (names->size - 1);
	while (names->hashes[at] && names->hashes[at] != hash) {
		at = (at + 1) & (names->size - 1);
	}
	return at;
}

static int grow(struct file_names *names) {
	struct file_names larger = { .size = names->size * 2, .used = names->used };
	larger.hashes = calloc(larger.size, sizeof *larger.hashes);
	if (!larger.hashes) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < names->size; i++) {
		if (names->hashes[i]) {
			larger.hashes[place_of(&larger, names->hashes[i])] = names->hashes[i];
		}
	}
	free(names->hashes);
	*names = larger;
	return 0;
}

/* 1 = it is new, 0 = it was taken. */
static int take(struct file_names *names, uint64_t hash) {
	if (names->used * 2 >= names->size) {
		int r = grow(names);
		if (r < 0) {
			return r;
		}
	}
	size_t at = place_of(names, hash);
	if (names->hashes[at]) {
		return 0;
	}
	names->hashes[at] = hash;
	names->used++;
	return 1;
}

/* ---- what may stand in a name ---- */

static bool is_allowed(uint32_t code, bool windows) {
	if (code < 0x20 || code == 0x7f || code == UTF8_INVALID) {
		return false;
	}
	return !windows || code >= 0x80 || !strchr("<>:\"/\\|?*", (int)code);
}

/* One piece of the path, up to its slash, appended to name. Returns the new length, 0 = too long.
 */
static size_t append_piece(
		char *name, size_t used, const char *piece, const char *end, bool windows) {
	while (piece < end) {
		uint32_t code = UTF8_INVALID;
		size_t len = utf8_decode(piece, (size_t)(end - piece), &code);
		const bool keep = len > 0 && is_allowed(code, windows);
		len = len > 0 ? len : 1;
		if (used + len >= LONGEST) {
			return 0;
		}
		if (keep) {
			memcpy(name + used, piece, len);
			used += len;
		} else {
			name[used++] = '_';
		}
		piece += len;
	}
	name[used] = '\0';
	return used;
}

/* Bytes of the digit of COM1 and the like, which may stand as a superscript; 0 = none. */
static size_t port_digit(const char *at) {
	static const char *const raised[] = { "\xc2\xb9", "\xc2\xb2", "\xc2\xb3" };
	for (size_t i = 0; i < sizeof raised / sizeof raised[0]; i++) {
		if (strncmp(at, raised[i], strlen(raised[i])) == 0) {
			return strlen(raised[i]);
		}
	}
	return at[0] >= '0' && at[0] <= '9';
}

/* CON, COM1, … are devices in every folder of Windows, with any ending. */
static bool is_device(const char *name) {
	static const char *const devices[] = { "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$" };
	size_t len = strcspn(name, ".");
	while (len > 0 && name[len - 1] == ' ') {
		len--;
	}
	for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
		if (len == strlen(devices[i]) && ascii_ncasecmp(name, devices[i], len) == 0) {
			return true;
		}
	}
	const bool port =
			ascii_ncasecmp(name, "COM", 3) == 0 || ascii_ncasecmp(name, "LPT", 3) == 0;
	return port && port_digit(name + 3) > 0 && len == 3 + port_digit(name + 3);
}

/* Where the ending (".jpg") of the last piece begins; the end of the name if it has none. */
static char *ending_of(char *name) {
	char *slash = strrchr(name, '/');
	char *dot = strrchr(slash ? slash + 1 : name, '.');
	const bool is_ending = dot && dot > (slash ? slash + 1 : name) && strlen(dot) <= 16;
	return is_ending ? dot : name + strlen(name);
}

/* Cuts before the ending, by whole characters. */
static void shorten(char *name, size_t characters, size_t bytes) {
	char *ending = ending_of(name);
	char *cut = ending;
	size_t has = utf8_count(name, strlen(name)), len = strlen(name);
	while ((has > characters || len > bytes) && cut > name) {
		const size_t last = utf8_last(name, (size_t)(cut - name));
		cut -= last;
		len -= last;
		has--;
	}
	memmove(cut, ending, strlen(ending) + 1);
}

static void suit_windows(char *name) {
	if (is_device(name)) {
		memmove(name + 1, name, strlen(name) + 1);
		name[0] = '_';
	}
	shorten(name, WINDOWS_CHARACTERS_MAX, WINDOWS_BYTES_MAX);
	size_t len = strlen(name);
	if (len > 0 && (name[len - 1] == '.' || name[len - 1] == ' ')) {
		name[len - 1] = '_'; /* Windows would drop it without a word */
	}
}

static int build(const char *path, bool windows, char *name) {
	size_t used = 0;
	for (const char *at = path; *at;) {
		const char *end = at + strcspn(at, "/");
		used = append_piece(name, used, at, end, windows);
		if (used == 0) {
			return -ENAMETOOLONG;
		}
		if (*end == '/') {
			const char *between = windows ? FOLDER_BETWEEN : "/";
			if (used + strlen(between) >= LONGEST) {
				return -ENAMETOOLONG;
			}
			strcpy(name + used, between);
			used += strlen(between);
			end++;
		}
		at = end;
	}
	if (windows) {
		suit_windows(name);
	}
	return used > 0 ? 0 : -EINVAL;
}

int file_names_take(struct file_names *names, const char *path, bool windows,
		char ret_name[static FILE_NAME_BYTES]) {
	char name[FILE_NAME_BYTES] = "";
	int r = build(path, windows, name);
	if (r < 0) {
		return r;
	}
	const size_t stem = (size_t)(ending_of(name) - name);
	snprintf(ret_name, FILE_NAME_BYTES, "%s", name);
	for (unsigned number = 2; (r = take(names, hash_of(ret_name, windows))) == 0; number++) {
		snprintf(ret_name, FILE_NAME_BYTES, "%.*s (%u)%s", (int)stem, name, number,
				name + stem);
	}
	return r < 0 ? r : strcmp(ret_name, path) != 0;
}
