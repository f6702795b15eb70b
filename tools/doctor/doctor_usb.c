/* USB devices that go to the VM whole, and what they are: a keyboard among them is lost to Linux.
 */
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "tools/doctor/doctor.h"
#include "tools/vm-model/text.h"

#define DEVICES "/sys/bus/usb/devices"

/* ---- facts ---- */

static unsigned read_id(
		const struct sysroot *root, const char *device, const char *name, int base) {
	char path[160];
	char text[16] = "";
	snprintf(path, sizeof path, DEVICES "/%.60s/%s", device, name);
	sysroot_line(root, path, text, sizeof text);
	return (unsigned)strtoul(text, NULL, base);
}

/* sysfs names a device BUS-PORT. */
static bool is_meant(const struct sysroot *root, const char *name, const struct domain_usb *usb) {
	if (usb->vendor) {
		return read_id(root, name, "idVendor", 16) == usb->vendor &&
		       read_id(root, name, "idProduct", 16) == usb->product;
	}
	if (usb->port[0]) {
		char place[32];
		snprintf(place, sizeof place, "%u-%s", usb->bus, usb->port);
		return strcmp(name, place) == 0;
	}
	return usb->device && read_id(root, name, "busnum", 10) == usb->bus &&
	       read_id(root, name, "devnum", 10) == usb->device;
}

/* One of its interfaces, NAME:1.0 and on, types: class 3 (input), 1 (as firmware wants it), 1
 * (keyboard). That stays so while a VM has the device, and Linux lists no keyboard. */
static bool types(const struct sysroot *root, const struct sysroot_names *names, const char *name) {
	const size_t len = strlen(name);
	for (size_t i = 0; i < names->count; i++) {
		const char *part = names->name[i];
		if (strncmp(part, name, len) == 0 && part[len] == ':' &&
				read_id(root, part, "bInterfaceClass", 16) == 3 &&
				read_id(root, part, "bInterfaceSubClass", 16) == 1 &&
				read_id(root, part, "bInterfaceProtocol", 16) == 1) {
			return true;
		}
	}
	return false;
}

/* Linux's own list knows the device: 1 a keyboard, 0 something else, -1 it does not. */
static int listed(const struct host_use *use, unsigned vendor, unsigned product) {
	int keyboard = -1;
	for (unsigned i = 0; i < use->input_count; i++) {
		const struct host_input *input = &use->input[i];
		if (input->vendor == vendor && input->product == product) {
			keyboard = keyboard == 1 || input->keyboard;
		}
	}
	return keyboard;
}

static void find_usb(const struct sysroot *root, const struct sysroot_names *names,
		const struct domain_usb *usb, const struct host_use *use, struct facts_usb *ret) {
	*ret = (struct facts_usb){
		.bus_known = names->count > 0, .vendor = usb->vendor, .product = usb->product
	};
	size_t found = 0;
	while (found < names->count && !is_meant(root, names->name[found], usb)) {
		found++;
	}
	const char *name = found < names->count ? names->name[found] : NULL;
	if (name) {
		ret->seen = true;
		ret->vendor = read_id(root, name, "idVendor", 16);
		ret->product = read_id(root, name, "idProduct", 16);
	}
	for (size_t i = 0; name && i < names->count; i++) {
		ret->twin = ret->twin || (i != found &&
							 read_id(root, names->name[i], "idVendor",
									 16) == ret->vendor &&
							 read_id(root, names->name[i], "idProduct",
									 16) == ret->product);
	}
	const int keyboard = ret->vendor ? listed(use, ret->vendor, ret->product) : -1;
	ret->keyboard = keyboard == 1 || (keyboard < 0 && name && types(root, names, name));
}

void facts_gather_usb(struct facts *facts, const struct host_use *use) {
	struct sysroot_names names = sysroot_list(facts->root, DEVICES);
	for (unsigned i = 0; facts->has_vm && i < facts->vm.usb_count; i++) {
		find_usb(facts->root, &names, &facts->vm.usb[i], use, &facts->usb[i]);
	}
	sysroot_names_free(&names);
}

/* ---- the check ---- */

static void describe(const struct domain_usb *usb, const struct facts_usb *is, struct text *text) {
	if (is->vendor) {
		text_add(text, "%04x:%04x", is->vendor, is->product);
	} else if (usb->port[0]) {
		text_add(text, _("at bus %u, port %s"), usb->bus, usb->port);
	} else {
		text_add(text, _("at bus %u, device %u"), usb->bus, usb->device);
	}
}

static void not_seen(const struct domain_usb *usb, const struct facts_usb *is, const char *what,
		struct report *report) {
	if (is->bus_known && !usb->vendor && usb->device && usb->needed) {
		report_fail(report,
				_("the VM wants the USB device %s, which is not plugged in: the VM does not start"),
				what);
		report_edit(report, "%s",
				_("the number of a device changes whenever it is plugged in: name it by "
				  "<vendor id='...'/><product id='...'/> (lsusb lists them)"));
	} else {
		report_skip(report,
				_("the USB device %s goes to the VM whole; it is not plugged in, so nothing says whether it is a keyboard"),
				what);
	}
}

static void check_one(const struct domain_usb *usb, const struct facts_usb *is, const char *what,
		struct report *report) {
	if (is->keyboard) {
		report_warn(report,
				_("the keyboard %s goes to the VM whole: while it runs Linux has "
				  "no key of it, and no chord gives it back"),
				what);
		report_edit(report, "%s",
				_("take its <hostdev type='usb'> out: pierglass forwards keyboards, with "
				  "a chord that gives them back"));
		report_qemu(report, _("without its -device usb-host: pierglass forwards keyboards, "
				      "with a chord that gives them back"));
	} else if (!is->seen) {
		not_seen(usb, is, what, report);
	} else if (!usb->vendor && usb->device && !is->twin) {
		report_warn(report,
				_("the VM has the USB device %s by its number (bus %u, device %u), which "
				  "changes whenever it is plugged in: the next start may take another one"),
				what, usb->bus, usb->device);
		report_edit(report, "<source><vendor id='0x%04x'/><product id='0x%04x'/></source>",
				is->vendor, is->product);
		report_qemu(report, "-device usb-host,vendorid=0x%04x,productid=0x%04x", is->vendor,
				is->product);
	} else {
		report_ok(report, _("the USB device %s goes to the VM; it is no keyboard"), what);
	}
}

static void check_usb(const struct facts *facts, struct report *report) {
	for (unsigned i = 0; i < facts->vm.usb_count; i++) {
		struct text what = { 0 };
		describe(&facts->vm.usb[i], &facts->usb[i], &what);
		check_one(&facts->vm.usb[i], &facts->usb[i], text_get(&what), report);
		text_finish(&what);
	}
}

const struct check checks_usb[] = {
	{ N_("VM"), "usb-keyboard", true, check_usb },
	{ NULL, NULL, false, NULL },
};
