/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is on this machine, whether it will do, and what to do where it won't. */
#include "lib/doctor.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nixipfs/progress.h>

#include "multiformats/base/err.h"

void nipfs__checkup_say(struct nipfs__checkup *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(c->text, sizeof(c->text), fmt, ap);
	va_end(ap);
}

void nipfs__checkup_add(struct nipfs__checkup *c, const char *fmt, ...)
{
	const size_t used = strlen(c->text);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(c->text + used, sizeof(c->text) - used, fmt, ap);
	va_end(ap);
}

void nipfs__checkup_advise(struct nipfs__checkup *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(c->advice, sizeof(c->advice), fmt, ap);
	va_end(ap);
}

void nipfs__checkup_fact(struct nipfs__checkup *c, const char *name, const char *value)
{
	const size_t i = c->n_facts++;

	(void)snprintf(c->values[i], sizeof(c->values[i]), "%s", value);
	c->facts[i] = (struct nipfs_fact){ name, c->values[i] };
}

void nipfs__checkup_fact_bool(struct nipfs__checkup *c, const char *name, bool value)
{
	nipfs__checkup_fact(c, name, value ? "true" : "false");
}

bool nipfs__doctor_can_make(const char *dir)
{
	char part[PATH_MAX];

	(void)snprintf(part, sizeof(part), "%s", dir);
	for (;;) {
		char *slash = strrchr(part, '/');

		if (access(*part ? part : "/", W_OK | X_OK) == 0)
			return true;
		if (errno != ENOENT || !slash)
			return false;
		*slash = '\0';
	}
}

/* In the order in which they are told. */
static const struct {
	const char *topic;
	nipfs__doctor_look *look;
} checkups[] = {
	{ "nix", nipfs__doctor_nix },	    { "store", nipfs__doctor_store },
	{ "schema", nipfs__doctor_schema }, { "daemon", nipfs__doctor_daemon },
	{ "realize", nipfs__doctor_realize }, { "keys", nipfs__doctor_keys },
	{ "state", nipfs__doctor_state },   { "hook", nipfs__doctor_hook },
	{ "queue", nipfs__doctor_queue },   { "cpu", nipfs__doctor_cpu },
	{ "kubo", nipfs__doctor_kubo },
};

enum { CHECKUPS = sizeof(checkups) / sizeof(checkups[0]) };

/* Those that others go by come first. */
static int look_at_all(struct nipfs__doctor *d, struct nipfs__checkup *found,
		       struct nipfs_error *err)
{
	static nipfs__doctor_look *const first[] = { nipfs__doctor_daemon, nipfs__doctor_realize };
	int r = 0;

	for (size_t turn = 0; turn < 2; turn++)
		for (size_t i = 0; r == 0 && i < CHECKUPS; i++) {
			const bool is_first = checkups[i].look == first[0] ||
					      checkups[i].look == first[1];

			if (is_first == (turn == 0))
				r = checkups[i].look(d, &found[i], err);
			if (r == 0)
				r = nipfs_cancel_check(err);
		}
	return r;
}

static int tell_all(const struct nipfs__doctor *d, const struct nipfs__checkup *found,
		    struct nipfs_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < CHECKUPS; i++) {
		const struct nipfs_checkup checkup = {
			.topic = checkups[i].topic,
			.ok = !found[i].advice[0],
			.text = found[i].text,
			.advice = found[i].advice[0] ? found[i].advice : NULL,
			.facts = found[i].facts,
			.n_facts = found[i].n_facts,
		};

		r = d->options->each(d->options->ctx, &checkup, err);
	}
	return r;
}

int nipfs_doctor(const struct nipfs_doctor_options *options, bool *usable,
		 struct nipfs_error *err)
{
	struct nipfs__doctor d = { .options = options };
	struct nipfs__checkup *found = calloc(CHECKUPS, sizeof(*found));
	int r;

	if (!found)
		return nipfs__fail_nomem(err);
	r = nipfs_nix_conf_load(NIPFS_NIX_CONF_ALL, &d.conf, err);
	if (r == 0)
		r = nipfs__store_env_resolve(options->store.uri,
					     nipfs_nix_conf_get(d.conf, "store"), &d.env, err);
	if (r == 0) {
		nipfs__doctor_mount(&d);
		r = look_at_all(&d, found, err);
		if (r == 0)
			r = tell_all(&d, found, err);
		nipfs__store_env_release(&d.env);
	}
	nipfs_nix_conf_free(d.conf);
	free(found);
	if (r == 0)
		*usable = d.can_write || d.will_make;
	return r;
}
