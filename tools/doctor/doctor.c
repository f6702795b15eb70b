#include "tools/doctor/doctor.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/parse.h"
#include "tools/vm-model/text.h"
#include "tools/vm-model/virt.h"

#define EXIT_FAILURES 3
#define EXIT_WARNINGS 4

static void usage(FILE *out) {
	fputs(_("usage: pierglass doctor [options] [DOMAIN]\n"
		"Looks at this machine and at a VM (name, id or uuid; default: the only running one with\n"
		"a shared memory device). Each line: ok, warning or failure, what was seen, the remedy.\n"
		"Leaves with 0, with 4 for warnings, with 3 for failures. Never needs root.\n\n"
		"  --groups          the IOMMU groups and what can be passed, nothing else\n"
		"  --quiet           warnings and failures only\n"
		"  --json            one JSON object on stdout\n"
		"  --max-res WxH     the largest picture the shared memory has to hold\n"
		"  --hdr             in HDR\n"
		"  --listen SECONDS  how long to listen for network sound (default 2, 0 = not)\n"
		"  --connect URI     libvirt's URI (default: qemu:///system and qemu:///session)\n"
		"  --xml FILE        this domain XML instead of libvirt's\n"
		"  --root DIR        a tree that stands for /: its sys, proc, etc, dev\n"
		"  --help, --version\n"),
			out);
	if (!virt_built_in()) {
		fputs(_("\nThis build has no libvirt: QEMU command lines and --xml only.\n"), out);
	}
}

enum {
	OPTION_GROUPS = 256,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_MAX_RES,
	OPTION_HDR,
	OPTION_LISTEN,
	OPTION_CONNECT,
	OPTION_XML,
	OPTION_ROOT,
	OPTION_HELP,
	OPTION_VERSION
};

static bool set_number(struct doctor_options *options, int c) {
	int width;
	int height;
	int64_t seconds;
	if (c == OPTION_MAX_RES && parse_size(optarg, 16384, &width, &height)) {
		options->width = (unsigned)width;
		options->height = (unsigned)height;
		return true;
	}
	if (c == OPTION_LISTEN && parse_int(optarg, 0, 600, &seconds)) {
		options->listen_s = (unsigned)seconds;
		return true;
	}
	fprintf(stderr, _("pierglass doctor: '%s' is not %s\n"), optarg,
			c == OPTION_MAX_RES ? _("a size such as 2560x1440")
					    : _("a number of seconds (0..600)"));
	return false;
}

static bool set_text(struct doctor_options *options, int c) {
	switch (c) {
	case OPTION_CONNECT:
		options->uri = optarg;
		return true;
	case OPTION_XML:
		options->xml = optarg;
		return true;
	case OPTION_ROOT:
		options->root_dir = optarg;
		return true;
	case OPTION_GROUPS:
		options->groups = true;
		return true;
	case OPTION_JSON:
		options->json = true;
		return true;
	case OPTION_QUIET:
		options->quiet = true;
		return true;
	case OPTION_HDR:
		options->hdr = true;
		return true;
	default:
		return false;
	}
}

/* Returns -1 to go on, or the exit status. */
static int parse(struct doctor_options *options, int argc, char **argv) {
	static const struct option table[] = {
		{ "groups", no_argument, NULL, OPTION_GROUPS },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "quiet", no_argument, NULL, OPTION_QUIET },
		{ "max-res", required_argument, NULL, OPTION_MAX_RES },
		{ "hdr", no_argument, NULL, OPTION_HDR },
		{ "listen", required_argument, NULL, OPTION_LISTEN },
		{ "connect", required_argument, NULL, OPTION_CONNECT },
		{ "xml", required_argument, NULL, OPTION_XML },
		{ "root", required_argument, NULL, OPTION_ROOT },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ NULL, 0, NULL, 0 },
	};
	int c;
	options->listen_s = 2;
	while ((c = getopt_long(argc, argv, "hq", table, NULL)) != -1) { // NOLINT
		if (c == 'q') {
			c = OPTION_QUIET;
		}
		if (c == 'h' || c == OPTION_HELP) {
			usage(stdout);
			return EXIT_SUCCESS;
		}
		if (c == OPTION_VERSION) {
			puts("pierglass doctor " PG_VERSION);
			return EXIT_SUCCESS;
		}
		if (c == OPTION_MAX_RES || c == OPTION_LISTEN) {
			if (!set_number(options, c)) {
				return 2;
			}
		} else if (!set_text(options, c)) {
			usage(stderr);
			return 2;
		}
	}
	if (argc - optind > 1) {
		usage(stderr);
		return 2;
	}
	options->wanted = optind < argc ? argv[optind] : NULL;
	return -1;
}

static int examine(const struct facts *facts, const struct doctor_options *options) {
	struct report report = { 0 };
	doctor_run(facts, &report);
	if (options->json) {
		report_json(&report, stdout);
	} else {
		report_print(&report, stdout, options->quiet);
		if (!facts->is_root && !options->quiet && facts->has_process &&
				!facts->process.maps_readable) {
			puts(_("As root, doctor would also see which file QEMU maps, who owns a port, and the "
			       "firewall's rules."));
		}
	}
	int status = report_count(&report, VERDICT_FAIL)   ? EXIT_FAILURES
		     : report_count(&report, VERDICT_WARN) ? EXIT_WARNINGS
							   : EXIT_SUCCESS;
	report_finish(&report);
	return status;
}

int main(int argc, char **argv) {
	i18n_init();
	struct doctor_options options = { 0 };
	int status = parse(&options, argc, argv);
	if (status >= 0) {
		return status;
	}
	struct sysroot root;
	int r = sysroot_open(&root, options.root_dir);
	if (r < 0) {
		fprintf(stderr, "pierglass doctor: %s: %s\n", options.root_dir,
				strerrordesc_np(-r));
		return 2;
	}
	struct facts *facts = xmalloc(sizeof *facts);
	if (options.groups) {
		options.listen_s = 0;
	}
	r = facts_gather(facts, &options, &root);
	if (r < 0) {
		status = 2;
	} else if (options.groups) {
		doctor_groups(facts, stdout);
		status = EXIT_SUCCESS;
	} else {
		status = examine(facts, &options);
	}
	free(facts);
	sysroot_close(&root);
	return status;
}
