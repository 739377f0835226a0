/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this processor can do that hashing can use. */
#ifndef MULTIFORMATS_BASE_CPU_H
#define MULTIFORMATS_BASE_CPU_H

#include <stdbool.h>

/* One instruction set; usable when the operating system lets it be used, too. */
struct nipfs__cpu_feature {
	const char *name; /* as its maker writes it; NULL ends the list */
	bool usable;
};

enum { NIPFS__CPU_FEATURES_MAX = 8 };

/* Fills in those that there are for this kind of processor, and gives its name. */
const char *nipfs__cpu_features(struct nipfs__cpu_feature *out);

#endif
