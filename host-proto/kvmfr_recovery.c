#include "host-proto/kvmfr_recovery.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "host-proto/kvmfr_wire.h"
#include "host-proto/shm.h"

int kvmfr_recovery_read(const struct shm *shm, struct kvmfr_recovery *ret_recovery) {
	struct kvmfr_recovery_wire wire;
	const uint64_t size = shm_size(shm);
	if (size < KVMFR_RECOVERY_BYTES ||
			shm_copy(shm, size - KVMFR_RECOVERY_BYTES, &wire, sizeof wire) < 0 ||
			memcmp(wire.magic, KVMFR_RECOVERY_MAGIC, sizeof wire.magic) != 0) {
		return -ENOENT;
	}
	/* The size of the structure is not recorded for this form: it is not looked at. */
	if (wire.abi_version != KVMFR_RECOVERY_VERSION) {
		return -EPROTONOSUPPORT;
	}
	*ret_recovery = (struct kvmfr_recovery){ .lgmp = wire.lgmp,
		.kvmfr = wire.kvmfr,
		.capabilities = wire.capabilities,
		.session = wire.session,
		.heartbeat = wire.heartbeat,
		.ready = wire.ready != 0 };
	memcpy(ret_recovery->uuid, wire.uuid, sizeof wire.uuid);
	utf8_printable(ret_recovery->program, sizeof ret_recovery->program, wire.program,
			strnlen(wire.program, sizeof wire.program));
	return 0;
}
