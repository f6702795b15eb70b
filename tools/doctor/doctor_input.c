/* Checks of keyboards, mice and the desktop. */
#include <string.h>

#include "base/i18n.h"
#include "tools/doctor/doctor.h"
#include "tools/vm-model/text.h"

static void check_nodes(const struct facts *facts, struct report *report) {
	const struct facts_input *input = &facts->input;
	if (input->nodes == 0) {
		report_skip(report, _("no input devices in /dev/input"));
	} else if (input->readable == 0) {
		report_ok(report,
				_("input devices: none of %u may be read by %s; only --evdev needs that"),
				input->nodes, facts->me.name);
		if (!input->in_group) {
			report_remedy(report,
					_("for --evdev: choose the devices here, setup input makes a rule for "
					  "them:"));
			report_self(report, false, "setup input --list");
		}
	} else {
		report_ok(report, _("input devices: %u of %u may be read (--evdev)"),
				input->readable, input->nodes);
	}
	if (input->in_group) {
		report_warn(report,
				_("%s is in the group input: every program of yours can read every key"),
				facts->me.name);
		char word[DOCTOR_WORD_BYTES];
		report_command(report, "sudo gpasswd -d %s input",
				doctor_word(facts->me.name, word));
		report_remedy(report,
				_("and a rule for the devices that you choose (setup input --keyboard, "
				  "--mouse):"));
		report_self(report, false, "setup input --list");
	}
}

static void check_evdev(const struct facts *facts, struct report *report) {
	bool running = facts->vm.state == DOMAIN_RUNNING || facts->vm.state == DOMAIN_PAUSED;
	for (unsigned i = 0; i < facts->input.evdev_count; i++) {
		const struct facts_evdev *evdev = &facts->input.evdev[i];
		if (!evdev->present && facts->input.nodes > 0) {
			report_fail(report,
					_("the VM wants %s, which is not there: it will not start"),
					evdev->path);
			report_remedy(report, _("plug it in, or take it out of the VM:"));
			report_setup(report, "input", "--own");
			continue;
		}
		if (evdev->holder) {
			report_warn(report,
					_("QEMU (pid %d) holds %s: pierglass cannot have it too"),
					evdev->holder, evdev->path);
		} else if (running) {
			report_warn(report,
					_("the running VM has %s: pierglass cannot have it too"),
					evdev->path);
		} else {
			report_warn(report,
					_("the VM takes %s for itself when it starts: pierglass cannot have "
					  "it too, and it is lost when unplugged"),
					evdev->path);
		}
		report_setup(report, "input", "--own");
		report_remedy(report, _("then pierglass forwards it, and it may be unplugged"));
	}
	if (facts->live.grab_busy[0]) {
		const char *holder = facts->live.grab_holder;
		report_warn(report, _("%s is grabbed by another program: %s"),
				facts->live.grab_busy,
				holder[0] ? holder : _("not one of yours (root could name it)"));
		char path[DOCTOR_WORD_BYTES];
		report_command(report, "sudo fuser -v %s",
				doctor_word(facts->live.grab_busy, path));
	}
}

static void wayland_lines(const struct facts *facts, struct report *report) {
	const struct facts_live *live = &facts->live;
	const char *globals = live->wayland_globals;
	if (!globals[0]) {
		report_fail(report, _("the Wayland compositor does not answer at %s"),
				facts->desktop.wayland);
		report_remedy(report, _("start pierglass inside the desktop session"));
		return;
	}
	if (!list_has(globals, "zwp_keyboard_shortcuts_inhibit_manager_v1", ' ')) {
		report_warn(report,
				_("the compositor cannot hand over its shortcuts: Alt+Tab and the Windows "
				  "key stay with it"));
		report_remedy(report,
				_("start pierglass with --window x11, or with --evdev and one of these, "
				  "which goes past the compositor:"));
		report_self(report, false, "setup input --list");
	} else {
		report_ok(report, _("the compositor can hand over its shortcuts%s"),
				strstr(facts->desktop.name, "GNOME")
						? _(" (GNOME asks once and remembers a refusal)")
						: "");
		if (strstr(facts->desktop.name, "GNOME")) {
			report_remedy(report, _("to be asked again:"));
			report_command(report,
					"gdbus call --session --dest "
					"org.freedesktop.impl.portal.PermissionStore --object-path "
					"/org/freedesktop/impl/portal/PermissionStore --method "
					"org.freedesktop.impl.portal.PermissionStore.Delete gnome "
					"shortcuts-inhibitor");
		}
	}
	if (!list_has(globals, "zwp_pointer_constraints_v1", ' ') ||
			!list_has(globals, "zwp_relative_pointer_manager_v1", ' ')) {
		report_warn(report,
				_("the compositor cannot lock the pointer: games that turn with the mouse "
				  "will not work"));
		report_remedy(report,
				_("start pierglass with --evdev and one of these, which goes past the "
				  "compositor:"));
		report_self(report, false, "setup input --list");
	} else {
		report_ok(report, _("the compositor can lock the pointer"));
	}
}

static void x11_lines(const struct facts *facts, struct report *report) {
	const struct facts_live *live = &facts->live;
	const char *display = facts->desktop.x11;
	if (!live->x11_asked) {
		report_skip(report, _("the X server was not asked"));
	} else if (live->x11 != 0) {
		report_fail(report, _("the X server %s does not answer"), display);
		report_remedy(report, _("start pierglass inside the desktop session"));
	} else if (strncmp(live->x11_abilities, "xinput-", 7) != 0) {
		report_warn(report,
				_("X server %s without XInput 2: no raw motion, games that turn with the "
				  "mouse will not work"),
				display);
		report_remedy(report,
				_("start pierglass with --evdev and one of these, which goes past the X "
				  "server:"));
		report_self(report, false, "setup input --list");
	} else if (list_has(live->x11_abilities, "xwayland", ' ')) {
		report_warn(report,
				_("X server %s is a Wayland compositor's (Xwayland): its shortcuts stay "
				  "with it"),
				display);
		report_remedy(report, _("inside that session:"));
		report_self(report, false, "--window wayland");
	} else {
		report_ok(report, _("X server %s: keyboard grab and pointer lock (%s)"), display,
				live->x11_abilities);
	}
}

static void check_desktop(const struct facts *facts, struct report *report) {
	const struct facts_desktop *desktop = &facts->desktop;
	if (desktop->wayland[0] && facts->live.wayland_asked) {
		wayland_lines(facts, report);
	} else if (desktop->wayland[0]) {
		report_skip(report, _("the Wayland compositor was not asked"));
	} else if (desktop->x11[0]) {
		x11_lines(facts, report);
	} else {
		report_warn(report,
				_("no display in this session: only --audio-only, --screenshot and bench "
				  "work here"));
		report_remedy(report, _("run pierglass from the desktop"));
	}
}

const struct check checks_input[] = {
	{ N_("Input"), "devices", false, check_nodes },
	{ N_("Input"), "evdev", true, check_evdev },
	{ N_("Desktop"), "desktop", false, check_desktop },
	{ NULL, NULL, false, NULL },
};
