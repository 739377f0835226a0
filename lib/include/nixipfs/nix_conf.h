/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nix's configuration: nix.conf, the user's files and NIX_CONFIG, read as Nix
 * reads them. One object may be read by several threads at a time.
 */
#ifndef NIXIPFS_NIX_CONF_H
#define NIXIPFS_NIX_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>
#include <nixipfs/keys.h>

#ifdef __cplusplus
extern "C" {
#endif

struct nipfs_nix_conf;

/* What nipfs_nix_conf_load() reads. */
enum nipfs_nix_conf_scope {
	NIPFS_NIX_CONF_ALL,   /* the system's file, the user's files, NIX_CONFIG */
	NIPFS_NIX_CONF_SYSTEM, /* the system's file alone: what the daemon goes by */
	NIPFS_NIX_CONF_OWN /* not Nix's: /etc/nix-ipfs/nix-ipfs.conf, then nix-ipfs/nix-ipfs.conf
			      in XDG_CONFIG_HOME, else ~/.config */
};

/**
 * nipfs_nix_conf_load() - read the configuration of this machine and user
 * @scope: what is read; where is told by NIX_CONF_DIR, NIX_USER_CONF_FILES,
 *         NIX_CONFIG_HOME, XDG_CONFIG_HOME, XDG_CONFIG_DIRS, HOME
 * @out:   owned by the caller; untouched on failure
 * @err:   which file and line is wrong; may be NULL
 *
 * Files that are not there or can't be read are passed over, as Nix does.
 * Settings that Nix doesn't know are kept.
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_INVALID (a line is malformed, or an included
 * file is not there), or NIPFS_E_LIMIT (too long, or includes too deep).
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nix_conf_load(enum nipfs_nix_conf_scope scope,
						struct nipfs_nix_conf **out,
						struct nipfs_error *err);

/**
 * nipfs_nix_conf_free() - give back a configuration
 * @conf: may be NULL
 */
NIPFS_API void nipfs_nix_conf_free(struct nipfs_nix_conf *conf);

/**
 * nipfs_nix_conf_set() - override a setting, as `--option NAME VALUE` does
 * @conf:  changed on success
 * @name:  NUL-terminated; an alias and the prefix "extra-" are understood
 * @value: NUL-terminated
 *
 * Return: 0, NIPFS_E_NOMEM or NIPFS_E_LIMIT.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nix_conf_set(struct nipfs_nix_conf *conf,
					       const char *name, const char *value);

/**
 * nipfs_nix_conf_get() - look up a setting
 * @conf: borrowed
 * @name: NUL-terminated; not an alias
 *
 * Return: its value with single blanks between its words, else Nix's default
 * for the settings that this library uses, else NULL. Valid until @conf changes.
 */
NIPFS_API const char *nipfs_nix_conf_get(const struct nipfs_nix_conf *conf,
					 const char *name);

/**
 * nipfs_nix_conf_get_bool() - look up a switch
 * @conf: borrowed
 * @name: NUL-terminated; a setting that has a default, or @out stays what it was
 * @out:  untouched on failure
 * @err:  may be NULL
 *
 * Return: 0, or NIPFS_E_INVALID when the value is none of true, yes, 1, false,
 * no, 0.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nix_conf_get_bool(const struct nipfs_nix_conf *conf,
						    const char *name, bool *out,
						    struct nipfs_error *err);

/**
 * nipfs_nix_conf_next_word() - walk through a value that is a list
 * @rest: the value at first (NULL is an empty list); moved on with every call
 * @word: the next word, borrowed from the value; untouched at the end
 *
 * Return: whether there was one.
 */
NIPFS_API bool nipfs_nix_conf_next_word(const char **rest, struct nipfs_slice *word);

/**
 * nipfs_nix_conf_keyring() - the keys that this configuration trusts
 * @conf: borrowed
 * @ring: gets trusted-public-keys and the public halves of those
 *        secret-key-files that can be read; may be partly filled on failure
 * @err:  may be NULL
 *
 * Return: 0, NIPFS_E_NOMEM, NIPFS_E_LIMIT, or NIPFS_E_INVALID for a key that is
 * not one.
 */
NIPFS_API NIPFS_MUSTUSE int nipfs_nix_conf_keyring(const struct nipfs_nix_conf *conf,
						   struct nipfs_keyring *ring,
						   struct nipfs_error *err);

#ifdef __cplusplus
}
#endif
#endif
