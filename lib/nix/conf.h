/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nix.conf from the inside: settings, and the lines that they come from. */
#ifndef LIB_NIX_CONF_H
#define LIB_NIX_CONF_H

#include <nixipfs/nix_conf.h>

#include "multiformats/base/buf.h"

enum { NIPFS__CONF_TEXT_MAX = 1 << 20, NIPFS__CONF_SETTINGS_MAX = 1000 };

/* One setting that was set: its words with single blanks between them, and a NUL. */
struct nipfs__conf_setting {
	char *name;
	struct nipfs_buf value;
};

struct nipfs_nix_conf {
	struct nipfs__conf_setting *items; /* owned */
	size_t n;
};

enum nipfs__conf_line_kind {
	NIPFS__CONF_EMPTY,   /* nothing but blanks and a comment */
	NIPFS__CONF_SETTING, /* name = value */
	NIPFS__CONF_INCLUDE, /* include or !include a file */
};

/**
 * struct nipfs__conf_line - one line, borrowed
 * @name:       the setting
 * @value:      its value as it stands there, or the file to include
 * @missing_ok: !include: the file need not be there
 */
struct nipfs__conf_line {
	enum nipfs__conf_line_kind kind;
	struct nipfs_slice name, value;
	bool missing_ok;
};

/* Reads a line without its newline: 0, or NIPFS_E_INVALID. */
int nipfs__conf_line_parse(struct nipfs_slice line,
			   struct nipfs__conf_line *out) NIPFS_MUSTUSE;

/* nipfs_nix_conf_set() with slices. */
int nipfs__conf_set(struct nipfs_nix_conf *conf, struct nipfs_slice name,
		    struct nipfs_slice value) NIPFS_MUSTUSE;

/* Whether somebody has set it, or Nix's default holds. */
bool nipfs__conf_is_set(const struct nipfs_nix_conf *conf, const char *name);

/* What Nix takes for a switch: 1 for true, yes, 1; 0 for false, no, 0; else -1. */
int nipfs__conf_bool(const char *text);

/* Takes the next word off @rest; empty at the end. */
struct nipfs_slice nipfs__conf_word(struct nipfs_slice *rest);

#endif
