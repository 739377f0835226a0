/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of nipfs_doctor() share. */
#ifndef LIB_DOCTOR_H
#define LIB_DOCTOR_H

#include <nixipfs/doctor.h>

#include "lib/nix/env.h"

enum { NIPFS__DOCTOR_TEXT = 1536, NIPFS__DOCTOR_FACTS = 8, NIPFS__DOCTOR_FACT = 1024 };

/**
 * struct nipfs__checkup - a checkup while it is made
 * @text:   what there is
 * @advice: what to do; empty: nothing
 * @facts:  names are static, values are in @values
 */
struct nipfs__checkup {
	char text[NIPFS__DOCTOR_TEXT], advice[NIPFS__DOCTOR_TEXT];
	struct nipfs_fact facts[NIPFS__DOCTOR_FACTS];
	char values[NIPFS__DOCTOR_FACTS][NIPFS__DOCTOR_FACT];
	size_t n_facts;
};

/**
 * struct nipfs__doctor - one visit
 * @options:    who is told
 * @conf:       the settings of this user
 * @env:        which store, and where its files are
 * @nix:        the version of Nix, as the daemon said; empty where it did not
 * @read_only:  the store folder is mounted so, before anything is done about it
 * @can_write:  the store can be opened for WRITE
 * @will_make:  it is not there, and the first realize makes it
 * @by_daemon:  a daemon decides what comes in, by its own settings
 */
struct nipfs__doctor {
	const struct nipfs_doctor_options *options;
	struct nipfs_nix_conf *conf;
	struct nipfs__store_env env;
	char nix[64];
	bool read_only, can_write, will_make, by_daemon;
};

/* Looks how the store folder is mounted. */
void nipfs__doctor_mount(struct nipfs__doctor *d);

/* Text that is too long is cut short. */
void nipfs__checkup_say(struct nipfs__checkup *c, const char *fmt, ...) NIPFS_PRINTF(2, 3);
/* The same, behind what was said. */
void nipfs__checkup_add(struct nipfs__checkup *c, const char *fmt, ...) NIPFS_PRINTF(2, 3);
void nipfs__checkup_advise(struct nipfs__checkup *c, const char *fmt, ...) NIPFS_PRINTF(2, 3);
void nipfs__checkup_fact(struct nipfs__checkup *c, const char *name, const char *value);
void nipfs__checkup_fact_bool(struct nipfs__checkup *c, const char *name, bool value);

/* Whether a folder, or the one above it that is there, can be written. */
bool nipfs__doctor_can_make(const char *dir);

/* Looks at one thing. Return: 0, NIPFS_E_NOMEM or NIPFS_E_CANCELLED. */
typedef int nipfs__doctor_look(struct nipfs__doctor *d, struct nipfs__checkup *c,
			       struct nipfs_error *err);

/* ---- doctor_store.c ------------------------------------------------------------- */

/* In this order: the daemon's answer tells what Nix it is, the opening the rest. */
nipfs__doctor_look nipfs__doctor_daemon, nipfs__doctor_realize, nipfs__doctor_store,
	nipfs__doctor_schema;

/* ---- doctor_machine.c ------------------------------------------------------------ */

nipfs__doctor_look nipfs__doctor_nix, nipfs__doctor_keys, nipfs__doctor_state,
	nipfs__doctor_cpu;

/* ---- doctor_kubo.c ---------------------------------------------------------------- */

nipfs__doctor_look nipfs__doctor_kubo;

/* ---- doctor_queue.c --------------------------------------------------------------- */

nipfs__doctor_look nipfs__doctor_hook, nipfs__doctor_queue;

#endif
