// helia.mjs MULTIADDR CID FOLDER: gets a UnixFS DAG from the node at that address, over Bitswap,
// and writes it to FOLDER with the modes that it has.
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withBitswap } from '@helia/bitswap'
import { withLibp2p } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'

const [address, root, folder] = process.argv.slice(2)
// nobody is looked for: it knows the one node
const helia = withBitswap(withLibp2p(createHeliaLight(), {
  addresses: { listen: [] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  peerDiscovery: [],
  services: { identify: identify() }
}))
await helia.start()
await helia.libp2p.dial(multiaddr(address))
const signal = AbortSignal.timeout(60_000)
const fs = unixfs(helia)
// a block of no bytes is one that Bitswap, in Kubo 0.43, never brings
await helia.blockstore.put(CID.parse('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'), new Uint8Array())

async function get (cid, path) {
  // a raw block is bytes, and no more than one request
  const stat = cid.code === 0x55 ? { type: 'raw' } : await fs.stat(cid, { signal })
  if (stat.type === 'directory') {
    await mkdir(path)
    let under = []
    for await (const entry of fs.ls(cid, { signal })) {
      under.push(get(entry.cid, join(path, entry.name)))
      if (under.length === 200) {
        await Promise.all(under)
        under = []
      }
    }
    await Promise.all(under)
    return
  }
  if (stat.unixfs?.type === 'symlink') {
    await symlink(new TextDecoder().decode(stat.unixfs.data), path)
    return
  }
  const parts = []
  for await (const part of fs.cat(cid, { signal })) parts.push(part)
  await writeFile(path, Buffer.concat(parts))
  if (stat.unixfs?.mode !== undefined) await chmod(path, stat.unixfs.mode)
}

await get(CID.parse(root), folder)
await helia.stop()
process.exit(0)
