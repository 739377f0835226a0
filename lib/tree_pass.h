/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All that is made of the tree of a store path in one pass: its DAG in profile
 * nix, its place in the index, its NAR hash, its NAR-shaped file; and the checks
 * against what is said of the path. Where the tree comes from and whether it is
 * also written somewhere is for the caller.
 */
#ifndef LIB_TREE_PASS_H
#define LIB_TREE_PASS_H

#include <nixipfs/index.h>
#include <nixipfs/nar.h>
#include <nixipfs/nar_file.h>
#include <nixipfs/progress.h>
#include <nixipfs/store.h>

#include "lib/nix/ca_hash.h"

/**
 * struct nipfs__pass_options - what is made
 * @index:    gets the blocks; NULL: nothing is recorded
 * @index_error: NULL: what the index fails with the pass fails with; else, but for want of
 *            memory, it is put there, the code being 0 before, and nothing is recorded
 * @store_dir: the real store folder, for the index
 * @blocks:   takes the blocks, after the index; may be NULL
 * @nar_hash: hash the NAR and compare it; done anyhow when its size is not known
 * @check_ca: recompute the content address, where there is one that can be; goes
 *            with nar_hash
 * @nar_file: make a NAR-shaped file
 * @meter:    counts; may be NULL
 * @output:   takes the same tree, after everything else; may be NULL
 */
struct nipfs__pass_options {
	struct nipfs_index *index;
	struct nipfs_error *index_error;
	const char *store_dir;
	const struct nipfs_block_sink *blocks;
	bool nar_hash;
	bool check_ca;
	bool nar_file;
	struct nipfs_progress_meter *meter;
	const struct nipfs_tree_sink *output;
};

enum { NIPFS__PASS_SINKS = 6 };

/* Begin with zeros and nipfs__pass_begin(), end with nipfs__pass_release(). */
struct nipfs__pass {
	const struct nipfs_path_info *info;
	struct nipfs_index_writer *writer;
	struct nipfs_error *index_error;
	struct nipfs_block_sink writer_blocks, index_blocks;
	const struct nipfs_block_sink *blocks, *more_blocks;
	struct nipfs_dag_builder *builder;
	struct nipfs_nar_file *nar_file;
	struct nipfs_nar_hash *nar_hash;
	struct nipfs__ca ca;
	bool has_ca; /* one that is checked */
	struct nipfs__ca_hash *ca_hash; /* NULL where the NAR hash serves */
	struct nipfs_tree_sink sinks[NIPFS__PASS_SINKS];
	struct nipfs_tree_tee tee;
	struct nipfs_tree_sink all; /* of the tee */
	struct nipfs_progress_meter *meter;
};

/* The outcome: @nar and @digest are set where they were asked for. */
struct nipfs__pass_result {
	struct nipfs_link tree;
	struct nipfs_link nar;
	struct nipfs_nar_digest digest;
};

/* Make what is needed. @info must outlive the pass. Also on failure to be released. */
int nipfs__pass_begin(struct nipfs__pass *p, const struct nipfs_path_info *info,
		      const struct nipfs__pass_options *options, struct nipfs_error *err)
	NIPFS_MUSTUSE;

/* The sink that takes the one tree. */
struct nipfs_tree_sink nipfs__pass_sink(struct nipfs__pass *p);

/**
 * nipfs__pass_finish() - check everything, and only then let the index have it
 *
 * Return: 0; NIPFS_E_MISMATCH when NAR hash, NAR size or content address are
 * not what the path info says; or what the index failed with.
 */
int nipfs__pass_finish(struct nipfs__pass *p, struct nipfs__pass_result *out,
		       struct nipfs_error *err) NIPFS_MUSTUSE;

void nipfs__pass_release(struct nipfs__pass *p);

#endif
