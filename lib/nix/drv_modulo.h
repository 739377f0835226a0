/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hash of a derivation modulo its inputs: what the paths of its outputs are
 * made from.
 */
#ifndef LIB_NIX_DRV_MODULO_H
#define LIB_NIX_DRV_MODULO_H

#include <stdbool.h>

#include <nixipfs/bytes.h>
#include <nixipfs/error.h>

/* How the paths of the outputs are known. */
enum nipfs__drv_kind {
	NIPFS__DRV_INPUT_ADDRESSED, /* from the hash modulo */
	NIPFS__DRV_FIXED,	    /* from the content hash that the .drv file states */
	NIPFS__DRV_UNKNOWN	    /* not before the build */
};

/**
 * nipfs__drv_kind() - read the list of outputs
 * @text: a whole .drv file
 * @out:  untouched on failure
 *
 * Return: 0, NIPFS_E_INVALID (not as Nix writes it, kinds mixed), or
 * NIPFS_E_UNSUPPORTED (an impure derivation).
 */
int nipfs__drv_kind(struct nipfs_slice text, enum nipfs__drv_kind *out) NIPFS_MUSTUSE;

/**
 * nipfs__drv_each_input() - read the list of input derivations
 * @text:  a whole .drv file
 * @visit: called with the full path of each; not 0 ends the reading
 *
 * Return: 0, NIPFS_E_INVALID, or what @visit returned.
 */
int nipfs__drv_each_input(struct nipfs_slice text,
			  int (*visit)(void *ctx, struct nipfs_slice path), void *ctx)
	NIPFS_MUSTUSE;

/**
 * nipfs__drv_modulo() - hash a derivation with hashes in place of its inputs
 * @text:   a whole .drv file
 * @mask:   leave the paths of the outputs out: for making them; the environment
 *          must then name each output's path
 * @lookup: the 32 bytes for an input, or NULL where there are none
 * @digest: 32 bytes; untouched on failure
 *
 * A fixed-output derivation has the hash of what it states, unless masked.
 *
 * Return: 0, NIPFS_E_INVALID (not as Nix writes it; @lookup had none), NIPFS_E_NOMEM.
 */
int nipfs__drv_modulo(struct nipfs_slice text, bool mask,
		      const uint8_t *(*lookup)(void *ctx, struct nipfs_slice path), void *ctx,
		      uint8_t *digest) NIPFS_MUSTUSE;

#endif
