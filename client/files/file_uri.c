#include "client/files/file_uri.h"

#include <string.h>

#include "base/ascii.h"

/* A text that grows in a fixed place. */
struct out {
	char *text;
	size_t size, len;
	bool bad; /* it does not fit, or it is nonsense */
};

static void put(struct out *out, char c) {
	if (out->len + 1 >= out->size || c == '\0') {
		out->bad = true;
		return;
	}
	out->text[out->len++] = c;
	out->text[out->len] = '\0';
}

static void put_text(struct out *out, const char *text) {
	for (; *text; text++) {
		put(out, *text);
	}
}

static int hex(char c) {
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	const char lower = (char)(c | 0x20);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The byte that "%20" at the beginning of the text stands for; -1 = none. */
static int escaped(const char *text, size_t len) {
	const int high = len > 2 ? hex(text[1]) : -1;
	const int low = len > 2 ? hex(text[2]) : -1;
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static void put_decoded(struct out *out, const char *text, size_t len, bool lower) {
	for (size_t i = 0; i < len; i++) {
		int byte = (unsigned char)text[i];
		if (byte == '%') {
			byte = escaped(text + i, len - i);
			i += 2;
		}
		if (byte < 0) {
			out->bad = true;
			return;
		}
		put(out, (char)(unsigned char)(lower ? ascii_lower(byte) : byte));
	}
}

bool file_uri_is(const char *text) {
	return text[0] != '/' && strstr(text, "://") != NULL;
}

/* ",port=22,user=me": what stands around the host, in the order of GVfs. */
static void put_rest(struct out *out, const char *user, size_t user_len, const char *port,
		size_t port_len) {
	if (port_len > 0) {
		put_text(out, ",port=");
		put_decoded(out, port, port_len, false);
	}
	if (user_len > 0) {
		put_text(out, ",user=");
		put_decoded(out, user, user_len, false);
	}
}

bool file_uri_to_gvfs(const char *uri, const char *folder, char *ret_path, size_t size) {
	struct out out = { .text = ret_path, .size = size };
	const bool smb = ascii_ncasecmp(uri, "smb://", 6) == 0;
	const bool sftp = ascii_ncasecmp(uri, "sftp://", 7) == 0;
	if ((!smb && !sftp) || size == 0) {
		return false;
	}
	const char *host = uri + (smb ? 6 : 7);
	const char *path = host + strcspn(host, "/");
	const char *user = host;
	const char *at = memchr(host, '@', (size_t)(path - host));
	size_t user_len = 0;
	if (at) {
		user_len = (size_t)(at - user);
		host = at + 1;
	}
	const char *colon = memchr(host, ':', (size_t)(path - host));
	const char *port = colon ? colon + 1 : path;
	const size_t host_len = (size_t)((colon ? colon : path) - host);
	put_text(&out, folder);
	put_text(&out, smb ? "/smb-share:" : "/sftp:host=");
	if (smb) {
		/* The share is the first folder of the path. */
		const char *share = path + (*path == '/');
		path = share + strcspn(share, "/");
		out.bad = out.bad || path == share || colon;
		put_text(&out, "server=");
		put_decoded(&out, host, host_len, true);
		put_text(&out, ",share=");
		put_decoded(&out, share, (size_t)(path - share), true);
		put_rest(&out, user, user_len, "", 0);
	} else {
		put_decoded(&out, host, host_len, false);
		put_rest(&out, user, user_len, port, (size_t)((colon ? path : port) - port));
	}
	put_decoded(&out, path, strlen(path), false);
	return !out.bad && host_len > 0;
}
