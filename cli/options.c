/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the command line by a command's table. */
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/error.h"

struct parse {
	const struct cmd *cmd;
	int argc, next; /* argv[next] is the next argument */
	char **argv;
	void *into;
};

static void *field(const struct parse *p, const struct opt *opt)
{
	return (char *)p->into + opt->offset;
}

static const struct opt *find_long(const struct cmd *cmd, const char *name, size_t len)
{
	const struct opt *opt;

	for (size_t i = 0; (opt = command_opt(cmd, i)); i++)
		if (strlen(opt->name) == len && memcmp(opt->name, name, len) == 0)
			return opt;
	return NULL;
}

static const struct opt *find_short(const struct cmd *cmd, char letter)
{
	const struct opt *opt;

	for (size_t i = 0; (opt = command_opt(cmd, i)); i++)
		if (opt->letter == letter)
			return opt;
	return NULL;
}

static int set_bool(const struct parse *p, const struct opt *opt, const char *value)
{
	static const char *const yes[] = { "true", "t", "1", "yes" };
	static const char *const no[] = { "false", "f", "0", "no" };
	enum tristate *out = field(p, opt);

	*out = value ? UNSET : YES;
	for (size_t i = 0; value && i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcasecmp(value, yes[i]) == 0)
			*out = YES;
		if (strcasecmp(value, no[i]) == 0)
			*out = NO;
	}
	if (*out == UNSET)
		return cli_usage(p->cmd, "option '--%s' takes true or false, not '%s'",
				 opt->name, value);
	return 0;
}

static int set_choice(const struct parse *p, const struct opt *opt, const char *value)
{
	const size_t len = strlen(value);
	unsigned int n = 0;

	for (const char *word = opt->metavar; word; word = strchr(word, '|')) {
		word += *word == '|';
		n++;
		if (strcspn(word, "|") == len && memcmp(word, value, len) == 0) {
			*(unsigned int *)field(p, opt) = n;
			return 0;
		}
	}
	return cli_usage(p->cmd, "option '--%s' takes %s, not '%s'", opt->name,
			 opt->metavar, value);
}

/* Digits only, so that neither signs nor spaces nor octal slip through. */
static bool read_number(const char *text, bool suffix, uint64_t *out)
{
	static const char units[] = "KMGT";
	uint64_t value = 0;
	const char *s = text;

	for (; *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value))
			return false;
	if (s == text)
		return false;
	if (suffix && *s) {
		const char *unit = strchr(units, *s);

		if (!unit || __builtin_mul_overflow(
				 value, (uint64_t)1 << (10 * (unit - units + 1)), &value))
			return false;
		s++;
	}
	*out = value;
	return *s == '\0';
}

static int set_number(const struct parse *p, const struct opt *opt, const char *value)
{
	struct opt_number *out = field(p, opt);

	if (!read_number(value, opt->kind == OPT_SIZE, &out->value))
		return cli_usage(
		    p->cmd, "option '--%s' takes a number%s, not '%s'", opt->name,
		    opt->kind == OPT_SIZE ? " of bytes, as 4096 or 10G" : "", value);
	out->set = true;
	return 0;
}

static int add_item(const struct parse *p, const struct opt *opt, const char *value)
{
	struct opt_list *list = field(p, opt);

	if (!list->items) /* never more items than arguments */
		list->items = xcalloc((size_t)p->argc, sizeof(*list->items));
	list->items[list->n++] = value;
	return 0;
}

/* @value is NULL for a flag, and where an OPT_BOOL or OPT_MAYBE has none. */
static int set(const struct parse *p, const struct opt *opt, const char *value)
{
	switch (opt->kind) {
	case OPT_FLAG:
		*(bool *)field(p, opt) = true;
		return 0;
	case OPT_BOOL:
		return set_bool(p, opt, value);
	case OPT_TEXT:
		*(const char **)field(p, opt) = value;
		return 0;
	case OPT_MAYBE:
		*(const char **)field(p, opt) = value ? value : "";
		return 0;
	case OPT_LIST:
		return add_item(p, opt, value);
	case OPT_CHOICE:
		return set_choice(p, opt, value);
	case OPT_NUMBER:
	case OPT_SIZE:
		return set_number(p, opt, value);
	}
	return 0;
}

/* @arg is what follows "--". */
static int take_long(struct parse *p, const char *arg)
{
	const size_t len = strcspn(arg, "=");
	const struct opt *opt = find_long(p->cmd, arg, len);
	const char *value = arg[len] ? arg + len + 1 : NULL;

	if (!opt)
		return cli_usage(p->cmd, "unknown option '--%.*s'", (int)len, arg);
	if (value && opt->kind == OPT_FLAG)
		return cli_usage(p->cmd, "option '--%s' takes no value", opt->name);
	if (!value && opt_takes_value(opt)) {
		if (p->next == p->argc)
			return cli_usage(p->cmd, "option '--%s' needs a value: %s",
					 opt->name, opt->metavar);
		value = p->argv[p->next++];
	}
	return set(p, opt, value);
}

/* @arg is what follows "-": one or more letters, the last one perhaps with a value. */
static int take_short(struct parse *p, const char *arg)
{
	for (; *arg; arg++) {
		const struct opt *opt = find_short(p->cmd, *arg);
		int r;

		if (!opt)
			return cli_usage(p->cmd, "unknown option '-%c'", *arg);
		if (opt_takes_value(opt)) {
			if (arg[1])
				return set(p, opt, arg + 1);
			if (p->next == p->argc)
				return cli_usage(p->cmd, "option '-%c' needs a value: %s",
						 *arg, opt->metavar);
			return set(p, opt, p->argv[p->next++]);
		}
		r = set(p, opt, NULL);
		if (r)
			return r;
	}
	return 0;
}

int options_parse(const struct cmd *cmd, bool stop_early, int argc, char **argv,
		  void *into)
{
	struct parse p = { .cmd = cmd, .argc = argc, .argv = argv, .into = into };
	bool ended = false;
	int n = 0;

	while (p.next < argc) {
		char *arg = argv[p.next++];

		if (ended || arg[0] != '-' || arg[1] == '\0') {
			if (stop_early)
				return p.next - 1;
			argv[n++] = arg;
		} else if (arg[1] != '-') {
			if (take_short(&p, arg + 1))
				return -1;
		} else if (arg[2] == '\0') {
			ended = true;
		} else if (take_long(&p, arg + 2)) {
			return -1;
		}
	}
	return stop_early ? p.next : n;
}

void options_release(const struct cmd *cmd, void *into)
{
	const struct opt *opt;

	for (size_t i = 0; (opt = command_opt(cmd, i)); i++)
		if (opt->kind == OPT_LIST)
			free(((struct opt_list *)(void *)((char *)into + opt->offset))
				 ->items);
}
