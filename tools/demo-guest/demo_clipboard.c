#include "tools/demo-guest/demo_clipboard.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned find_format(const char *name) {
	static const char *const names[] = { "", "text", "png", "bmp", "tiff", "jpeg" };
	for (unsigned format = 1; format < sizeof names / sizeof names[0]; format++) {
		if (strcmp(names[format], name) == 0) {
			return format;
		}
	}
	return 0;
}

static void on_owner(bool owned, void *data) {
	struct demo_clipboard *clipboard = data;
	clipboard->report(owned ? "ready" : "gone", 0, 0, clipboard->data);
}

/* SPICE's numbers of the types are the formats of the host. */
static void on_offered(unsigned formats, void *data) {
	struct demo_clipboard *clipboard = data;
	if (formats != 0) {
		clipboard->own_format = 0;
	}
	clipboard->report("offered", (int64_t)formats << 1, 0, clipboard->data);
}

static void answer(struct demo_clipboard *clipboard, unsigned format) {
	struct stat info;
	int fd = format == clipboard->own_format ? open(clipboard->own_path, O_RDONLY | O_CLOEXEC)
						 : -1;
	const size_t len = fd >= 0 && fstat(fd, &info) == 0 ? (size_t)info.st_size : 0;
	void *bytes = len > 0 ? mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	clipboard_host_answer(clipboard->host, format, bytes == MAP_FAILED ? NULL : bytes, len);
	clipboard->report("answered", format, (int64_t)len, clipboard->data);
	if (bytes != MAP_FAILED) {
		munmap(bytes, len);
	}
	if (fd >= 0) {
		close(fd);
	}
}

static void on_wanted(unsigned format, void *data) {
	struct demo_clipboard *clipboard = data;
	clipboard->report("asked", format, 0, clipboard->data);
	if (!clipboard->silent) {
		answer(clipboard, format);
	}
}

static void on_content(unsigned format, const uint8_t *bytes, size_t len, void *data) {
	struct demo_clipboard *clipboard = data;
	FILE *file = clipboard->paste_path[0] ? fopen(clipboard->paste_path, "wbe") : NULL;
	if (file) {
		(void)fwrite(bytes, 1, len, file);
		fclose(file);
	}
	clipboard->report("pasted", format, (int64_t)len, clipboard->data);
}

struct clipboard_host_events demo_clipboard_events(struct demo_clipboard *clipboard) {
	return (struct clipboard_host_events){ .owner = on_owner,
		.offered = on_offered,
		.wanted = on_wanted,
		.content = on_content,
		.data = clipboard };
}

bool demo_clipboard_command(
		struct demo_clipboard *clipboard, struct clipboard_host *host, const char *line) {
	char word[16];
	char path[200];
	clipboard->host = host;
	if (!host) {
		return false;
	}
	if (sscanf(line, "offer %15s %199s", word, path) == 2 && find_format(word) != 0) {
		clipboard->own_format = find_format(word);
		snprintf(clipboard->own_path, sizeof clipboard->own_path, "%s", path);
		clipboard_host_offer(host, KVMFR_CLIPBOARD_BIT(clipboard->own_format));
	} else if (sscanf(line, "paste %15s %199s", word, path) == 2 && find_format(word) != 0) {
		snprintf(clipboard->paste_path, sizeof clipboard->paste_path, "%s", path);
		if (!clipboard_host_request(host, find_format(word))) {
			clipboard->report("pasted", 0, 0, clipboard->data);
		}
	} else if (strcmp(line, "release") == 0) {
		clipboard->own_format = 0;
		clipboard_host_offer(host, 0);
	} else if (strcmp(line, "silent on") == 0 || strcmp(line, "silent off") == 0) {
		clipboard->silent = line[8] == 'n';
	} else {
		return false;
	}
	return true;
}
