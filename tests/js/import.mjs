// Prints NAME<TAB>CID for each tree of a folder, as the JavaScript importer makes
// it under unixfs-v1-2025 with mode 0555 on executable files.
import { readdirSync, lstatSync, createReadStream } from 'node:fs'
import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { MemoryBlockstore } from 'blockstore-core'

const root = process.argv[2]
const options = {
  cidVersion: 1,
  rawLeaves: true,
  chunker: fixedSize({ chunkSize: 1048576 }),
  layout: balanced({ maxChildrenPerNode: 1024 }),
  shardSplitThresholdBytes: 262144,
  shardSplitStrategy: 'block-bytes',
  shardFanoutBits: 8,
  wrapWithDirectory: false,
  reduceSingleLeafToSelf: true
}

// The importer takes names as text and knows no symlinks: such trees are left out.
function * entries (path, name) {
  const stat = lstatSync(path)
  if (stat.isSymbolicLink()) throw new Error('symlink')
  if (stat.isDirectory()) {
    yield { path: name, mode: undefined }
    for (const child of readdirSync(path, { encoding: 'buffer' })) {
      const text = child.toString('utf8')
      if (!Buffer.from(text).equals(child)) throw new Error('not UTF-8')
      if (text.includes('\\')) throw new Error('backslash')
      yield * entries(`${path}/${text}`, `${name}/${text}`)
    }
    return
  }
  const entry = { path: name, content: createReadStream(path) }
  if (stat.mode & 0o100) entry.mode = 0o555
  yield entry
}

for (const name of readdirSync(root)) {
  try {
    const source = [...entries(`${root}/${name}`, name)]
    let last
    for await (const made of importer(source, new MemoryBlockstore(), options)) last = made
    console.log(`${name}\t${last.cid}`)
  } catch (err) {
    if (!['symlink', 'not UTF-8', 'backslash'].includes(err.message)) throw err
  }
}
