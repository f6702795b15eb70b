#include "host-proto/spice/address.h"

#include <errno.h>
#include <string.h>

#include "base/ascii.h"
#include "base/parse.h"

static bool copy(char *to, size_t size, const char *from, size_t len) {
	if (len == 0 || len >= size) {
		return false;
	}
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

static const char *skip_scheme(const char *text, const char *scheme) {
	size_t len = strlen(scheme);
	return ascii_ncasecmp(text, scheme, len) == 0 ? text + len : NULL;
}

static bool read_port(const char *text, size_t len, uint16_t *ret_port) {
	char digits[8];
	int64_t port;
	if (!copy(digits, sizeof digits, text, len) || !parse_int(digits, 1, 65535, &port)) {
		return false;
	}
	*ret_port = (uint16_t)port;
	return true;
}

static int hex(char c) {
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;
	if (!at) {
		return -1;
	}
	int value = (int)(at - digits);
	return value < 16 ? value : value - 6;
}

/* "%41" is "A". */
static bool read_password(const char *text, size_t len, struct spice_address *address) {
	size_t out = 0;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (c == '%') {
			int high = i + 2 < len ? hex(text[i + 1]) : -1;
			int low = high < 0 ? -1 : hex(text[i + 2]);
			if (low < 0) {
				return false;
			}
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0' || out + 1 >= sizeof address->password) {
			return false;
		}
		address->password[out++] = c;
	}
	address->password[out] = '\0';
	return true;
}

/* "port=5900&tls-port=5901". */
static bool read_query(const char *query, struct spice_address *address) {
	for (const char *at = query; *at;) {
		size_t len = strcspn(at, "&;");
		const char *value = memchr(at, '=', len);
		size_t name_len = value ? (size_t)(value - at) : len;
		size_t value_len = value ? len - name_len - 1 : 0;
		bool good = true;
		if (value && name_len == 4 && ascii_ncasecmp(at, "port", 4) == 0) {
			good = read_port(value + 1, value_len, &address->port);
		} else if (value && name_len == 8 && ascii_ncasecmp(at, "tls-port", 8) == 0) {
			good = read_port(value + 1, value_len, &address->tls_port);
		} else if (value && name_len == 8 && ascii_ncasecmp(at, "password", 8) == 0) {
			good = read_password(value + 1, value_len, address);
		}
		if (!good) {
			return false;
		}
		at += len + (at[len] != '\0');
	}
	return true;
}

/* HOST, HOST:PORT, [V6], [V6]:PORT. */
static bool read_authority(const char *text, size_t len, struct spice_address *address) {
	const char *host = text;
	const char *after = memchr(text, ':', len);
	size_t host_len = after ? (size_t)(after - text) : len;
	if (len > 0 && text[0] == '[') {
		after = memchr(text, ']', len);
		if (!after) {
			return false;
		}
		host = text + 1;
		host_len = (size_t)(after - host);
		after++;
	} else if (!after) {
		after = text + len;
	}
	size_t rest = (size_t)(text + len - after);
	if (rest > 0 && (after[0] != ':' || !read_port(after + 1, rest - 1, &address->port))) {
		return false; /* also an IPv6 address without brackets */
	}
	return !memchr(host, '/', host_len) &&
	       copy(address->host, sizeof address->host, host, host_len);
}

static int read_tcp(const char *text, bool is_uri, struct spice_address *address) {
	size_t len = is_uri ? strcspn(text, "/?") : strlen(text);
	if (!read_authority(text, len, address)) {
		return -EINVAL;
	}
	const char *rest = text + len;
	rest += *rest == '/';
	if (*rest != '\0' && (*rest != '?' || !read_query(rest + 1, address))) {
		return -EINVAL;
	}
	if (address->tls && address->tls_port) {
		address->port = address->tls_port;
	} else if (address->port == 0) {
		address->port = address->tls_port;
		address->tls = true;
	}
	if (address->tls) {
		address->tls_port = 0;
	}
	return address->port ? 0 : -EINVAL;
}

static int read_unix(const char *path, bool is_uri, struct spice_address *address) {
	size_t len = is_uri ? strcspn(path, "?") : strlen(path);
	address->kind = SPICE_ADDRESS_UNIX;
	if (path[len] == '?' && !read_query(path + len + 1, address)) {
		return -EINVAL;
	}
	address->port = address->tls_port = 0;
	return copy(address->path, sizeof address->path, path, len) ? 0 : -EINVAL;
}

int spice_address_parse(const char *text, struct spice_address *ret_address) {
	struct spice_address address = { .kind = SPICE_ADDRESS_TCP };
	const char *rest;
	int r;
	if (text[0] == '\0' || ascii_casecmp(text, "off") == 0) {
		address.kind = SPICE_ADDRESS_OFF;
		r = 0;
	} else if (text[0] == '/') {
		r = read_unix(text, false, &address);
	} else if ((rest = skip_scheme(text, "spice+unix://")) != NULL) {
		r = read_unix(rest, true, &address);
	} else if ((rest = skip_scheme(text, "unix:")) != NULL) {
		/* unix:///PATH is the path, as other programs mean it. */
		r = read_unix(strncmp(rest, "///", 3) == 0 ? rest + 2 : rest, false, &address);
	} else if ((rest = skip_scheme(text, "spice+tls://")) != NULL) {
		address.tls = true;
		r = read_tcp(rest, true, &address);
	} else if ((rest = skip_scheme(text, "spice://")) != NULL) {
		r = read_tcp(rest, true, &address);
	} else {
		r = read_tcp(text, false, &address);
	}
	if (r == 0) {
		*ret_address = address;
	}
	return r;
}

bool spice_address_is_local(const struct spice_address *address) {
	return address->kind == SPICE_ADDRESS_UNIX || strcmp(address->host, "localhost") == 0 ||
	       strncmp(address->host, "127.", 4) == 0 || strcmp(address->host, "::1") == 0;
}
