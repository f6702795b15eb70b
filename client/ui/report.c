#include "client/ui/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <SDL.h>

#include "base/log.h"
#include "client/config/config.h"
#include "client/config/options.h"
#include "client/ui/app_status.h"
#include "client/ui/stats.h"

static const char *environment(const char *name) {
	const char *value = getenv(name); // NOLINT(concurrency-mt-unsafe): nothing sets any
	return value && value[0] ? value : "?";
}

/* "Debian GNU/Linux 12 (bookworm)" */
static void put_system(FILE *out) {
	char line[256];
	struct utsname kernel;
	FILE *file = fopen("/etc/os-release", "re");
	while (file && fgets(line, sizeof line, file)) {
		char name[128];
		if (sscanf(line, "PRETTY_NAME=\"%127[^\"]", name) == 1) {
			fprintf(out, "system: %s\n", name);
		}
	}
	if (file) {
		fclose(file);
	}
	if (uname(&kernel) == 0) {
		fprintf(out, "kernel: %s %s\n", kernel.release, kernel.machine);
	}
}

static void put_desktop(FILE *out, const struct app_status *s, const char *window) {
	SDL_version sdl;
	SDL_GetVersion(&sdl);
	fprintf(out, "desktop: %s (%s), window: %s, SDL %d.%d.%d, scale %.2f\n",
			environment("XDG_CURRENT_DESKTOP"), environment("XDG_SESSION_TYPE"), window,
			sdl.major, sdl.minor, sdl.patch, s->text_scale);
	fprintf(out, "language: %s\n", environment("LANG"));
	fprintf(out, "GPU: %s; shown as %s, upload %s, poll %s\n", s->video_stats.renderer,
			s->video_stats.window, s->video_stats.upload, s->video_stats.poll);
}

static void put_guest(FILE *out, const struct app_status *s) {
	const struct video_host *host = &s->video.host;
	fprintf(out, "host: %s, %s, KVMFR %u, LGMP %u, %ux%u\n",
			host->version[0] ? host->version : "none", host->capture, host->kvmfr,
			host->lgmp, s->video.width, s->video.height);
	fprintf(out, "guest: %s, %u CPUs, agent: %s\n", host->os[0] ? host->os : "?", host->cpus,
			s->session.agent ? "yes" : "no");
}

/* What has a name of somebody or somewhere in it is left out: only that it is set is told. */
static bool is_plain(const struct config_option *option) {
	return option->type == OPTION_BOOL || option->type == OPTION_INT ||
	       option->type == OPTION_NUMBER || option->type == OPTION_CHOICE ||
	       option->type == OPTION_KEY;
}

static void put_settings(FILE *out, const struct config *config) {
	fprintf(out, "settings:");
	for (unsigned i = 0; i < config_options_count; i++) {
		const struct config_option *option = &config_options[i];
		char value[OPTION_TEXT_MAX];
		option_get(config, option, value, sizeof value);
		if (strcmp(value, option->default_text ? option->default_text : "") == 0) {
			continue;
		}
		fprintf(out, " %s=%s", option->name, is_plain(option) ? value : "(set)");
	}
	fputc('\n', out);
}

/* Line by line, with the home folder as "~" and the machine's name as "HOST". */
static void put_without_names(FILE *out, const char *text) {
	char host[256] = "";
	const char *home = environment("HOME");
	const size_t home_len = strlen(home);
	gethostname(host, sizeof host - 1);
	const size_t host_len = strlen(host);
	while (*text) {
		if (home_len > 1 && strncmp(text, home, home_len) == 0) {
			fputc('~', out);
			text += home_len;
		} else if (host_len > 2 && strncmp(text, host, host_len) == 0) {
			fputs("HOST", out);
			text += host_len;
		} else {
			fputc(*text++, out);
		}
	}
}

char *report_text(const struct app_status *s, const struct config *config, const char *window) {
	char *text = NULL;
	char *log = malloc(LOG_RECENT_BYTES);
	char *figures = stats_line(s);
	size_t len;
	FILE *out = log && figures ? open_memstream(&text, &len) : NULL;
	if (out) {
		log_recent(log, LOG_RECENT_BYTES);
		fprintf(out, "pierglass %s, running for %.0f s\n", PG_VERSION,
				(double)(s->now_ns - s->start_ns) / 1e9);
		put_system(out);
		put_desktop(out, s, window);
		put_guest(out, s);
		put_settings(out, config);
		fputs("figures: ", out);
		put_without_names(out, figures);
		fputs("log:\n", out);
		put_without_names(out, log);
		if (fclose(out) != 0) {
			free(text);
			text = NULL;
		}
	}
	free(figures);
	free(log);
	return text;
}
