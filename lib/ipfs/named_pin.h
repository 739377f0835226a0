/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Named pins: a directory with the one entry NAME@TIME, which leads to what is held, and
 * which is pinned under that as its name. So several names can hold one DAG, and how old a
 * pin is can be seen from any machine, by its name.
 */
#ifndef LIB_IPFS_NAMED_PIN_H
#define LIB_IPFS_NAMED_PIN_H

#include <time.h>

#include <nixipfs/dag.h>

enum {
	NIPFS__PIN_NAME_MAX = 255,	     /* what Kubo takes */
	NIPFS__NAMED_PIN_TIME = 21,	     /* "@2026-11-25T04:50:18Z" */
	NIPFS__NAMED_PIN_NAME_MAX = NIPFS__PIN_NAME_MAX - NIPFS__NAMED_PIN_TIME
};

/**
 * nipfs__named_pin_format() - the name of a pin, and of the entry in its directory
 * @name: NUL-terminated: UTF-8, 1 to NIPFS__NAMED_PIN_NAME_MAX bytes, no '/' and no control
 *        characters; may have '@' in it
 * @when: when it was made
 * @out:  NIPFS__PIN_NAME_MAX + 1 bytes: "NAME@2026-11-25T04:50:18Z", in UTC
 *
 * Return: 0, or NIPFS_E_USAGE: no such name can be.
 */
int nipfs__named_pin_format(const char *name, time_t when, char *out,
			    struct nipfs_error *err) NIPFS_MUSTUSE;

/**
 * nipfs__named_pin_parse() - the other way round
 * @text: the name of any pin
 * @name: what stands before the time: points into @text
 * @when: both untouched on failure
 *
 * Return: 0, or NIPFS_E_NOTFOUND: it is not the name of a named pin.
 */
int nipfs__named_pin_parse(struct nipfs_slice text, struct nipfs_slice *name,
			   time_t *when) NIPFS_MUSTUSE;

/**
 * nipfs__named_pin_dir() - the directory that is pinned
 * @label:  from nipfs__named_pin_format()
 * @link:   what it holds
 * @blocks: gets its one block
 * @out:    untouched on failure
 *
 * Return: 0, NIPFS_E_NOMEM, or what @blocks returned.
 */
int nipfs__named_pin_dir(const char *label, const struct nipfs_link *link,
			 const struct nipfs_block_sink *blocks, struct nipfs_link *out,
			 struct nipfs_error *err) NIPFS_MUSTUSE;

#endif
