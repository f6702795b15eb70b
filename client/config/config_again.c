#include "client/config/config_again.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/config/config.h"
#include "client/config/options.h"

/* Of other groups than the VM's, and yet of one VM: where its sound comes from, what is written. */
static const char *const of_one_vm[] = { "audio-interface", "audio-sender", "audio-shm", "record",
	"screenshot" };

static bool stays(const struct config *config, const struct config_option *option) {
	if (config->origins[option_index(option)].rank != CONFIG_ARGV) {
		return false;
	}
	for (size_t i = 0; i < sizeof of_one_vm / sizeof of_one_vm[0]; i++) {
		if (strcmp(option->name, of_one_vm[i]) == 0) {
			return false;
		}
	}
	return option->group != OPTION_GROUP_VM || strcmp(option->name, "vm-owner") == 0;
}

/* Where the words are put: first they are only measured. */
struct again {
	char **argv; /* NULL = measure */
	char *at;
	size_t count, bytes;
};

static void add(struct again *again, const char *name, const char *value) {
	const size_t len = strlen(name) + strlen(value) + sizeof "--=";
	if (again->argv) {
		again->argv[again->count] = again->at;
		snprintf(again->at, len, "--%s=%s", name, value);
		again->at += len;
	}
	again->count++;
	again->bytes += len;
}

static void add_all(struct again *again, const struct config *config) {
	char value[OPTION_TEXT_MAX];
	for (unsigned i = 0; i < config_options_count; i++) {
		if (stays(config, &config_options[i])) {
			option_get(config, &config_options[i], value, sizeof value);
			add(again, config_options[i].name, value);
		}
	}
	add(again, "domain", config->next_vm);
	if (config->next_uri[0]) {
		add(again, "connect", config->next_uri);
	}
}

char **config_again(const struct config *config) {
	static const char name[] = "pierglass";
	struct again again = { .bytes = sizeof name };
	add_all(&again, config);
	const size_t pointers = (again.count + 2) * sizeof(char *);
	char **argv = malloc(pointers + again.bytes);
	if (!argv) {
		return NULL;
	}
	char *text = (char *)argv + pointers;
	memcpy(text, name, sizeof name);
	argv[0] = text;
	again = (struct again){ .argv = argv + 1, .at = text + sizeof name };
	add_all(&again, config);
	argv[again.count + 1] = NULL;
	return argv;
}
