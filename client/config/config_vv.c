/* A connection file of virt-viewer into the configuration. */
#define LOG_MODULE "config"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/i18n.h"
#include "client/config/config_set.h"
#include "client/config/vv_file.h"

#include "base/log.h"

/* A file without a name, as long as the program lives: what is secret or long for those who read
 * files. "" where there is nothing. */
static int keep(const char *content, char *path, size_t size) {
	path[0] = '\0';
	if (!content[0]) {
		return 0;
	}
	const int fd = memfd_create("pierglass-vv", MFD_CLOEXEC);
	const size_t len = strlen(content);
	if (fd < 0 || write(fd, content, len) != (ssize_t)len) {
		const int error = fd < 0 ? errno : EIO;
		if (fd >= 0) {
			close(fd);
		}
		return -error;
	}
	snprintf(path, size, "/proc/self/fd/%d", fd);
	return 0;
}

static int set(struct config *config, const char *name, const char *value) {
	const struct config_place place = { .rank = CONFIG_VV };
	return value[0] ? config_set(config, option_find(name), value, &place) : 0;
}

static int apply(struct config *config, const struct vv_file *file) {
	char ca[32] = "", password[32] = "";
	int r = keep(file->ca ? file->ca : "", ca, sizeof ca);
	if (r == 0) {
		r = keep(file->password, password, sizeof password);
	}
	if (r < 0) {
		return r;
	}
	/* The memory of this machine is not that of a VM elsewhere. */
	if ((r = set(config, "spice", file->uri)) < 0 ||
			(r = set(config, "spice-ca-file", ca)) < 0 ||
			(r = set(config, "spice-password-file", password)) < 0 ||
			(r = set(config, "title", file->title)) < 0 ||
			(r = set(config, "full-screen", file->full_screen ? "yes" : "")) < 0 ||
			(r = set(config, "source", file->local ? "" : "spice")) < 0 ||
			(r = set(config, "discover", file->local ? "" : "no")) < 0) {
		return r;
	}
	snprintf(config->session.host_subject, sizeof config->session.host_subject, "%s",
			file->host_subject);
	return 0;
}

static void explain(enum vv_result result, const char *path, const char *what,
		char error[static CONFIG_ERROR_BYTES]) {
	switch (result) {
	case VV_OK:
		break;
	case VV_NO_GROUP:
		snprintf(error, CONFIG_ERROR_BYTES,
				_("%.200s: this is no connection file: it has no [virt-viewer]"),
				path);
		break;
	case VV_NOT_SPICE:
		snprintf(error, CONFIG_ERROR_BYTES,
				_("%.200s: type=%s: pierglass speaks only SPICE; give the VM a SPICE "
				  "display, or open the file with remote-viewer"),
				path, what);
		break;
	case VV_PROXY:
		snprintf(error, CONFIG_ERROR_BYTES,
				_("%.200s: the VM is behind the proxy %s, which pierglass does not "
				  "use; open the file with remote-viewer"),
				path, what);
		break;
	case VV_NO_SERVER:
		snprintf(error, CONFIG_ERROR_BYTES,
				_("%.200s: no server is named: it needs host, and port or tls-port"),
				path);
		break;
	case VV_TOO_LONG:
		snprintf(error, CONFIG_ERROR_BYTES, _("%.200s: %s is too long"), path, what);
		break;
	case VV_MEMORY:
		snprintf(error, CONFIG_ERROR_BYTES, "%.200s: %s", path, strerrordesc_np(ENOMEM));
		break;
	}
}

/* Its length, or a negative errno. */
static ssize_t read_file(const char *path, char **ret_text) {
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		return -errno;
	}
	char *text = malloc(VV_FILE_MAX_BYTES + 1);
	size_t len = 0;
	ssize_t n = text ? 1 : -1;
	while (n > 0 && len <= VV_FILE_MAX_BYTES) {
		n = read(fd, text + len, VV_FILE_MAX_BYTES + 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	const int error = !text ? ENOMEM : n < 0 ? errno : len > VV_FILE_MAX_BYTES ? EFBIG : 0;
	close(fd);
	if (error) {
		free(text);
		return -error;
	}
	*ret_text = text;
	return (ssize_t)len;
}

void config_delete_vv(const char *path) {
	if (unlink(path) < 0) {
		log_warn("%s asks to be deleted, which fails: %s", path, strerrordesc_np(errno));
	}
}

int config_load_vv(struct config *config, const char *path, char error[static CONFIG_ERROR_BYTES]) {
	struct vv_file file;
	char what[64];
	char *text = NULL;
	const ssize_t len = read_file(path, &text);
	if (len < 0 || !text) {
		snprintf(error, CONFIG_ERROR_BYTES, "%.200s: %s", path, strerrordesc_np((int)-len));
		return -EINVAL;
	}
	const enum vv_result result = vv_parse(text, (size_t)len, &file, what);
	explicit_bzero(text, (size_t)len);
	free(text);
	int r = -EINVAL;
	if (result != VV_OK) {
		explain(result, path, what, error);
	} else if ((r = apply(config, &file)) < 0) {
		snprintf(error, CONFIG_ERROR_BYTES, _("%.200s: a value does not fit (%s)"), path,
				strerrordesc_np(-r));
		r = -EINVAL;
	} else {
		r = file.delete_file;
	}
	vv_finish(&file);
	return r;
}
