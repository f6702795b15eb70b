#include "host-proto/kvmfr.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "host-proto/kvmfr_wire.h"

static const struct kvmfr_version versions[] = {
	{ .lgmp = 5, .kvmfr = 19, .release = "B6" },
	{ .lgmp = 6, .kvmfr = 20, .release = "B7" },
	{ .lgmp = 12, .kvmfr = 34, .release = "2026-08", .newer_too = true },
};
#define VERSION_COUNT (sizeof versions / sizeof versions[0])

const struct kvmfr_version *kvmfr_version_at(size_t index) {
	return index < VERSION_COUNT ? &versions[index] : NULL;
}

const struct kvmfr_version *kvmfr_version_for_lgmp(unsigned lgmp) {
	for (size_t i = 0; i < VERSION_COUNT; i++) {
		if (versions[i].lgmp == lgmp) {
			return &versions[i];
		}
	}
	return NULL;
}

const struct kvmfr_version *kvmfr_version_find(unsigned lgmp, unsigned kvmfr) {
	const struct kvmfr_version *version = kvmfr_version_for_lgmp(lgmp);
	return version && (version->kvmfr == kvmfr ||
					  (version->newer_too && kvmfr > version->kvmfr))
			       ? version
			       : NULL;
}

static void read_vm(struct kvmfr_info *info, const uint8_t *data, size_t size) {
	struct kvmfr_vm_wire wire;
	if (size < sizeof wire) {
		return;
	}
	memcpy(&wire, data, sizeof wire);
	info->has_vm = true;
	memcpy(info->uuid, wire.uuid, sizeof info->uuid);
	utf8_printable(info->capture, sizeof info->capture, wire.capture, sizeof wire.capture);
	info->cpus = wire.cpus;
	info->cores = wire.cores;
	info->sockets = wire.sockets;
	utf8_printable(info->model, sizeof info->model, (const char *)data + sizeof wire,
			size - sizeof wire);
}

static void read_os(struct kvmfr_info *info, const uint8_t *data, size_t size) {
	if (size < 1) {
		return;
	}
	info->has_os = true;
	info->os = data[0];
	utf8_printable(info->os_name, sizeof info->os_name, (const char *)data + 1, size - 1);
}

int kvmfr_info_read(const uint8_t *udata, size_t size, struct kvmfr_info *ret_info) {
	struct kvmfr_header_wire header;
	if (size < sizeof header || memcmp(udata, KVMFR_MAGIC, sizeof header.magic) != 0) {
		return -EBADMSG;
	}
	memcpy(&header, udata, sizeof header);

	struct kvmfr_info info = { .version = header.version, .features = header.features };
	if (info.version < KVMFR_OFFERS) {
		info.features &= KVMFR_FEATURE_SET_CURSOR_POS; /* the others mean nothing there */
	}
	utf8_printable(info.host_version, sizeof info.host_version, header.host_version,
			sizeof header.host_version);

	size_t at = sizeof header;
	struct kvmfr_record_wire record;
	while (size - at >= sizeof record) {
		memcpy(&record, udata + at, sizeof record);
		at += sizeof record;
		if (record.size > size - at) {
			break;
		}
		if (record.type == KVMFR_RECORD_VM) {
			read_vm(&info, udata + at, record.size);
		} else if (record.type == KVMFR_RECORD_OS) {
			read_os(&info, udata + at, record.size);
		}
		at += record.size;
	}
	*ret_info = info;
	return 0;
}
