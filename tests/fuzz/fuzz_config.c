/*
 * Any text as an ini file, ours or looking-glass-client's, down to the struct; then every value is
 * read back and must be one that its option takes.
 *
 * Covers: client/config/config_file.c client/config/ini.c client/config/options.c
 * client/config/options_custom.c client/config/options_lg.c
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "client/config/config_set.h"
#include "client/config/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lines of NAME=VALUE as the command line has them: options that no file may have, too. */
static void set_lines(struct config *config, const char *bytes, size_t size) {
	char *lines = calloc(size + 1, 1);
	char *save;
	if (lines) {
		memcpy(lines, bytes, size);
	}
	for (char *line = lines ? strtok_r(lines, "\n", &save) : NULL; line;
			line = strtok_r(NULL, "\n", &save)) {
		char *value = line + strcspn(line, "=");
		value += *value && (*value = '\0', 1);
		const struct config_option *option = option_find(line);
		if (option && option_set(config, option, value)) {
			config->origins[option - config_options].rank = CONFIG_ARGV;
		}
	}
	free(lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static char text[OPTION_TEXT_MAX];
	char error[CONFIG_ERROR_BYTES];
	struct config *config = calloc(1, sizeof *config);
	if (!config) {
		return 0;
	}
	log_set_level(LOG_NONE);
	config->picture = true;
	options_defaults(config);
	enum config_rank rank = size > 0 && data[0] == 'L' ? CONFIG_LG_FILE : CONFIG_FILE;
	const unsigned times = size > 0 && data[0] == 'M' ? CONFIG_FILES_MAX + 1 : 1;
	if (size > 0 && data[0] == 'A') {
		set_lines(config, (const char *)data + 1, size - 1);
	}
	for (unsigned i = 0; size > 0 && data[0] != 'A' && i < times; i++) {
		config_parse(config, (const char *)data + 1, size - 1, "fuzz", rank, error);
	}
	for (unsigned i = 0; i < config_options_count; i++) {
		/* What is not set reads as nothing, which it would not take. */
		if (config->origins[i].rank == CONFIG_DEFAULT) {
			continue;
		}
		option_get(config, &config_options[i], text, sizeof text);
		option_clear(config, &config_options[i]);
		if (text[0] != '\0' && !option_set(config, &config_options[i], text)) {
			abort();
		}
	}
	free(config);
	return 0;
}
