/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at what is beside the store: Nix itself, keys, the index, processor. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nixipfs/index.h>
#include <nixipfs/store_path.h>

#include "lib/doctor.h"
#include "multiformats/base/auto.h"
#include "multiformats/base/cpu.h"
#include "multiformats/base/err.h"
#include "multiformats/sha256/sha256.h"

/* ---- Nix ------------------------------------------------------------------------- */

/* Where a program is that PATH leads to, with all symlinks followed; for free(). */
static char *find_program(const char *name)
{
	const char *path = getenv("PATH");

	while (path && *path) {
		const size_t len = strcspn(path, ":");
		char file[PATH_MAX];

		(void)snprintf(file, sizeof(file), "%.*s/%s", (int)(len < PATH_MAX ? len : 0), path,
			       name);
		if (len && len < PATH_MAX && access(file, X_OK) == 0)
			return realpath(file, NULL);
		path += len + (path[len] == ':');
	}
	return NULL;
}

/* The version that the name of a store path tells: HASH-nix-2.18.1, HASH-lix-2.91.0. */
static bool version_in(const char *program, char *out, size_t size)
{
	for (const char *part = program; part; part = strchr(part, '/')) {
		const size_t len = strcspn(++part, "/");
		struct nipfs_store_path path;
		const char *name;

		if (nipfs_store_path_parse_base(nipfs__slice(part, len), &path, NULL) < 0)
			continue;
		name = nipfs_store_path_name(&path);
		if (strncmp(name, "nix-", 4) != 0 && strncmp(name, "lix-", 4) != 0)
			continue;
		(void)snprintf(out, size, "%s", name + 4);
		return true;
	}
	return false;
}

/* No program is started: at the slightest occasion Nix makes a store. */
int nipfs__doctor_nix(struct nipfs__doctor *d, struct nipfs__checkup *c,
		      struct nipfs_error *err)
{
	nipfs_auto_free char *program = find_program("nix-store");
	char version[NIPFS_STORE_NAME_MAX + 1] = "unknown";

	(void)err;
	if (d->nix[0]) {
		(void)snprintf(version, sizeof(version), "%s", d->nix);
		nipfs__checkup_say(c, "version %s, as its daemon says", version);
	} else if (program && version_in(program, version, sizeof(version))) {
		nipfs__checkup_say(c, "version %s, by the name of '%s'", version, program);
	} else if (program) {
		nipfs__checkup_say(c, "version unknown: '%s' does not tell by its name", program);
	} else {
		nipfs__checkup_say(c, "there is no nix-store in PATH; nix-ipfs itself needs none");
	}
	nipfs__checkup_fact(c, "nixVersion", version);
	if (program)
		nipfs__checkup_fact(c, "program", program);
	return 0;
}

/* ---- keys ------------------------------------------------------------------------- */

static void list_keys(const struct nipfs_keyring *ring, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < ring->n && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i ? " " : "",
					 ring->keys[i].name);
}

int nipfs__doctor_keys(struct nipfs__doctor *d, struct nipfs__checkup *c,
		       struct nipfs_error *err)
{
	/* what a daemon goes by are not this user's settings */
	const bool system = d->by_daemon;
	struct nipfs_nix_conf *conf = d->conf;
	struct nipfs_keyring ring = { .n = 0 };
	struct nipfs_error why = { .msg = "" };
	char names[NIPFS__DOCTOR_FACT] = "";
	bool require_sigs = true;
	int r = system ? nipfs_nix_conf_load(NIPFS_NIX_CONF_SYSTEM, &conf, &why) : 0;

	if (r == 0)
		r = nipfs_nix_conf_keyring(conf, &ring, &why);
	if (r == 0)
		r = nipfs_nix_conf_get_bool(conf, "require-sigs", &require_sigs, &why);
	list_keys(&ring, names, sizeof(names));
	if (r < 0) {
		nipfs__checkup_say(c, "%s", why.msg);
		nipfs__checkup_advise(c, "mend nix.conf: Nix itself refuses it, too");
	} else if (!require_sigs) {
		nipfs__checkup_say(c, "require-sigs is false: paths need no signature");
	} else if (ring.n) {
		nipfs__checkup_say(c, "%s trusts %s", system ? "the daemon" : "this machine", names);
	} else {
		nipfs__checkup_say(c, "no key is trusted: what is not content-addressed is refused");
		nipfs__checkup_advise(c, "name keys in trusted-public-keys of nix.conf");
	}
	nipfs__checkup_fact(c, "trusted", names);
	nipfs__checkup_fact_bool(c, "requireSigs", require_sigs);
	nipfs_keyring_release(&ring);
	if (system && conf != d->conf)
		nipfs_nix_conf_free(conf);
	if (r == NIPFS_E_NOMEM)
		return nipfs__fail_nomem(err);
	return 0;
}

/* ---- the state folder ---------------------------------------------------------------- */

static uint64_t file_bytes(const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

int nipfs__doctor_state(struct nipfs__doctor *d, struct nipfs__checkup *c,
			struct nipfs_error *err)
{
	nipfs_auto_free char *dir = NULL;
	struct nipfs_error why = { .msg = "" };
	uint64_t bytes;
	char text[32];
	int r = nipfs_state_dir(&dir, &why);

	(void)d;
	if (r == NIPFS_E_NOMEM)
		return nipfs__fail_nomem(err);
	if (r < 0) {
		nipfs__checkup_say(c, "there is no folder for the index");
		nipfs__checkup_advise(c, "%s", why.msg);
		return 0;
	}
	bytes = file_bytes(dir, "index.sqlite") + file_bytes(dir, "index.sqlite-wal");
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	nipfs__checkup_fact(c, "stateDir", dir);
	nipfs__checkup_fact(c, "indexBytes", text);
	if (bytes)
		nipfs__checkup_say(c, "'%s', with an index of %.1f MB", dir, (double)bytes / 1e6);
	else
		nipfs__checkup_say(c, "'%s', without an index yet", dir);
	if (!nipfs__doctor_can_make(dir))
		nipfs__checkup_advise(c, "this user can't write it: set NIX_IPFS_STATE_DIR to a "
					 "folder that it can");
	return 0;
}

/* ---- the processor --------------------------------------------------------------------- */

int nipfs__doctor_cpu(struct nipfs__doctor *d, struct nipfs__checkup *c,
		      struct nipfs_error *err)
{
	struct nipfs__cpu_feature features[NIPFS__CPU_FEATURES_MAX];
	const char *cpu = nipfs__cpu_features(features);
	char usable[128] = "", missing[128] = "";

	(void)d;
	(void)err;
	for (size_t i = 0; features[i].name; i++) {
		char *list = features[i].usable ? usable : missing;
		const size_t used = strlen(list);

		(void)snprintf(list + used, sizeof(usable) - used, "%s%s", used ? ", " : "",
			       features[i].name);
		nipfs__checkup_fact_bool(c, features[i].name, features[i].usable);
	}
	nipfs__checkup_say(c, "%s%s%s%s%s; SHA-256 by %s", cpu, *usable ? " with " : "", usable,
			   *missing ? ", without " : "", missing, nipfs__sha256_name());
	nipfs__checkup_fact(c, "sha256", nipfs__sha256_name());
	return 0;
}
