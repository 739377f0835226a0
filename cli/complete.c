/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Completion scripts, made from the table. */
#include "cli/complete.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"

/* Whether the words of the metavar are the values: "balanced|trickle", not
 * "kubo|URL|FILE.car|-". */
static bool has_words(const struct opt *opt)
{
	return opt->metavar && strchr(opt->metavar, '|') &&
	       !strpbrk(opt->metavar, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

/* "a|b|c" with another separator. */
static void print_words(const char *words, char separator)
{
	for (; *words; words++)
		(void)putchar(*words == '|' ? separator : *words);
}

/* In single quotes; @also is a character with a meaning to the shell's helper. */
static void print_quoted(const char *text, const char *also)
{
	for (; *text; text++) {
		if (*text == '\'')
			(void)fputs("'\\'", stdout);
		else if (strchr(also, *text))
			(void)putchar('\\');
		(void)putchar(*text);
	}
}

/* How long the first @n words of a name are; 0 when it has fewer. */
static size_t words_length(const char *name, int n)
{
	size_t len = strcspn(name, " ");

	while (--n > 0) {
		if (!name[len])
			return 0;
		len += 1 + strcspn(name + len + 1, " ");
	}
	return len;
}

static bool begins_with(const struct cmd *cmd, const char *words, size_t len)
{
	return strncmp(cmd->name, words, len) == 0 &&
	       (cmd->name[len] == ' ' || !cmd->name[len]);
}

/* Whether a command stands before it that begins with the same @len bytes of words. */
static bool is_repeat(const struct cmd *const *cmd, size_t len)
{
	for (const struct cmd *const *other = commands; other < cmd; other++)
		if (begins_with(*other, (*cmd)->name, len))
			return true;
	return false;
}

static void print_first_words(void)
{
	for (const struct cmd *const *cmd = commands; *cmd; cmd++) {
		const size_t len = words_length((*cmd)->name, 1);

		if (!is_repeat(cmd, len))
			printf("%s%.*s", cmd == commands ? "" : " ", (int)len, (*cmd)->name);
	}
}

/* What can stand behind the first @n words of @group. */
static void print_next_words(const struct cmd *group, int n)
{
	const size_t len = words_length(group->name, n);
	const char *gap = "";

	for (const struct cmd *const *cmd = commands; *cmd; cmd++) {
		const size_t more = words_length((*cmd)->name, n + 1);

		if (!more || !begins_with(*cmd, group->name, len) || is_repeat(cmd, more))
			continue;
		printf("%s%.*s", gap, (int)(more - len - 1), (*cmd)->name + len + 1);
		gap = " ";
	}
}

/* The branches of a case over groups of commands: "pin", "pin remote". */
static void print_groups(const char *before, const char *after)
{
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		for (int n = 1; words_length((*cmd)->name, n + 1); n++) {
			const size_t len = words_length((*cmd)->name, n);

			if (is_repeat(cmd, len))
				continue;
			printf("        '%.*s') %s", (int)len, (*cmd)->name, before);
			print_next_words(*cmd, n);
			puts(after);
		}
}

static void bash_values(const struct cmd *cmd)
{
	const struct opt *opt;

	for (size_t i = 0; (opt = command_opt(cmd, i)); i++)
		if (has_words(opt)) {
			printf("    '%s --%s') words='", cmd->name, opt->name);
			print_words(opt->metavar, ' ');
			puts("' ;;");
		}
}

static void bash_options(const struct cmd *cmd)
{
	const struct opt *opt;

	printf("    '%s') words='", cmd->name);
	for (size_t i = 0; (opt = command_opt(cmd, i)); i++)
		printf("%s--%s", i ? " " : "", opt->name);
	puts("' ;;");
}

/* File names are what bash falls back to when nothing here fits. */
static void print_bash(void)
{
	puts("# bash completion for nix-ipfs\n"
	     "_nix_ipfs() {\n"
	     "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	     "    local command=${COMP_WORDS[1]} words='' n=1\n"
	     "    COMPREPLY=()\n"
	     "    if [ \"$cur\" = = ]; then cur=''\n"
	     "    elif [ \"$prev\" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
	     "    if [ \"$COMP_CWORD\" -eq 1 ]; then");
	(void)fputs("        mapfile -t COMPREPLY < <(compgen -W '", stdout);
	print_first_words();
	puts(" --help --version' -- \"$cur\")\n"
	     "        return\n"
	     "    fi\n"
	     "    while words=''; do\n"
	     "        case $command in");
	print_groups("words='", "' ;;");
	puts("        esac\n"
	     "        [ -n \"$words\" ] || break\n"
	     "        n=$((n + 1))\n"
	     "        if [ \"$COMP_CWORD\" -le $n ]; then\n"
	     "            mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	     "            return\n"
	     "        fi\n"
	     "        command=\"$command ${COMP_WORDS[n]}\"\n"
	     "    done\n"
	     "    case \"$command $prev\" in");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		bash_values(*cmd);
	puts("    esac\n"
	     "    if [ -z \"$words\" ] && [ \"${cur#-}\" != \"$cur\" ]; then\n"
	     "        case $command in");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++)
		bash_options(*cmd);
	puts("        esac\n"
	     "    fi\n"
	     "    [ -z \"$words\" ] || mapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
	     "\"$cur\")\n"
	     "}\n"
	     "complete -o bashdefault -o default -F _nix_ipfs nix-ipfs");
}

/* "[help]", and what the value can be. */
static void zsh_explain(const struct opt *opt)
{
	(void)putchar('[');
	print_quoted(opt->help, "[]:");
	(void)putchar(']');
	if (!opt_takes_value(opt))
		return;
	(void)fputs(":value:", stdout);
	if (has_words(opt)) {
		(void)putchar('(');
		print_words(opt->metavar, ' ');
		(void)putchar(')');
	} else {
		(void)fputs("_files", stdout);
	}
}

static void zsh_option(const struct opt *opt)
{
	const char *repeat = opt->kind == OPT_LIST ? "*" : "";

	if (opt->letter) {
		printf(" \\\n        '%s-%c%s", repeat, opt->letter,
		       opt_takes_value(opt) ? "+" : "");
		zsh_explain(opt);
		(void)putchar('\'');
	}
	printf(" \\\n        '%s--%s%s", repeat, opt->name,
	       opt_takes_value(opt) ? "=" : "");
	zsh_explain(opt);
	(void)putchar('\'');
}

static void print_zsh(void)
{
	puts("#compdef nix-ipfs\n"
	     "# zsh completion for nix-ipfs\n"
	     "_nix_ipfs() {\n"
	     "    local command=$words[2]\n"
	     "    if (( CURRENT == 2 )); then");
	(void)fputs("        compadd -- ", stdout);
	print_first_words();
	puts(" --help --version\n"
	     "        return\n"
	     "    fi\n"
	     "    shift words; (( CURRENT-- ))\n"
	     "    local -a next\n"
	     "    while true; do\n"
	     "        next=()\n"
	     "        case $command in");
	print_groups("next=(", ") ;;");
	puts("        esac\n"
	     "        (( $#next )) || break\n"
	     "        if (( CURRENT == 2 )); then\n"
	     "            compadd -- $next\n"
	     "            return\n"
	     "        fi\n"
	     "        command=\"$command $words[2]\"\n"
	     "        shift words; (( CURRENT-- ))\n"
	     "    done\n"
	     "    case $command in");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++) {
		const struct opt *opt;

		printf("    '%s')\n        _arguments", (*cmd)->name);
		for (size_t i = 0; (opt = command_opt(*cmd, i)); i++)
			zsh_option(opt);
		puts(" \\\n        '*:argument:_files' ;;");
	}
	puts("    esac\n"
	     "}\n"
	     "_nix_ipfs \"$@\"");
}

static void fish_description(const char *text)
{
	(void)fputs(" -d '", stdout);
	print_quoted(text, "");
	puts("'");
}

/* The condition that the first @n words of a command were typed. */
static void fish_seen(const struct cmd *cmd, int n)
{
	const char *word = cmd->name;

	for (int i = 0; i < n; i++) {
		const size_t len = strcspn(word, " ");

		printf("%s__fish_seen_subcommand_from %.*s", i ? "; and " : "", (int)len, word);
		word += len + (word[len] == ' ');
	}
}

static int count_words(const char *name)
{
	int n = 1;

	while (words_length(name, n + 1))
		n++;
	return n;
}

static void fish_option(const struct cmd *cmd, const struct opt *opt)
{
	(void)fputs("complete -c nix-ipfs -n '", stdout);
	fish_seen(cmd, count_words(cmd->name));
	printf("' -l %s", opt->name);
	if (opt->letter)
		printf(" -s %c", opt->letter);
	if (has_words(opt)) {
		(void)fputs(" -x -a '", stdout);
		print_words(opt->metavar, ' ');
		(void)putchar('\'');
	} else if (opt_takes_value(opt)) {
		(void)fputs(" -r", stdout);
	}
	fish_description(opt->help);
}

/* Each word of a command where it is the first one to have it. */
static void fish_words(const struct cmd *const *cmd)
{
	const int words = count_words((*cmd)->name);

	for (int n = 1; n <= words; n++) {
		const size_t len = words_length((*cmd)->name, n);
		const size_t before = n > 1 ? words_length((*cmd)->name, n - 1) + 1 : 0;

		if (is_repeat(cmd, len))
			continue;
		(void)fputs("complete -c nix-ipfs -n ", stdout);
		if (n == 1) {
			(void)fputs("__fish_use_subcommand -f", stdout);
		} else {
			(void)putchar('\'');
			fish_seen(*cmd, n - 1);
			(void)putchar('\'');
		}
		printf(" -a %.*s", (int)(len - before), (*cmd)->name + before);
		if (n == words)
			fish_description((*cmd)->brief);
		else
			puts("");
	}
}

static void print_fish(void)
{
	puts("# fish completion for nix-ipfs");
	for (const struct cmd *const *cmd = commands; *cmd; cmd++) {
		const struct opt *opt;

		fish_words(cmd);
		for (size_t i = 0; (opt = command_opt(*cmd, i)); i++)
			fish_option(*cmd, opt);
	}
}

bool complete_print(const char *shell)
{
	if (strcmp(shell, "bash") == 0)
		print_bash();
	else if (strcmp(shell, "zsh") == 0)
		print_zsh();
	else if (strcmp(shell, "fish") == 0)
		print_fish();
	else
		return false;
	return true;
}
