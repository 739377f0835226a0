/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix-ipfs hook: having Nix queue what it builds. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nixipfs/doctor.h>

#include "cli/checkup.h"
#include "cli/command.h"
#include "cli/error.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/store_args.h"

#define HOOK_NAME "nix-ipfs-post-build-hook"

struct options {
	struct common common;
	bool print_config, status;
};

/* ---- --print-config ---------------------------------------------------------------- */

/* The program itself and the one beside it, where they lie now. */
static int find_programs(char *self, char *hook, size_t size, struct nipfs_error *err)
{
	const ssize_t n = readlink("/proc/self/exe", self, size - 1);
	const char *slash;

	if (n < 0)
		return cli_fill_errno(err, errno, "cannot tell where this program is");
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash || snprintf(hook, size, "%.*s/%s", (int)(slash - self), self, HOOK_NAME) >=
			      (int)size)
		return cli_fill(err, NIPFS_E_LIMIT, "the path '%s' is too long", self);
	if (access(hook, X_OK) != 0)
		return cli_fill_errno(err, errno, "'%s' can't be run: install it beside nix-ipfs",
				      hook);
	return 0;
}

/*
 * What one of nix.conf, systemd and cron can't be told. nix.conf has no quotes: words are
 * put together again with one blank between them. systemd takes no program with quotes
 * in its name.
 */
static int check_path(const char *path, struct nipfs_error *err)
{
	bool bad = strpbrk(path, "#\\\"'") || strstr(path, "  ");

	for (const char *c = path; *c; c++)
		bad = bad || (unsigned char)*c < 0x20 || *c == 0x7f;
	return bad ? cli_fill(err, NIPFS_E_UNSUPPORTED,
			      "'%s' can't be named in nix.conf, in a unit and in a crontab alike: "
			      "install it in a folder without #, \\, quotes, double blanks and "
			      "control characters", path)
		   : 0;
}

/* As a word of systemd: % begins a specifier there. */
static void print_for_systemd(const char *path)
{
	(void)putchar('"');
	for (const char *c = path; *c; c++) {
		if (*c == '%')
			(void)putchar('%');
		(void)putchar(*c);
	}
	(void)putchar('"');
}

/* As a word of the shell, in a crontab: % would be a newline there. */
static void print_for_cron(const char *path)
{
	(void)putchar('\'');
	for (const char *c = path; *c; c++) {
		if (*c == '%')
			(void)putchar('\\');
		(void)putchar(*c);
	}
	(void)putchar('\'');
}

static void print_text(const char *self, const char *hook)
{
	printf("# /etc/nix/nix.conf; then: systemctl restart nix-daemon\n"
	       "post-build-hook = %s\n\n"
	       "# /etc/systemd/system/nix-ipfs-queue.service; then: systemctl enable --now "
	       "nix-ipfs-queue\n"
	       "[Unit]\n"
	       "Description=Publish what Nix has built\n\n"
	       "[Service]\n"
	       "ExecStart=", hook);
	print_for_systemd(self);
	printf(" queue run --watch\n"
	       "Restart=on-failure\n"
	       "RestartSec=1min\n\n"
	       "[Install]\n"
	       "WantedBy=multi-user.target\n\n"
	       "# instead of the service, for crontab -e\n"
	       "* * * * * ");
	print_for_cron(self);
	printf(" queue run -q\n");
}

static int print_config(const struct common *common, struct nipfs_error *err)
{
	char self[PATH_MAX], hook[PATH_MAX];
	int r = find_programs(self, hook, sizeof(self), err);

	if (r == 0 && !common->json)
		r = check_path(hook, err);
	if (r < 0)
		return r;
	if (common->json) {
		json_t *line = json_line_new();

		json_put_name(line, "postBuildHook", text_slice(hook));
		json_put_name(line, "program", text_slice(self));
		json_line_print(line, stdout);
	} else {
		print_text(self, hook);
	}
	return 0;
}

/* ---- --status ------------------------------------------------------------------------ */

struct status {
	const struct common *common;
	bool ok;
};

static int print_status(void *ctx, const struct nipfs_checkup *checkup, struct nipfs_error *err)
{
	struct status *s = ctx;

	if (strcmp(checkup->topic, "hook") != 0 && strcmp(checkup->topic, "queue") != 0)
		return 0;
	s->ok = s->ok && checkup->ok;
	return checkup_print(s->common, checkup, err);
}

static int run(const struct cmd *self, void *options, int n_args, char **args)
{
	const struct options *o = options;
	struct status status = { &o->common, true };
	const struct nipfs_doctor_options doctor = {
		.store = { .uri = o->common.store, .via = store_args_via(&o->common) },
		.prepare = true,
		.each = print_status,
		.ctx = &status,
	};
	struct nipfs_error err;
	bool usable;
	int r;

	(void)n_args;
	(void)args;
	if (o->print_config == o->status)
		return cli_usage(self, "say --print-config or --status");
	r = o->print_config ? print_config(&o->common, &err) : nipfs_doctor(&doctor, &usable, &err);
	if (r < 0)
		return cli_fail(&o->common, &err);
	return status.ok ? 0 : 1;
}

static const struct opt opts[] = {
	{ "print-config", 0, OPT_FLAG, NULL, "what to set so that Nix queues what it builds",
	  offsetof(struct options, print_config) },
	{ "status", 0, OPT_FLAG, NULL, "whether Nix does so, and what waits",
	  offsetof(struct options, status) },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0 },
};

const struct cmd cmd_hook = {
	.name = "hook",
	.args = "",
	.brief = "have Nix queue what it builds, and see whether it does",
	.opts = opts,
	.size = sizeof(struct options),
	.run = run,
};
