/*
 * A libvirt that answers anything: how many VMs there are, their configurations and states, names
 * of bridges, words of errors, and which calls fail. Its functions are ours here.
 *
 * Covers: tools/vm-model/virt.c tools/vm-model/virt_opening.c tools/vm-model/info_block.c
 */
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "base/clock.h"
#include "tests/fuzz/answers.h"
#include "tests/fuzz/input.h"
#include "tools/vm-model/info_block.h"
#include "tools/vm-model/virt.h"
#include "tools/vm-model/virt_opening.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct fuzz_input input;
static atomic_uint connections; /* handed out, as those */
static unsigned domains, networks;
static atomic_uint answered; /* connections asked for, with their error */
static virError error;
static bool late; /* the connection is opened when it may be */
static sem_t may_answer;
static char message[300];

#define VM                                                                                          \
	"<domain type='kvm'><name>win</name><uuid>a-b</uuid><devices>"                              \
	"<shmem name='looking-glass'><model type='ivshmem-plain'/><size unit='M'>64</size></shmem>" \
	"<graphics type='spice' port='5900' passwd='s' listen='127.0.0.1'/>"                        \
	"<interface type='network'><source network='default' bridge='virbr0'/>"                     \
	"<mac address='52:54:00:00:00:01'/></interface></devices></domain>"

static const char *const configurations[] = {
	VM,
	"<domain id='3'><name>x</name><devices><graphics type='spice'/></devices></domain>",
	"<domain/>",
};

static char *text(void) {
	size_t len;
	const unsigned which = fuzz_u8(&input);
	if (which < 3) {
		return strdup(configurations[which]);
	}
	return which < 16 ? NULL : fuzz_bytes(&input, which, &len);
}

/* ---- libvirt's ---- */

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name,bugprone-sizeof-expression)

void virSetErrorFunc(void *data, virErrorFunc handler) {
	(void)data;
	(void)handler;
}

int virEventRegisterDefaultImpl(void) {
	return fuzz_u8(&input) == 1 ? -1 : 0;
}

virErrorPtr virGetLastError(void) {
	const unsigned which = fuzz_u8(&input);
	char *words = which > 1 ? text() : NULL;
	snprintf(message, sizeof message, "%s", words ? words : "");
	free(words);
	error.message = which > 1 ? message : NULL;
	answered++;
	return which > 0 ? &error : NULL;
}

static virConnectPtr open_one(void) {
	if (late) { /* on a thread of its own: the input is another's */
		sem_wait(&may_answer);
	} else if (fuzz_u8(&input) % 4 == 3) {
		return NULL; /* and says why */
	}
	connections++;
	answered++;
	return malloc(1);
}

virConnectPtr virConnectOpen(const char *uri) {
	(void)uri;
	return open_one();
}

virConnectPtr virConnectOpenReadOnly(const char *uri) {
	(void)uri;
	return open_one();
}

int virConnectClose(virConnectPtr connection) {
	connections--;
	free(connection);
	return late ? 0 : (int)fuzz_u8(&input) - 1;
}

int virConnectSetKeepAlive(virConnectPtr connection, int seconds, unsigned count) {
	(void)connection;
	(void)seconds;
	(void)count;
	return (int)fuzz_u8(&input) - 1;
}

int virConnectIsAlive(virConnectPtr connection) {
	(void)connection;
	return (int)(fuzz_u8(&input) % 3) - 1;
}

static void *one(unsigned *count) {
	(*count)++;
	return malloc(1);
}

int virConnectListAllDomains(virConnectPtr connection, virDomainPtr **list, unsigned flags) {
	(void)connection;
	(void)flags;
	const int count = (int)(fuzz_u8(&input) % 10) - 1;
	if (count < 0) {
		return count;
	}
	*list = calloc((size_t)count + 1, sizeof **list);
	for (int i = 0; *list && i < count; i++) {
		(*list)[i] = one(&domains);
	}
	return count;
}

int virDomainFree(virDomainPtr domain) {
	domains--;
	free(domain);
	return 0;
}

int virDomainGetState(virDomainPtr domain, int *state, int *reason, unsigned flags) {
	(void)domain;
	(void)flags;
	*state = (int)fuzz_u32(&input);
	*reason = (int)fuzz_u32(&input);
	return *reason % 4 - 1;
}

char *virDomainGetXMLDesc(virDomainPtr domain, unsigned flags) {
	(void)domain;
	(void)flags;
	return text();
}

int virDomainIsPersistent(virDomainPtr domain) {
	(void)domain;
	return (int)(fuzz_u8(&input) % 3) - 1;
}

virDomainPtr virDomainLookupByUUIDString(virConnectPtr connection, const char *uuid) {
	(void)connection;
	(void)uuid;
	return fuzz_u8(&input) % 2 ? one(&domains) : NULL;
}

virDomainPtr virDomainDefineXMLFlags(virConnectPtr connection, const char *xml, unsigned flags) {
	(void)connection;
	(void)xml;
	(void)flags;
	return fuzz_u8(&input) % 2 ? one(&domains) : NULL;
}

virNetworkPtr virNetworkLookupByName(virConnectPtr connection, const char *name) {
	(void)connection;
	(void)name;
	return fuzz_u8(&input) % 4 ? one(&networks) : NULL;
}

char *virNetworkGetBridgeName(virNetworkPtr network) {
	(void)network;
	return text();
}

int virNetworkFree(virNetworkPtr network) {
	networks--;
	free(network);
	return 0;
}

int virConnectDomainEventRegisterAny(virConnectPtr connection, virDomainPtr domain, int event,
		virConnectDomainEventGenericCallback callback, void *data,
		virFreeCallback release) {
	(void)domain;
	(void)event;
	(void)release;
	if (fuzz_u8(&input) % 2) {
		const int what = (int)fuzz_u32(&input);
		((virConnectDomainEventCallback)(void (*)(void))callback)(
				connection, NULL, what, -what, data);
	}
	return (int)(fuzz_u8(&input) % 4) - 1;
}

int virConnectDomainEventDeregisterAny(virConnectPtr connection, int callback) {
	(void)connection;
	expect(callback >= 0);
	return (int)fuzz_u8(&input) - 1;
}

// NOLINTEND(readability-inconsistent-declaration-parameter-name,bugprone-sizeof-expression)

/* ---- the asker ---- */

static void note(void *data) {
	(*(unsigned *)data)++;
}

/* Lines of "key=value", one empty one at the end, nothing in them that ends a line or steers. */
static void check_block(const char *block) {
	const size_t len = strlen(block);
	expect(len > 2 && strcmp(block + len - 2, "\n\n") == 0);
	for (const char *line = block; line < block + len - 1; line = strchr(line, '\n') + 1) {
		const size_t width = strcspn(line, "\n");
		expect(width > 1 && memchr(line, '=', width) && line[0] != '=');
	}
	for (size_t i = 0; i < len; i++) {
		expect((unsigned char)block[i] >= ' ' || block[i] == '\n');
		expect(block[i] != 0x7f);
	}
}

/* A libvirt that answers when nobody waits for it any more, or before anybody looks: either way the
 * connection is closed. */
static void come_late(bool answers_first) {
	virConnectPtr connection;
	bool manages;
	char words[160];
	const unsigned before = answered;
	const unsigned open = connections;
	late = !answers_first;
	sem_init(&may_answer, 0, 0);
	struct opening *opening = opening_start("test:///late", VIRT_READ);
	expect(opening != NULL);
	while (answers_first && answered == before) {
		clock_sleep_ns(NS_PER_MS / 10);
	}
	if (!answers_first) {
		expect(opening_take(opening, 1, &connection, &manages, words, sizeof words) ==
				-EAGAIN);
	}
	opening_abandon(opening);
	opening_abandon(NULL);
	sem_post(&may_answer);
	while (answered == before || connections > open) { /* its thread reads the input */
		clock_sleep_ns(NS_PER_MS / 10);
	}
	late = false;
}

static void tell(struct virt *virt, const char *problem, bool password) {
	struct vm_candidate all[32];
	struct virt_domain *list;
	unsigned count;
	(void)virt_list(virt, password, &list, &count);
	const unsigned shown = count < 32 ? count : 32;
	for (unsigned i = 0; i < shown; i++) {
		all[i] = (struct vm_candidate){
			.domain = &list[i].domain, .source = VM_SOURCE_LIBVIRT, .uri = list[i].uri
		};
		expect(strlen(list[i].uri) > 0 && strlen(list[i].xml) > 0);
		(void)virt_network_bridge(virt, "default", all[i].bridge, sizeof all[i].bridge);
	}
	struct text block = { 0 };
	vm_block(&block, all, shown, fuzz_u8(&input) % 2 ? "win" : NULL, password, problem, NULL);
	check_block(text_get(&block));
	text_finish(&block);
	virt_list_free(list, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
	input = (struct fuzz_input){ .at = bytes, .left = len };
	char problem[160];
	unsigned changes = 0;
	const uint8_t what = fuzz_u8(&input);
	if (what & 64) {
		come_late(what & 128);
	}
	struct virt *virt = virt_create(what & 1 ? "test:///x" : NULL, what % 3);
	int r = virt_connect(virt, problem, sizeof problem);
	expect(r == 0 ? !problem[0] : strlen(problem) < sizeof problem);
	(void)virt_follow(virt, note, &changes);
	tell(virt, problem, what & 8);
	if (virt_connect(virt, problem, sizeof problem) == 0) {
		free(virt_stored_xml(virt, "a-b", what & 16));
		r = virt_define(virt, "a-b", "<domain/>", problem, sizeof problem);
		expect(r == 0 || r == -EINVAL);
		(void)virt_follow(virt, note, &changes);
		tell(virt, problem, what & 32);
	}
	virt_close(virt);
	expect(connections == 0 && domains == 0 && networks == 0);
	return 0;
}
