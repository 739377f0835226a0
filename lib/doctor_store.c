/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at the Nix store: where it is, whose it is, and whether it can be written. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/doctor.h"
#include "lib/nix/daemon.h"
#include "lib/nix/db.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/err.h"

enum { SCHEMA_MAX = 32 };

static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

/* ---- the daemon ------------------------------------------------------------------ */

static void say_trust(struct nipfs__doctor *d, struct nipfs__checkup *c,
		      struct nipfs__daemon *daemon)
{
	static const char *const texts[] = {
		[NIPFS__DAEMON_UNKNOWN] = "does not tell whether it trusts this user",
		[NIPFS__DAEMON_TRUSTED] = "trusts this user",
		[NIPFS__DAEMON_UNTRUSTED] = "does not trust this user",
	};
	static const char *const facts[] = { [NIPFS__DAEMON_UNKNOWN] = "unknown",
					     [NIPFS__DAEMON_TRUSTED] = "true",
					     [NIPFS__DAEMON_UNTRUSTED] = "false" };
	const enum nipfs__daemon_trust trust = nipfs__daemon_trust(daemon);
	char protocol[32];

	(void)snprintf(protocol, sizeof(protocol), "1.%u", nipfs__daemon_minor(daemon));
	(void)snprintf(d->nix, sizeof(d->nix), "%s", nipfs__daemon_nix_version(daemon));
	nipfs__checkup_say(c, "answers at '%s', speaks protocol %s and %s", d->env.socket,
			   protocol, texts[trust]);
	nipfs__checkup_fact(c, "protocol", protocol);
	nipfs__checkup_fact(c, "trusted", facts[trust]);
}

int nipfs__doctor_daemon(struct nipfs__doctor *d, struct nipfs__checkup *c,
			 struct nipfs_error *err)
{
	const struct nipfs__daemon_options options = { .socket = d->env.socket,
						       .store_dir = d->env.store_dir };
	const bool needed = d->env.kind == NIPFS__STORE_DAEMON;
	struct nipfs__daemon *daemon;
	struct nipfs_error why = { .msg = "" };
	int r;

	if (d->env.kind == NIPFS__STORE_CHROOT) {
		nipfs__checkup_say(c, "a store in a folder of its own needs none");
		return 0;
	}
	nipfs__checkup_fact(c, "socket", d->env.socket);
	if (!exists(d->env.socket) && errno != EACCES) {
		nipfs__checkup_say(c, "none runs: there is no socket '%s'", d->env.socket);
		if (needed)
			nipfs__checkup_advise(c, "have the Nix daemon started");
		return 0;
	}
	r = nipfs__daemon_open(&daemon, &options, &why);
	if (r == 0) {
		say_trust(d, c, daemon);
		nipfs__daemon_close(daemon);
		return 0;
	}
	if (r == NIPFS_E_CANCELLED || r == NIPFS_E_NOMEM) {
		if (err)
			*err = why;
		return r;
	}
	nipfs__checkup_say(c, "%s", why.msg);
	if (needed)
		nipfs__checkup_advise(c, "have the Nix daemon started, or this user let in");
	return 0;
}

/* ---- the store ------------------------------------------------------------------- */

static void owner_name(uid_t uid, char *out, size_t size)
{
	struct passwd pw, *found = NULL;
	char room[4096];

	if (getpwuid_r(uid, &pw, room, sizeof(room), &found) == 0 && found)
		(void)snprintf(out, size, "%s", found->pw_name);
	else
		(void)snprintf(out, size, "%ld", (long)uid);
}

void nipfs__doctor_mount(struct nipfs__doctor *d)
{
	struct statvfs fs;

	d->read_only = d->env.real_store_dir && statvfs(d->env.real_store_dir, &fs) == 0 &&
		       fs.f_flag & ST_RDONLY;
}

/* Nix makes the folder sticky and writable for a group where builders have users of their own. */
static bool is_multi_user(const struct nipfs__doctor *d, const struct stat *st)
{
	return st->st_uid == 0 && ((st->st_mode & S_ISVTX) || exists(d->env.socket));
}

static void say_store(const struct nipfs__doctor *d, struct nipfs__checkup *c,
		      const struct stat *st)
{
	const struct nipfs__store_env *env = &d->env;
	const bool multi = env->kind != NIPFS__STORE_CHROOT && is_multi_user(d, st);
	char owner[256];

	owner_name(st->st_uid, owner, sizeof(owner));
	nipfs__checkup_say(c, "'%s'%s%s%s, of a %s Nix: it belongs to '%s'%s", env->real_store_dir,
			   env->kind == NIPFS__STORE_CHROOT ? ", known as '" : "",
			   env->kind == NIPFS__STORE_CHROOT ? env->store_dir : "",
			   env->kind == NIPFS__STORE_CHROOT ? "'" : "",
			   multi ? "multi-user" : "single-user", owner,
			   d->read_only ? ", on a read-only mount" : "");
	nipfs__checkup_fact(c, "users", multi ? "multi" : "single");
	nipfs__checkup_fact(c, "owner", owner);
	nipfs__checkup_fact_bool(c, "readOnly", d->read_only);
}

int nipfs__doctor_store(struct nipfs__doctor *d, struct nipfs__checkup *c,
			struct nipfs_error *err)
{
	const struct nipfs__store_env *env = &d->env;
	struct stat st;

	(void)err;
	nipfs__checkup_fact(c, "storeDir", env->store_dir);
	if (env->kind == NIPFS__STORE_UNSUPPORTED) {
		nipfs__checkup_say(c, "'%s' is a store of the kind '%s', which is not known here",
				   env->uri, env->scheme);
		nipfs__checkup_advise(c, "name one of this machine with --store");
		return 0;
	}
	nipfs__checkup_fact(c, "realStoreDir", env->real_store_dir);
	if (stat(env->real_store_dir, &st) == 0) {
		say_store(d, c, &st);
		return 0;
	}
	nipfs__checkup_say(c, "there is no '%s'%s", env->real_store_dir,
			   d->will_make ? " yet: the first realize makes it" : "");
	if (!d->will_make)
		nipfs__checkup_advise(c, "install Nix, or give a store of your own with "
					 "--store FOLDER");
	return 0;
}

int nipfs__doctor_schema(struct nipfs__doctor *d, struct nipfs__checkup *c,
			 struct nipfs_error *err)
{
	nipfs_auto_fd int fd = -1;
	char text[SCHEMA_MAX];
	ssize_t n = -1;

	(void)err;
	if (d->env.schema_file) {
		fd = open(d->env.schema_file, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	}
	if (n < 0) {
		nipfs__checkup_say(c, "there is no database that can be looked at");
		return 0;
	}
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	nipfs__checkup_say(c, "the database is of schema %s", text);
	nipfs__checkup_fact(c, "schema", text);
	if (strcmp(text, NIPFS__DB_SCHEMA) != 0)
		nipfs__checkup_advise(c, "only schema %s, that of Nix 2, is written directly",
				      NIPFS__DB_SCHEMA);
	return 0;
}

/* ---- whether it can be written ------------------------------------------------------ */

/* As realize does: settings that can't be read stop it before a store is opened. */
static int open_store(const struct nipfs__doctor *d, struct nipfs_store **out,
		      struct nipfs_error *err)
{
	struct nipfs_store_options options = d->options->store;
	struct nipfs_keyring ring = { .n = 0 };
	int r = nipfs_nix_conf_keyring(d->conf, &ring, err);

	nipfs_keyring_release(&ring);
	options.access = NIPFS_STORE_WRITE;
	options.create = false;
	if (r == 0 && d->options->prepare)
		r = nipfs_store_prepare(&options, err);
	return r < 0 ? r : nipfs_store_open(out, &options, err);
}

static void say_route(struct nipfs__doctor *d, struct nipfs__checkup *c,
		      const struct nipfs_store *store)
{
	struct nipfs_store_route route;

	nipfs_store_route(store, &route);
	d->by_daemon = route.trust != NIPFS_STORE_TRUSTED;
	switch (route.via) {
	case NIPFS_STORE_VIA_AUTO:
	case NIPFS_STORE_VIA_DIRECT:
		nipfs__checkup_say(c, "works here: the store is written directly");
		nipfs__checkup_fact(c, "via", "direct");
		break;
	case NIPFS_STORE_VIA_DAEMON:
		nipfs__checkup_say(c, "works here: the daemon writes the store%s",
				   route.trust == NIPFS_STORE_UNTRUSTED ?
					   ", what it trusts and what is content-addressed" :
					   "");
		nipfs__checkup_fact(c, "via", "daemon");
		break;
	case NIPFS_STORE_VIA_STDIO:
		nipfs__checkup_say(c, "works here: '%s' is started, which writes the store",
				   route.peer);
		nipfs__checkup_fact(c, "via", "stdio");
		break;
	}
}

int nipfs__doctor_realize(struct nipfs__doctor *d, struct nipfs__checkup *c,
			  struct nipfs_error *err)
{
	struct nipfs_error why = { .msg = "" };
	struct nipfs_store *store;
	int r = open_store(d, &store, &why);

	if (r == NIPFS_E_CANCELLED || r == NIPFS_E_NOMEM) {
		if (err)
			*err = why;
		return r;
	}
	d->can_write = r == 0;
	d->will_make = r == NIPFS_E_NOTFOUND && d->env.kind == NIPFS__STORE_CHROOT &&
		       nipfs__doctor_can_make(d->env.real_store_dir);
	if (r == 0) {
		say_route(d, c, store);
		nipfs_store_close(store);
	} else if (d->will_make) {
		nipfs__checkup_say(c, "works here: it makes the store");
		nipfs__checkup_fact(c, "via", "direct");
	} else {
		nipfs__checkup_say(c, "would not work here");
		nipfs__checkup_advise(c, "%s", why.msg);
	}
	nipfs__checkup_fact_bool(c, "works", d->can_write || d->will_make);
	return 0;
}
