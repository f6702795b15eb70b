#include "client/config/completions.h"

#include <errno.h>
#include <string.h>

#include "client/config/options.h"

struct word {
	const char *name;
	const char *help;
};

/* Texts here stay English: the files are made once, for everybody. */
static const struct word subcommands[] = {
	{ "doctor", "what is wrong with the set-up" },
	{ "setup", "print or write the files of the set-up" },
	{ "config", "every setting and where it came from" },
	{ "scream", "the old receiver's command line" },
	{ "vm-info", "what a domain has" },
};

static const struct word setup_commands[] = {
	{ "all", "everything a domain needs" },
	{ "shmem", "shared memory for the picture" },
	{ "pci", "guest addresses of the GPU's functions" },
	{ "vfio", "keep the GPU for the guest" },
	{ "input", "keyboards and mice" },
	{ "audio", "firewall and sound devices" },
	{ "tmpfiles", "owner of the shared memory file" },
	{ "kvmfr", "the kvmfr device" },
	{ "virtiofs", "a shared folder" },
	{ "desktop", "an entry in the menu" },
};

static const char doctor_words[] = "--groups --json --connect --xml --root --max-res --hdr "
				   "--listen --quiet";
static const char setup_words[] =
		"--apply --undo --connect --xml --root --user --max-res --hdr "
		"--force --shm-name --gpu --host-loses --fix --list --probe --own --qemu --keyboard "
		"--mouse --grab-toggle --source --target --number --files-only --low-latency "
		"--card --diff";
static const char vm_info_words[] = "--once --connect --xml --root --password --list --json "
				    "--vm-owner";

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The fixed values an option may have, with blanks between; "" = any. */
static void values(const struct config_option *option, char *text, size_t size) {
	static const struct word custom[] = {
		{ "source", "auto lg spice off" },
		{ "audio", "auto scream spice off" },
		{ "audio-latency", "auto" },
		{ "audio-max", "auto" },
		{ "audio-volume", "auto" },
		{ "audio-interface", "auto" },
		{ "bench", "video audio input" },
		{ "position", "center" },
		{ "grab-toggle", "ctrl-ctrl alt-alt shift-shift meta-meta scrolllock "
				 "ctrl-scrolllock" },
		{ "help", "all keys lg" },
		{ "spice", "off unix:" },
		{ "evdev", "keyboards mice all" },
		{ "generate-completions", "bash zsh fish" },
	};
	size_t at = 0;
	text[0] = '\0';
	for (size_t i = 0; i < COUNT(custom); i++) {
		if (strcmp(custom[i].name, option->name) == 0) {
			snprintf(text, size, "%s", custom[i].help);
			return;
		}
	}
	for (size_t i = 0; option->choices && option->choices[i]; i++) {
		int n = snprintf(text + at, size - at, "%s%s", i ? " " : "", option->choices[i]);
		if (n < 0 || (size_t)n >= size - at) {
			return;
		}
		at += (size_t)n;
	}
}

static bool defaults_to_yes(const struct config_option *option) {
	return option_is_switch(option) && strcmp(option->default_text, "yes") == 0;
}

static void words(FILE *out, const struct word *list, size_t count) {
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%s%s", i ? " " : "", list[i].name);
	}
}

/* --- bash ----------------------------------------------------------------------------------- */

static void bash_cases(FILE *out) {
	char text[256];
	for (unsigned i = 0; i < config_options_count; i++) {
		const struct config_option *option = &config_options[i];
		char letter[8] = "";
		values(option, text, sizeof text);
		if (option->letter) {
			snprintf(letter, sizeof letter, "|-%c", option->letter);
		}
		if (option->flags & OPTION_INTERFACE) {
			fprintf(out,
					"\t--%s%s) COMPREPLY=($(compgen -W \"%s $(command ls "
					"/sys/class/net 2>/dev/null)\" -- \"$cur\")); return ;;\n",
					option->name, letter, text);
		} else if (text[0]) {
			fprintf(out,
					"\t--%s%s) COMPREPLY=($(compgen -W \"%s\" -- \"$cur\"))%s; "
					"return ;;\n",
					option->name, letter, text,
					option->flags & OPTION_FILE
							? "; COMPREPLY+=($(compgen -f -- "
							  "\"$cur\"))"
							: "");
		} else if (option->flags & OPTION_FILE) {
			fprintf(out,
					"\t--%s%s) compopt -o filenames; COMPREPLY=($(compgen -f -- "
					"\"$cur\")); return ;;\n",
					option->name, letter);
		} else if (!option_is_switch(option)) {
			fprintf(out, "\t--%s%s) return ;;\n", option->name, letter);
		}
	}
}

static void bash(FILE *out) {
	fputs("# bash completion for pierglass\n"
	      "_pierglass() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} word\n"
	      "\tCOMPREPLY=()\n"
	      "\t# \"--name=value\" arrives as three words\n"
	      "\tif [[ $cur == = ]]; then cur=\n"
	      "\telif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
	      "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	      "\t\tcase $word in\n",
			out);
	fprintf(out,
			"\t\tdoctor) COMPREPLY=($(compgen -W \"%s $(_pierglass_domains)\" -- "
			"\"$cur\")); return ;;\n",
			doctor_words);
	fputs("\t\tsetup) COMPREPLY=($(compgen -W \"", out);
	words(out, setup_commands, COUNT(setup_commands));
	fprintf(out, " %s $(_pierglass_domains)\" -- \"$cur\")); return ;;\n", setup_words);
	fprintf(out,
			"\t\tvm-info) COMPREPLY=($(compgen -W \"%s $(_pierglass_domains)\" -- "
			"\"$cur\")); return ;;\n",
			vm_info_words);
	fputs("\t\tesac\n\tdone\n\tcase $prev in\n", out);
	bash_cases(out);
	fputs("\t--domain) COMPREPLY=($(compgen -W \"$(_pierglass_domains)\" -- \"$cur\")); "
	      "return ;;\n\tesac\n\tif [[ $cur == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W \"",
			out);
	for (unsigned i = 0; i < config_options_count; i++) {
		fprintf(out, "--%s%s ", defaults_to_yes(&config_options[i]) ? "no-" : "",
				config_options[i].name);
	}
	fputs("\" -- \"$cur\"))\n\telse\n\t\tCOMPREPLY=($(compgen -W \"", out);
	words(out, subcommands, COUNT(subcommands));
	fputs(" $(_pierglass_domains)\" -- \"$cur\"))\n\tfi\n}\n"
	      "_pierglass_domains() { virsh --quiet list --all --name 2>/dev/null; }\n"
	      "complete -F _pierglass pierglass\n",
			out);
}

/* --- zsh ------------------------------------------------------------------------------------ */

/* Quotes for '...' and for the [...] and :...: of _arguments. */
static void zsh_text(FILE *out, const char *text) {
	for (; *text; text++) {
		if (*text == '\'') {
			fputs("'\\''", out);
		} else {
			if (strchr("[]:\\", *text)) {
				fputc('\\', out);
			}
			fputc(*text, out);
		}
	}
}

static void zsh_action(FILE *out, const struct config_option *option) {
	char text[256];
	values(option, text, sizeof text);
	fputc(':', out);
	zsh_text(out, option->value);
	if (option->flags & OPTION_INTERFACE) {
		fputs(":_net_interfaces", out);
	} else if (strcmp(option->name, "domain") == 0) {
		fputs(":_pierglass_domains", out);
	} else if (text[0] && !strchr(text, ':')) {
		fprintf(out, ":(%s)", text);
	} else if (option->flags & OPTION_FILE) {
		fputs(":_files", out);
	} else {
		fputs(": ", out);
	}
}

static void zsh_option(FILE *out, const struct config_option *option) {
	const char *repeat = option->flags & OPTION_LIST ? "*" : "";
	if (option->letter) {
		fprintf(out, "\t\t'%s-%c%s[", repeat, option->letter,
				option_is_switch(option) || option->flags & OPTION_OPTIONAL ? ""
											    : "+");
		zsh_text(out, option->help);
		fputc(']', out);
		if (!option_is_switch(option) && !(option->flags & OPTION_OPTIONAL)) {
			zsh_action(out, option);
		}
		fputs("' \\\n", out);
	}
	fprintf(out, "\t\t'%s--%s%s%s[", repeat, defaults_to_yes(option) ? "no-" : "", option->name,
			option_is_switch(option)          ? ""
			: option->flags & OPTION_OPTIONAL ? "=-"
							  : "=");
	zsh_text(out, option->help);
	fputc(']', out);
	if (!option_is_switch(option)) {
		if (option->flags & OPTION_OPTIONAL) {
			fputc(':', out); /* an optional argument has two */
		}
		zsh_action(out, option);
	}
	fputs("' \\\n", out);
}

static void zsh(FILE *out) {
	fputs("#compdef pierglass\n"
	      "_pierglass_domains() {\n"
	      "\tlocal -a domains\n"
	      "\tdomains=(${(f)\"$(virsh --quiet list --all --name 2>/dev/null)\"})\n"
	      "\tcompadd -a domains\n"
	      "}\n"
	      "_pierglass_words() {\n"
	      "\tlocal -a commands\n"
	      "\tcommands=(\n",
			out);
	for (size_t i = 0; i < COUNT(subcommands); i++) {
		fprintf(out, "\t\t'%s:", subcommands[i].name);
		zsh_text(out, subcommands[i].help);
		fputs("'\n", out);
	}
	fputs("\t)\n\t_describe command commands\n\t_pierglass_domains\n}\n"
	      "_pierglass() {\n\tcase ${words[2]} in\n\tsetup) compadd -- ",
			out);
	words(out, setup_commands, COUNT(setup_commands));
	fprintf(out, " %s; _pierglass_domains; return ;;\n", setup_words);
	fprintf(out, "\tdoctor) compadd -- %s; _pierglass_domains; return ;;\n", doctor_words);
	fprintf(out, "\tvm-info) compadd -- %s; _pierglass_domains; return ;;\n\tesac\n",
			vm_info_words);
	fputs("\t_arguments \\\n", out);
	for (unsigned i = 0; i < config_options_count; i++) {
		zsh_option(out, &config_options[i]);
	}
	fputs("\t\t'*:domain:_pierglass_words'\n}\n_pierglass \"$@\"\n", out);
}

/* --- fish ----------------------------------------------------------------------------------- */

static void fish_text(FILE *out, const char *text) {
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\') {
			fputc('\\', out);
		}
		fputc(*text, out);
	}
	fputc('\'', out);
}

static void fish_words(FILE *out, const char *condition, const char *list) {
	while (*list) {
		size_t len = strcspn(list, " ");
		fprintf(out, "complete -c pierglass -n '%s' -l %.*s\n", condition, (int)len - 2,
				list + 2);
		list += len + (list[len] == ' ');
	}
}

static void fish_option(FILE *out, const struct config_option *option) {
	char text[256];
	values(option, text, sizeof text);
	fprintf(out, "complete -c pierglass -n __pierglass_plays -l %s%s",
			defaults_to_yes(option) ? "no-" : "", option->name);
	if (option->letter) {
		fprintf(out, " -s %c", option->letter);
	}
	if (!option_is_switch(option)) {
		fputs(option->flags & OPTION_FILE ? " -rF" : " -x", out);
	}
	if (option->flags & OPTION_INTERFACE) {
		fprintf(out, " -a '%s (command ls /sys/class/net)'", text);
	} else if (strcmp(option->name, "domain") == 0) {
		fputs(" -a '(__pierglass_domains)'", out);
	} else if (text[0]) {
		fprintf(out, " -a '%s'", text);
	}
	fputs(" -d ", out);
	fish_text(out, option->help);
	fputc('\n', out);
}

static void fish(FILE *out) {
	fputs("# fish completion for pierglass\n"
	      "function __pierglass_domains\n"
	      "\tvirsh --quiet list --all --name 2>/dev/null\n"
	      "end\n"
	      "function __pierglass_plays\n"
	      "\tnot __fish_seen_subcommand_from doctor setup vm-info scream\n"
	      "end\n"
	      "complete -c pierglass -f\n"
	      "complete -c pierglass -a '(__pierglass_domains)'\n",
			out);
	for (size_t i = 0; i < COUNT(subcommands); i++) {
		fprintf(out, "complete -c pierglass -n __fish_use_subcommand -a %s -d ",
				subcommands[i].name);
		fish_text(out, subcommands[i].help);
		fputc('\n', out);
	}
	for (size_t i = 0; i < COUNT(setup_commands); i++) {
		fprintf(out,
				"complete -c pierglass -n '__fish_seen_subcommand_from setup' -a %s "
				"-d ",
				setup_commands[i].name);
		fish_text(out, setup_commands[i].help);
		fputc('\n', out);
	}
	fish_words(out, "__fish_seen_subcommand_from setup", setup_words);
	fish_words(out, "__fish_seen_subcommand_from doctor", doctor_words);
	fish_words(out, "__fish_seen_subcommand_from vm-info", vm_info_words);
	for (unsigned i = 0; i < config_options_count; i++) {
		fish_option(out, &config_options[i]);
	}
}

int completions_print(FILE *out, const char *shell) {
	if (strcmp(shell, "bash") == 0) {
		bash(out);
	} else if (strcmp(shell, "zsh") == 0) {
		zsh(out);
	} else if (strcmp(shell, "fish") == 0) {
		fish(out);
	} else {
		return -EINVAL;
	}
	return 0;
}
